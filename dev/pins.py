"""Write the lists in constraints/ anew: the newest versions that fit, for each tested Airflow and Python."""

from __future__ import annotations

import os
import subprocess

from dev.installer import find_uv, uv_environ
from dev.say import Trouble, run_main, say
from dev.versions import CONSTRAINTS, ROOT, TESTED, Airflow

GROUPS = ("test", "bench", "browser", "cluster")
# What a machine has beside its main registry is its own; a list is for everybody.
OWN = ("UV_INDEX", "UV_FIND_LINKS", "UV_INDEX_STRATEGY")


def pin(uv: str, airflow: Airflow, python: tuple[int, int]) -> None:
    """Write one list."""
    target = airflow.constraints(python)
    groups = [part for group in GROUPS for part in ("--group", group)]
    command = [uv, "pip", "compile", "pyproject.toml", *groups, "--quiet"]
    command += ["--python-version", f"{python[0]}.{python[1]}", "--no-header", "--no-annotate", "--upgrade"]
    command += ["--no-emit-package", "airflow-provider-nusawa", "-c", "-", "-o", os.fspath(target)]
    environ = {name: value for name, value in uv_environ().items() if name not in OWN}
    told = "\n".join([f"apache-airflow=={airflow.version}", *airflow.limits, ""]).encode()
    if subprocess.run(command, cwd=ROOT, env=environ, input=told, check=False).returncode:
        raise Trouble(f"no list for Airflow {airflow.version} on Python {python[0]}.{python[1]}; see above")


def main(arguments: list[str]) -> int:
    uv = find_uv()
    if uv is None:
        raise Trouble("the lists are written by uv, and uv could not be installed here")
    CONSTRAINTS.mkdir(exist_ok=True)
    for airflow in TESTED:
        for python in airflow.pythons:
            say(f"{airflow.constraints(python).relative_to(ROOT)} ...")
            pin(uv, airflow, python)
    return 0


if __name__ == "__main__":
    run_main(main)
