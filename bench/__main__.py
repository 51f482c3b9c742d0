"""``python -m bench [NAME ...]``: measure all, or these, and print one table; ``--write`` puts it into the docs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from bench import callbacks, imports, leg_cost, leg_rate, lost_answer, million, planning, throughput
from bench.table import Row, circumstances, markdown, write
from dev.say import run_main

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"

BENCHES: dict[str, Callable[[], list[Row]]] = {
    "lost_answer": lost_answer.rows,
    "throughput": throughput.rows,
    "imports": imports.rows,
    "callbacks": callbacks.rows,
    "rate": leg_rate.rows,
    "cost": leg_cost.rows,
    "planning": planning.rows,
    "million": million.rows,
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(BENCHES)}")
    parser.add_argument("--write", action="store_true", help="put the table of all into docs/benchmarks.md")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in BENCHES]:
        parser.error(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    if chosen.write and chosen.names:
        parser.error("--write puts the whole table into the docs: give it no names")
    rows = [row for name in chosen.names or BENCHES for row in BENCHES[name]()]
    text = f"{markdown(rows)}\n{circumstances()}"
    print(text)
    if chosen.write:
        write(PAGE, text)
    return 0


if __name__ == "__main__":
    run_main(main)
