"""Starts and stops a real Airflow: scheduler, triggerer, dag-processor and API server, each its own process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from dev.house.books import Books
from dev.house.part import Part
from dev.house.settings import airflow_version, database_settings, free_port, settings
from dev.house.web import Web

Condition = Callable[[], bool]
STARTS_WITHIN_SECONDS = 180
LOOK_EVERY_SECONDS = 0.2


class House:
    """A throw-away Airflow on this machine, on SQLite. Use it as a context manager: it ends all that it started.

    :param dags: A folder whose Dag files are copied in; more come by :meth:`add_dag`.
    :param environ: Settings beside or instead of those in ``settings.py``.
    :param port: Where its web pages are; a free port if 0.
    :param say: Called with a line of progress now and then.
    """

    def __init__(
        self,
        dags: Path | None = None,
        environ: Mapping[str, str] | None = None,
        port: int = 0,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="nusawa-airflow-"))
        self.dags = self.home / "dags"
        self.books = Books(self.home)
        self.parts: dict[str, Part] = {}
        self.port = port or free_port()
        self.environ = settings(self.home, self.dags, self.port, environ or {})
        self.web = Web(f"http://127.0.0.1:{self.port}", "/api/v2" if airflow_version() >= (3,) else "/api/v1")
        self._say = say
        if dags:
            shutil.copytree(dags, self.dags, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            self.dags.mkdir()

    def __enter__(self) -> House:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all processes and wait until each has said that it is well."""
        if airflow_version() < (3,):
            # Whoever can reach this webserver on the loopback address may use it.
            (self.home / "webserver_config.py").write_text('AUTH_ROLE_PUBLIC = "Admin"\nWTF_CSRF_ENABLED = False\n')
        self.lay_database()
        for name in self.commands():
            self.start_part(name)
        self.until(self.is_well, STARTS_WITHIN_SECONDS, lambda: f"Airflow is not up\n{self.last_words()}")

    def start_part(self, name: str) -> None:
        """Start one of the processes, at first or after it was killed."""
        self.parts[name] = Part(name, ["airflow", *self.commands()[name]], self.home, self.environ)

    def lay_database(self) -> None:
        """Give Airflow an empty database."""
        lay_database(self.home, self._say)

    def commands(self) -> dict[str, list[str]]:
        """Return each process's name and command."""
        return commands()

    def is_well(self) -> bool:
        health = self.web.health()
        return bool(health) and all(state == "healthy" for state in health.values())

    def last_words(self) -> str:
        """Return how each process is, and the end of what it wrote."""
        words = "\n".join(f"--- {part.name}\n{part.last_words()}" for part in self.parts.values())
        return f"{self.web.health()}\n{words}"

    def stop(self) -> None:
        """End every process and remove the folder; ``NUSAWA_KEEP=1`` keeps the folder, to read the logs."""
        for part in self.parts.values():
            part.kill()
        if os.environ.get("NUSAWA_KEEP"):
            self._say(f"kept {self.home}")
        else:
            shutil.rmtree(self.home, ignore_errors=True)

    def add_dag(self, name: str, source: str) -> None:
        """Write a Dag file; Airflow finds it within a second or two."""
        (self.dags / f"{name}.py").write_text(source)

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run of a Dag, once Airflow has read its file, and return the run's id."""
        self.until(lambda: self.web.has_dag(dag_id), 60, lambda: f"no Dag {dag_id}\n{self.web.import_errors()}")
        return self.web.run_dag(dag_id, conf or {})

    def wait(self, dag_id: str, run_id: str, *states: str, timeout: float = 120) -> str:
        """Wait until a run is over, or in one of ``states``, and return its state."""
        wanted = states or ("success", "failed")
        self.until(
            lambda: self.books.run_state(dag_id, run_id) in wanted,
            timeout,
            lambda: (
                f"{dag_id} is not {' or '.join(wanted)} but {self.books.task_states(dag_id, run_id)}\n"
                + self.books.task_logs(dag_id, run_id)[-4000:]
            ),
        )
        return str(self.books.run_state(dag_id, run_id))

    def run(self, dag_id: str, conf: dict[str, Any] | None = None, timeout: float = 120) -> tuple[str, str]:
        """Run a Dag to its end; return the run's id and state."""
        run_id = self.trigger(dag_id, conf)
        return run_id, self.wait(dag_id, run_id, timeout=timeout)

    def until(self, condition: Condition, timeout: float, why: str | Callable[[], str]) -> None:
        """Look again and again until a condition holds.

        :raises RuntimeError: if a process of this Airflow ended meanwhile.
        :raises TimeoutError: after ``timeout`` seconds; says ``why``.
        """
        started = time.monotonic()
        told = started
        while not condition():
            now = time.monotonic()
            for part in self.parts.values():
                if part.exit_code is not None:
                    raise RuntimeError(f"{part.name} ended with {part.exit_code}:\n{part.last_words()}")
            if now - started > timeout:
                raise TimeoutError(f"after {timeout:.0f} s: {why if isinstance(why, str) else why()}")
            if now - told > 5:
                told = now
                self._say("...")
            time.sleep(LOOK_EVERY_SECONDS)


def commands() -> dict[str, list[str]]:
    """Return each process's name and command. None of them serves logs: all share one folder."""
    both = {"scheduler": ["scheduler", "--skip-serve-logs"], "triggerer": ["triggerer", "--skip-serve-logs"]}
    if airflow_version() < (3,):
        return {**both, "webserver": ["webserver"]}
    return {"api-server": ["api-server"], **both, "dag-processor": ["dag-processor"]}


def lay_database(home: Path, say: Callable[[str], None]) -> None:
    """Give a new home the database that ``airflow db migrate`` makes; made once for each environment, then copied."""
    version = ".".join(map(str, airflow_version()))
    made = Path(sys.prefix) / f"empty-airflow-{version}.db"
    if not made.exists():
        say("making an empty Airflow database, once ...")
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            cwd=home, env=database_settings(home), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"airflow db migrate ended with {done.returncode}:\n{done.stderr[-2000:]}")
        with suppress(OSError):  # an environment that is not ours to write in: then made anew each time
            fresh = made.with_suffix(f".{os.getpid()}")
            shutil.copyfile(home / "airflow.db", fresh)
            fresh.replace(made)
    else:
        shutil.copyfile(made, home / "airflow.db")
