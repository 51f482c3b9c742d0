"""Make sure of an environment for one Airflow on this Python, and print the path of its interpreter."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.installer import VENVS, create, find_uv, install, python_in
from dev.say import Trouble, run_main, say
from dev.versions import NEWEST, ROOT, Airflow, find_airflow, python_tag, this_python


def set_up(airflow: Airflow, extra: str = "test") -> Path:
    """Return the interpreter of an environment with this Airflow and this project; install what is not there yet.

    :param extra: Which of pyproject.toml's dependency groups it holds beside ``test``; with one it has its own place.
    """
    folder = VENVS / f"airflow-{airflow.version}-{python_tag()}{'' if extra == 'test' else '-' + extra}"
    stamp = folder / ".stamp"
    wanted = fingerprint(airflow)
    with alone(folder):
        if not stamp.exists() or stamp.read_text() != wanted:
            fill(folder, airflow, extra)
            stamp.write_text(wanted)
    return python_in(folder)


def fill(folder: Path, airflow: Airflow, extra: str) -> None:
    """Install Airflow and the project into ``folder``."""
    started = time.monotonic()
    say(f"setting up Airflow {airflow.version} on Python {sys.version.split()[0]} in {folder.relative_to(ROOT)} ...")
    if (folder / ".stamp").exists():
        (folder / ".stamp").unlink()
    else:
        create(folder)
    groups = [part for group in dict.fromkeys(("test", extra)) for part in ("--group", group)]
    arguments = [f"apache-airflow=={airflow.version}", "-e", ".", *groups]
    pins = airflow.constraints(this_python())
    if pins.exists():
        arguments += ["-c", str(pins)]
    else:
        say(f"no list of tested versions for {python_tag()} in constraints/: taking the newest that fit")
    install(python_in(folder), arguments)
    say(f"set up in {time.monotonic() - started:.0f} s")


def fingerprint(airflow: Airflow) -> str:
    """Return what decides the content of an environment, as one line."""
    pins = airflow.constraints(this_python())
    known = [ROOT / "pyproject.toml", *([pins] if pins.exists() else [])]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in known)).hexdigest()
    return f"{digest} {sys.version.split()[0]} {sys.base_prefix}\n"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let only one command at a time fill a folder."""
    VENVS.mkdir(exist_ok=True)
    with (VENVS / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def choose(version: str) -> Airflow:
    """Return the Airflow of this version.

    :raises Trouble: for one that is not tested, or cannot run on this Python.
    """
    airflow = find_airflow(version)
    if airflow is None:
        raise Trouble(f"Airflow {version} is not among the tested ones; dev/versions.py lists them")
    if this_python() < min(airflow.pythons) or (this_python() > max(airflow.pythons) and airflow != NEWEST):
        raise Trouble(f"Airflow {version} needs {airflow.needs}, this is {python_tag()[2:]}; say PYTHON=python3.11")
    return airflow


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.setup", description=__doc__)
    parser.add_argument("--airflow", default=NEWEST.version)
    parser.add_argument("--extra", default="test")
    parser.add_argument("--tools", action="store_true", help="print uv's path instead, if it is to be had")
    chosen = parser.parse_args(arguments)
    print(find_uv() or "" if chosen.tools else set_up(choose(chosen.airflow), chosen.extra))
    return 0


if __name__ == "__main__":
    run_main(main)
