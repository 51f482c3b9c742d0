"""Puts callbacks on record, many in one commit, in a thread of its own. Nobody hears "yes" before the commit."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_nusawa.gateway.errors import NusaWaError

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.messages import DeliveryReport
    from airflow_provider_nusawa.ledger.store import Ledger
    from airflow_provider_nusawa.ledger.tx import Tx

log = logging.getLogger(__name__)

MOST_WAITING = 2000
"""Callbacks that wait for their commit. More are told to come again: memory stays what it is."""

BATCH = 500
PATIENCE_SECONDS = 3.0
"""So long a callback waits for its commit. A ledger that takes longer is away, and the next hear so at once."""

COMPLAIN_EVERY_SECONDS = 60.0
NOT_WRITTEN = "The ledger cannot be written to, and callbacks are answered 503"


@dataclass(frozen=True, slots=True)
class _Waiting:
    report: DeliveryReport
    loop: asyncio.AbstractEventLoop
    written: asyncio.Future[bool]


class Writer:
    """Writes what it is given, for as long as the process lives; its thread starts with the first callback.

    :param open_ledger: Opens the ledger; called in the thread, and again after it failed.
    :param chores: What else is to be done with the ledger, now and then, each by what it is: "count all sheep".
    :param pause_seconds: Between two commits, so that few of them take many callbacks; the first waits for nothing.
    """

    def __init__(
        self,
        open_ledger: Callable[[], Ledger],
        chores: Mapping[str, Callable[[Ledger], object]] | None = None,
        chores_every_seconds: float = 30.0,
        pause_seconds: float = 0.0,
    ) -> None:
        self._open_ledger = open_ledger
        self._chores = {"drop old callbacks of unknown messages": _tidy, **(chores or {})}
        self._pause_seconds = pause_seconds
        self._ledger: Ledger | None = None
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue(MOST_WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._busy_since = 0.0  # 0 while nothing is being written
        self._chores_every_seconds = chores_every_seconds
        self._chores_due = time.monotonic() + chores_every_seconds
        self._complain_at: dict[str, float] = {}

    @property
    def is_stuck(self) -> bool:
        """Whether the ledger has kept a commit waiting for so long that it may be called away."""
        since = self._busy_since
        return bool(since) and time.monotonic() - since > PATIENCE_SECONDS

    async def write(self, report: DeliveryReport) -> bool:
        """Return True once the report is on record; False if it is not, or not for all that is known."""
        if self.is_stuck:
            return False
        self._start()
        loop = asyncio.get_running_loop()
        written: asyncio.Future[bool] = loop.create_future()
        try:
            self._waiting.put_nowait(_Waiting(report, loop, written))
        except queue.Full:
            return False
        # What is not written in time stays in line: its sender may never come again.
        done, _ = await asyncio.wait([written], timeout=PATIENCE_SECONDS)
        return bool(done) and written.result()

    def close(self) -> None:
        """Write what waits, and end the thread."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(PATIENCE_SECONDS)

    def _start(self) -> None:
        # Not before the first callback: a server that forks its workers would lose the thread.
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nusawa-receiver", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        go_on = True
        while go_on:
            batch, go_on = self._next_batch()
            if batch:
                self._write(batch)
                time.sleep(self._pause_seconds if go_on else 0.0)
            self._do_chores()
        if self._ledger is not None:
            self._ledger.close()

    def _next_batch(self) -> tuple[list[_Waiting], bool]:
        """Return what waits, nothing if chores are due before anything comes; and whether more may come."""
        batch: list[_Waiting] = []
        try:
            one = self._waiting.get(timeout=max(0.0, self._chores_due - time.monotonic()))
            while one is not None and len(batch) < BATCH - 1:
                batch.append(one)
                one = self._waiting.get_nowait()
        except queue.Empty:
            return batch, True
        return (batch, False) if one is None else ([*batch, one], True)

    def _write(self, batch: Sequence[_Waiting]) -> None:
        self._busy_since = time.monotonic()
        reports = [one.report for one in batch]
        written = self._attempt(lambda ledger: _put_on_record(ledger, reports), NOT_WRITTEN)
        self._busy_since = 0.0
        for loop in {one.loop for one in batch}:
            mine = [one.written for one in batch if one.loop is loop]
            try:
                loop.call_soon_threadsafe(_tell, mine, written)
            except RuntimeError:
                continue  # that loop has ended, and with it all who waited there

    def _do_chores(self) -> None:
        if time.monotonic() < self._chores_due:
            return
        for what, chore in self._chores.items():
            self._attempt(chore, f"The receiver could not {what}, and will try again")
        self._chores_due = time.monotonic() + self._chores_every_seconds

    def _attempt(self, work: Callable[[Ledger], object], trouble: str) -> bool:
        """Do something with the ledger, opened if need be. Return whether that went well; if not, log ``trouble``."""
        try:
            if self._ledger is None:
                self._ledger = self._open_ledger()
            work(self._ledger)
        except NusaWaError as error:
            self._complain(trouble, error.what)
        except Exception as error:  # noqa: BLE001 - one bad batch must not end the thread; a stranger's text may quote
            self._complain(trouble, type(error).__name__)
        else:
            return True
        return False

    def _complain(self, trouble: str, why: str) -> None:
        if time.monotonic() >= self._complain_at.get(trouble, 0.0):
            self._complain_at[trouble] = time.monotonic() + COMPLAIN_EVERY_SECONDS
            log.error("%s: %s.", trouble, why)


def _put_on_record(ledger: Ledger, reports: Sequence[DeliveryReport]) -> None:
    from airflow_provider_nusawa.ledger.delivery import apply_reports  # loads sqlalchemy
    from airflow_provider_nusawa.ledger.hearing import note_heard

    def work(tx: Tx) -> None:
        apply_reports(tx, reports)
        note_heard(tx)

    ledger.write(work)


def _tidy(ledger: Ledger) -> None:
    from airflow_provider_nusawa.ledger.delivery import drop_old_orphans
    from airflow_provider_nusawa.ledger.hearing import drop_surplus_orphans

    ledger.write(drop_old_orphans)
    ledger.write(drop_surplus_orphans)


def _tell(waiting: Sequence[asyncio.Future[bool]], written: bool) -> None:
    for one in waiting:
        if not one.done():
            one.set_result(written)
