"""What the pages show, read from the site's ledger: opened once, and asked no more often than it can bear."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_provider_nusawa.ledger.listing import all_campaigns, find_campaign, find_recipient, some_of
from airflow_provider_nusawa.ledger.progress import Progress, progress
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.report.figures import CampaignFigures, figures_of

A_PAGE = 50
_FRESH_SECONDS = 2.0
_COSTS = 20
"""Figures of a campaign are read again after so many times the time that it took: a twentieth of one core at most."""

_KEPT = 100


@dataclass(frozen=True, slots=True)
class _Kept:
    figures: CampaignFigures
    until: float


class Seen:
    """Thread-safe.

    :param open_ledger: May raise ``LedgerError``; then it is asked again by the next page.
    """

    def __init__(self, open_ledger: Callable[[], Ledger]) -> None:
        self._open = open_ledger
        self._ledger: Ledger | None = None
        self._kept: dict[int, _Kept] = {}
        self._lock = threading.Lock()

    def campaigns(self, before: int | None) -> tuple[list[Progress], int | None]:
        """Return a page of campaigns, the newest first, and the place where the next page begins; None at the end."""

        def work(tx: Any) -> tuple[list[Progress], int | None]:
            keys = [key for key, _ in all_campaigns(tx) if before is None or key < before]
            older = keys[A_PAGE - 1] if len(keys) > A_PAGE else None
            return [progress(tx, key) for key in keys[:A_PAGE]], older

        return self._opened().read(work)

    def figures(self, name: str, *, rehearsal: bool) -> CampaignFigures:
        """Return a campaign's figures, as old as it takes to read them twenty times.

        :raises NoSuchCampaign: if there is none of that name.
        """
        ledger = self._opened()
        key = self._key(name, rehearsal)
        with self._lock:  # one reader at a time: a page that many have open costs what one costs
            kept = self._kept.get(key)
            if kept is None or kept.until < time.monotonic():
                begun = time.monotonic()
                figures = figures_of(ledger, key)
                now = time.monotonic()
                kept = _Kept(figures, now + max(_FRESH_SECONDS, _COSTS * (now - begun)))
                if len(self._kept) >= _KEPT:
                    self._kept.clear()
                self._kept[key] = kept
            return kept.figures

    def recipients(
        self, name: str, *, rehearsal: bool, state: Sending | None = None, after: int = 0, most: int = A_PAGE
    ) -> list[dict[str, Any]]:
        key = self._key(name, rehearsal)
        return self._opened().read(lambda tx: some_of(tx, key, most, state=state, after=after))

    def person(self, name: str, number: str, *, rehearsal: bool) -> dict[str, Any] | None:
        """Return the recipient of that normalised number."""
        key = self._key(name, rehearsal)
        return self._opened().read(lambda tx: find_recipient(tx, key, number))

    def _key(self, name: str, rehearsal: bool) -> int:
        return self._opened().read(lambda tx: find_campaign(tx, name, redirected=rehearsal))

    def _opened(self) -> Ledger:
        with self._lock:
            if self._ledger is None:
                self._ledger = self._open()
            return self._ledger
