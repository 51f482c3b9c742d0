"""The table: rows of what was measured, as Markdown, printed and put into docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

BEGIN, END = "<!-- bench: begin -->\n", "<!-- bench: end -->\n"
HEAD = ("measured", "who", "result", "target")


@dataclass(frozen=True, slots=True)
class Row:
    """One line.

    :param measured: What, with its unit.
    :param who: Ours, or what stands beside it.
    :param result: With its spread; ``not run: …`` where it could not be.
    :param target: What was aimed at, and whether it is met; empty for those who stand beside.
    """

    measured: str
    who: str
    result: str
    target: str = ""


def aimed(target: str, *, met: bool) -> str:
    return f"{target}: {'met' if met else '**missed**'}"


def spread(values: Sequence[float], form: str = ".1f") -> str:
    """Return the median, and in brackets the least and the most."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def markdown(rows: Sequence[Row]) -> str:
    """Return the table; what is measured is named once for each run of lines."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
    before = ""
    for row in rows:
        named = "" if row.measured == before else row.measured
        lines.append(f"| {named} | {row.who} | {row.result} | {row.target} |")
        before = row.measured
    return "\n".join(lines) + "\n"


def circumstances() -> str:
    """Return one line on where and when, because the figures hold for that alone."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores "
        f"(load {load} at the end), Python {platform.python_version()}, Airflow {version('apache-airflow')}, "
        f"requests {version('requests')}, aiohttp {version('aiohttp')}.\n"
    )


def write(page: Path, text: str) -> None:
    """Put the text between the page's two markers."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has not the two lines {BEGIN.strip()} and {END.strip()}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
