"""One rate for all senders that share a ledger: the pace of those that ask now and then, unlike a campaign."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from airflow_provider_nusawa.gateway.pace import Pacing
from airflow_provider_nusawa.ledger.errors import LedgerError
from airflow_provider_nusawa.ledger.patience import within
from airflow_provider_nusawa.ledger.rates import HEADROOM, STRETCH_SECONDS, reserve, slow_down
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.tx import Tx

Result = TypeVar("Result")

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
AWAY_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 60.0
_ONE_BURST_SECONDS = 1.0
_LATE_SECONDS = 0.02
"""So late may a moment be taken; what passed unused is gone, or a second would hold more calls than the rate."""


class SharedPace:
    """Hands out moments of stretches that it leases from the ledger. Thread-safe; blocks while it leases.

    A lone call leases one moment; where calls follow each other, each lease is twice as long as the one before.
    While the ledger is away, the process's own pace holds: a wrong rate is mended by the gateway's 429, a lost alert
    by nobody.

    :param open_ledger: Is called when it is first needed.
    :param alone: The pace of this process.
    :param away_seconds: So long it keeps the pace alone, before it asks a ledger again that was away.
    """

    blocks = True

    def __init__(
        self,
        open_ledger: Callable[[], Ledger],
        account: str,
        rate_per_second: float,
        *,
        alone: Pacing,
        away_seconds: float = AWAY_SECONDS,
    ) -> None:
        self.rate_per_second = rate_per_second
        self._open_ledger = open_ledger
        self._account = account
        self._alone = alone
        self._lock = threading.Lock()
        self._away_seconds = away_seconds
        self._away_until = self._slowed_until = -math.inf
        self._loudness = logging.WARNING
        self._drop()

    @cached_property
    def _ledger(self) -> Ledger:
        return self._open_ledger()

    def reserve(self) -> float:
        with self._lock:
            if not self._is_away and not self._has_moment():
                self._lease()
            if self._is_away:
                return self._alone.reserve()
            wait = self._first - time.monotonic()
            self._first += self._spacing
            self._left -= 1
        return min(max(wait, 0.0), LONGEST_WAIT_SECONDS)

    def slow_down(self, wait_seconds: float) -> None:
        with self._lock:
            now = time.monotonic()
            if now < self._slowed_until:
                return  # one answer of many that were asked for at the former rate
            self._slowed_until = now + max(wait_seconds, _ONE_BURST_SECONDS)
            self._drop()
            if not self._is_away:
                self._write(lambda tx: slow_down(tx, self._account, wait_seconds=wait_seconds))
            if self._is_away:
                self._alone.slow_down(wait_seconds)

    def speed_up(self) -> None:
        if self._is_away:
            self._alone.speed_up()  # in the ledger it is time that heals

    @property
    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _drop(self) -> None:
        self._first, self._spacing, self._left, self._size = -math.inf, 0.0, 0, 1

    def _has_moment(self) -> bool:
        late = time.monotonic() - max(self._spacing / 2, _LATE_SECONDS) - self._first
        if self._left and late > 0:
            passed = min(self._left, math.ceil(late / self._spacing))
            self._first += passed * self._spacing
            self._left -= passed
        return self._left > 0

    def _lease(self) -> None:
        rate = self.rate_per_second * HEADROOM
        is_hurried = self._first > time.monotonic()  # the last stretch is used up, and not yet over
        size = self._size = min(self._size * 2, max(1, int(rate * STRETCH_SECONDS))) if is_hurried else 1
        share = self._write(lambda tx: reserve(tx, self._account, size, per_second=rate))
        if share:
            self._first = max(time.monotonic() + share.starts_in, self._first)
            self._spacing, self._left = share.spacing, share.requests

    def _write(self, work: Callable[[Tx], Result]) -> Result | None:
        """Work in the ledger; where it does not answer, keep the pace alone for a while."""
        try:
            result = within(PATIENCE_SECONDS, lambda: self._ledger.write(work))
        except Exception as error:  # noqa: BLE001 - such as a driver that is missing: no call is lost for want of a pace
            what = error.what if isinstance(error, LedgerError) else type(error).__name__
            log.log(self._loudness, "Calls keep this process's own pace, not the account's one rate: %s", what)
            self._loudness = logging.DEBUG
            self._drop()
            self._away_until = time.monotonic() + self._away_seconds
            return None
        self._loudness = logging.WARNING
        return result
