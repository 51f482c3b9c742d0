"""``python -m bench``: measure all, and print one table; ``--write`` also puts it into docs/benchmarks.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench import callbacks, imports, lost_answer, throughput
from bench.table import circumstances, markdown, write
from dev.say import run_main

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    chosen = parser.parse_args(arguments)
    rows = [*lost_answer.rows(), *throughput.rows(), *imports.rows(), *callbacks.rows()]
    text = f"{markdown(rows)}\n{circumstances()}"
    print(text)
    if chosen.write:
        write(PAGE, text)
    return 0


if __name__ == "__main__":
    run_main(main)
