"""How far a campaign is, while it runs: a line in the log every ten seconds, and a bar where somebody looks on."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

from airflow_provider_nusawa.ledger.progress import Progress

log = logging.getLogger(__name__)

LOG_SECONDS = 10.0
_BAR_SECONDS = 1.0


class Reporter:
    """Tells of one leg.

    :param bar: Whether to draw a bar; by default where standard error is a terminal.
    """

    def __init__(self, *, bar: bool | None = None) -> None:
        self._bar = _Bar() if (sys.stderr.isatty() if bar is None else bar) else None
        self._every = _BAR_SECONDS if self._bar else LOG_SECONDS
        self._told_at, self._looked_at = time.monotonic(), 0.0
        self._done: int | None = None

    @property
    def is_due(self) -> bool:
        return time.monotonic() >= self._looked_at + self._every

    def tell(self, progress: Progress) -> None:
        """Draw the bar, and log a line if its time has come."""
        self._looked_at = time.monotonic()
        if self._bar:
            self._bar.draw(progress)
        seconds = self._looked_at - self._told_at
        if seconds >= LOG_SECONDS or self._done is None:
            log.info("%s", line_of(progress, self._rate(progress, seconds)))
            self._told_at, self._done = self._looked_at, _done(progress)

    def close(self) -> None:
        if self._bar:
            self._bar.close()

    def _rate(self, progress: Progress, seconds: float) -> float:
        return (_done(progress) - self._done) / seconds if self._done is not None and seconds else 0.0


def line_of(progress: Progress, per_second: float) -> str:
    """Return the line for people.

    :param per_second: How quickly outcomes came of late; 0 if not known.
    """
    now = progress.equation
    left = f", about {_duration(now.open / per_second)} left" if per_second and now.open else ""
    return (
        f"campaign {progress.name!r}: {_done(progress)} of {_done(progress) + now.open} sent "
        f"({now.accepted} accepted, {now.refused} refused, {now.unknown} unknown), {per_second:.1f} a second{left}"
    )


def _done(progress: Progress) -> int:
    now = progress.equation
    return now.accepted + now.refused + now.unknown


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


class _Bar:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns: tuple[Any, ...] = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        columns += (TextColumn("{task.fields[bad]} not accepted"), TimeRemainingColumn())
        self._rich = RichProgress(*columns, console=Console(stderr=True))
        self._task = self._rich.add_task("campaign", total=None, bad=0)
        self._rich.start()

    def draw(self, progress: Progress) -> None:
        done, now = _done(progress), progress.equation
        self._rich.update(
            self._task,
            description=progress.name,
            completed=done,
            total=done + now.open,
            bad=now.refused + now.unknown,
        )

    def close(self) -> None:
        self._rich.stop()
