"""A limit on how long the ledger is waited for, by those who can do without it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLong
from typing import TypeVar

from airflow_provider_nusawa.ledger.errors import LedgerUnavailable

Result = TypeVar("Result")


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """Return what ``work`` returns, or raise what it raises.

    Databases have time-outs of their own, but a lock is waited for during half a minute, and a host that swallows
    packets for longer.

    :raises LedgerUnavailable: if it takes longer; it then goes on in a thread that keeps no process alive.
    """
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            outcome.set_exception(error)

    threading.Thread(target=run, name="nusawa-ledger", daemon=True).start()
    try:
        return outcome.result(seconds)
    except TooLong:
        raise LedgerUnavailable(f"the ledger's database did not answer within {seconds:g} seconds") from None
