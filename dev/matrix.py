"""Run the suite on every tested Airflow that a Python of this machine can hold, and say how each went."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from dev.say import Trouble, run_main, say
from dev.versions import ROOT, TESTED, Airflow, find_airflow, this_python

SUITES = {
    "full": ["tests", "-n", "auto", "--no-loadscope-reorder"],
    "smoke": ["tests/smoke", "tests/test_notifications.py", "tests/e2e/test_notifier_e2e.py"],
}
SUMMARY = re.compile(r"=+ (?P<counts>\d.*) in (?P<seconds>[\d.]+)s.*=+")
MARKS = re.compile(r"(<!-- versions: begin -->\n).*(<!-- versions: end -->)", re.DOTALL)


@dataclass(frozen=True)
class Result:
    """How one Airflow did.

    :param well: None if it was not run.
    """

    airflow: Airflow
    python: str
    said: str
    well: bool | None


def find_python(airflow: Airflow) -> str | None:
    """Return an interpreter that this Airflow runs on: this one if it can, else the newest on the path."""
    if this_python() in airflow.pythons:
        return sys.executable
    for major, minor in sorted(airflow.pythons, reverse=True):
        found = shutil.which(f"python{major}.{minor}")
        # Being on the path is not enough: version managers leave commands there that only say that they cannot.
        if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
            return found
    return None


def run(airflow: Airflow) -> Result:
    """Set up an environment and run the suite in it; what the suite prints is shown as it comes."""
    base = find_python(airflow)
    if base is None:
        return Result(airflow, "", f"not run: needs {airflow.needs}", None)
    say(f"\n=== Airflow {airflow.version}: {airflow.suite} suite")
    set_up = [base, "-m", "dev.setup", "--airflow", airflow.version]
    done = subprocess.run(set_up, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return Result(airflow, "", "could not be set up", False)
    python = done.stdout.strip()
    version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
    command = [python, "-m", "pytest", *SUITES[airflow.suite]]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as suite:
        said = show(suite.stdout or ())
    return Result(airflow, version, said, suite.returncode == 0)


def show(lines: Iterable[str]) -> str:
    """Print what pytest prints, as it comes, and return its last line's numbers in its words."""
    said = "ended without a summary"
    for line in lines:
        print(line, end="", flush=True)
        if found := SUMMARY.fullmatch(line.strip()):
            counts = [count for count in found["counts"].split(", ") if "warning" not in count]
            said = f"{', '.join(counts)} in {float(found['seconds']):.0f} s"
    return said


def table(results: list[Result]) -> str:
    """Return the results as a Markdown table."""
    words = {True: "passed", False: "FAILED", None: "-"}
    lines = [
        "| Airflow | Python | suite | result | what this Airflow itself lacks |",
        "| --- | --- | --- | --- | --- |",
    ]
    for result in results:
        airflow = result.airflow
        told = f"{words[result.well]}: {result.said}" if result.well is not None else result.said
        lines.append(f"| {airflow.version} | {result.python or '-'} | {airflow.suite} | {told} | {airflow.breaks} |")
    return "\n".join(lines) + "\n"


def choose(versions: list[str]) -> list[Airflow]:
    chosen = [(version, find_airflow(version)) for version in versions]
    unknown = [version for version, airflow in chosen if airflow is None]
    if unknown:
        raise Trouble(f"not among the tested Airflows: {', '.join(unknown)}; dev/versions.py lists them")
    return [airflow for _, airflow in chosen if airflow] or list(TESTED)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make matrix", description=__doc__)
    parser.add_argument("versions", nargs="*", help="only these Airflows")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    chosen = parser.parse_args(arguments)
    os.environ.pop("PYTEST_ADDOPTS", None)
    results = [run(airflow) for airflow in choose(chosen.versions)]
    print(f"\n{table(results)}", flush=True)
    if chosen.write:
        for readme in (ROOT / "README.md", ROOT / "README.id.md"):
            readme.write_text(MARKS.sub(lambda found: found[1] + table(results) + found[2], readme.read_text()))
    return 1 if any(result.well is False for result in results) else 0


if __name__ == "__main__":
    run_main(main)
