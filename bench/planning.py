"""Planning a million recipients beside a bare loop that reads the same CSV and inserts it into the same database."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.campaigns import Spent, write_list
from bench.table import Row, aimed, spread
from dev.say import say
from tests.postgres import Postgres, find_binaries

ROOT = Path(__file__).parent.parent
MOST_TIMES, MOST_MB, MOST_GROWTH = 8.0, 100.0, 1.5
HOW = "a CSV that is read and inserted in batches, without an index"

Place = Callable[[], str]
"""Makes the URL of a new, empty database."""


@dataclass
class Side:
    """One way to put a list into one database."""

    spent: list[Spent] = field(default_factory=list)
    mb: list[float] = field(default_factory=list)

    @property
    def per_row_us(self) -> list[float]:
        return [one.seconds / one.count * 1e6 for one in self.spent]


def rows(rounds: int = 3, sizes: Sequence[int] = (10_000, 100_000, 1_000_000)) -> list[Row]:
    """Plan lists of these sizes; the ratio is told of the last, and the growth a row from the first to the last."""
    found: list[Row] = []
    with TemporaryDirectory(prefix="nusawa-bench-") as folder, postgresql() as place:
        lists = [write_list(Path(folder) / f"{size}.csv", size) for size in sizes]
        for name, new in (("SQLite", sqlite(Path(folder))), ("PostgreSQL", place)):
            found += database_rows(name, new, lists, rounds)
    return found


def database_rows(name: str, new: Place | None, lists: Sequence[Path], rounds: int) -> list[Row]:
    size = int(lists[-1].stem)
    measured = f"{size} rows planned, {name}"
    if new is None:
        return [Row(measured, name, "not run: no PostgreSQL here")]
    say(f"bench: planning on {name}, {rounds} rounds up to {size} rows ...")
    sides: dict[tuple[str, Path], Side] = {(who, path): Side() for path in lists for who in ("bare", "ours")}
    for _ in range(rounds):
        for (who, path), side in sides.items():
            measure(who, path, new(), side)
    bare, ours = sides["bare", lists[-1]], sides["ours", lists[-1]]
    return [Row(measured, HOW, told(bare)), *our_rows(measured, ours, bare, sides["ours", lists[0]])]


def our_rows(measured: str, ours: Side, bare: Side, smallest: Side) -> list[Row]:
    times = [one.seconds / other.seconds for one, other in zip(ours.spent, bare.spent, strict=True)]
    cpu = [one.cpu_seconds / other.cpu_seconds for one, other in zip(ours.spent, bare.spent, strict=True)]
    more_mb = statistics.median(ours.mb) - statistics.median(bare.mb)
    growth = statistics.median(ours.per_row_us) / statistics.median(smallest.per_row_us)
    least = smallest.spent[0].count
    return [
        Row(
            measured,
            "plan(): rows checked, texts rendered, people made unique",
            f"{told(ours)}; {spread(times)} times the bare loop's time, {spread(cpu)} times its CPU here",
            aimed(f"≤ {MOST_TIMES:g} times", met=statistics.median(times) <= MOST_TIMES),
        ),
        Row(measured, "memory above it", f"{more_mb:.0f} MB", aimed(f"≤ {MOST_MB:g} MB", met=more_mb <= MOST_MB)),
        Row(
            measured,
            f"time a row, against {least} rows",
            f"{growth:.2f} times",
            aimed(f"linear: ≤ {MOST_GROWTH}", met=growth <= MOST_GROWTH),
        ),
    ]


def told(side: Side) -> str:
    return f"{spread([one.seconds for one in side.spent])} s, CPU {spread([one.cpu_seconds for one in side.spent])} s"


def measure(who: str, path: Path, url: str, side: Side) -> None:
    """Take one measurement in a fresh interpreter, whose memory nobody has used before."""
    command = [sys.executable, "-m", "bench.plan_cost", who, str(path), url]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"planning failed:\n{done.stderr[-2000:]}")
    seconds, cpu_seconds, mb, count = json.loads(done.stdout)
    side.spent.append(Spent(seconds, cpu_seconds, count))
    side.mb.append(mb)


def sqlite(folder: Path) -> Place:
    """Return what makes new files, each in the former's place, so that the disk does not fill."""

    def new() -> str:
        for path in folder.glob("ledger.sqlite*"):
            path.unlink()
        return f"sqlite:///{folder}/ledger.sqlite"

    return new


@contextmanager
def postgresql() -> Iterator[Place | None]:
    """Start a server that waits for the disk, as a ledger's should; yield None where there is none."""
    binaries = find_binaries()
    if binaries is None:
        yield None
        return
    with Postgres(binaries, durable=True) as server:
        yield server.new_place
