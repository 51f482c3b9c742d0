"""The moments at which requests may leave, as the ledger dealt them out: never denser than the rate."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_nusawa.ledger.rates import HEADROOM, STRETCH_SECONDS, Share

_CLOSEST = 0.75
"""Of the usual gap: so close may two requests come to catch up with a small delay. No second gets more for it."""

_MOST_AT_ONCE = 100_000
_STALE_SECONDS = 0.1
_SECOND = 1.02
"""As long is a second here: a request may take 20 ms longer than the next one from here to the gateway."""


@dataclass(slots=True)
class _Stretch:
    first: float
    spacing: float
    left: int


class Timetable:
    """Hands out moments of the monotonic clock, each once. What passed unused is gone, but for small delays.

    With a lower rate of its own, a campaign takes as many of the account's moments as it needs, and spreads them: what
    lies between is for others.

    :param account_rate: As set; what is asked of the ledger is a little less.
    :param clock: For tests.
    :param own_rate: The campaign's, at most the account's, which it is if left out.
    """

    def __init__(self, account_rate: float, clock: Callable[[], float], *, own_rate: float | None = None) -> None:
        rate = own_rate or account_rate
        self.asked_rate = account_rate * HEADROOM
        self.own_rate = rate * HEADROOM
        self._gap_seconds = 1 / rate
        self._in_a_second = math.ceil(min(rate, _MOST_AT_ONCE))
        self._second = max(self._gap_seconds * self._in_a_second, _SECOND)
        self._left: deque[float] = deque(maxlen=self._in_a_second)
        self._departed: deque[float] = deque(maxlen=self._in_a_second)
        self._clock = clock
        self._stretches: deque[_Stretch] = deque()
        self._ends_at = -math.inf

    @property
    def requests_at_once(self) -> int:
        return int(min(max(self.own_rate * STRETCH_SECONDS, 1), _MOST_AT_ONCE))

    def add(self, share: Share) -> None:
        """Take a stretch of time that was received just now."""
        first, spacing = max(self._clock() + share.starts_in, self._ends_at), max(share.spacing, 1 / self.own_rate)
        self._stretches.append(_Stretch(first, spacing, share.requests))
        self._ends_at = first + share.requests * spacing

    def clear(self) -> None:
        """Give up all moments: the rate has changed. The next ones come after those."""
        self._stretches.clear()

    def is_short(self, until: float) -> bool:
        """Whether it ends before then, and more should be asked for."""
        return self._ends_at < until and not (self._is_beyond_measure and self._stretches)

    def count(self, until: float) -> int:
        """Return how many moments come until then."""
        self._drop_stale()
        return sum(
            min(stretch.left, 1 + int((until - stretch.first) / stretch.spacing))
            for stretch in self._stretches
            if stretch.first <= until
        )

    def peek(self) -> float | None:
        """Return the moment at which the next request may leave; None until more is added."""
        self._drop_stale()
        if not self._stretches:
            return None
        moment = self._stretches[0].first
        if self._left:
            moment = max(moment, self._left[-1] + _CLOSEST * self._gap_seconds)
        if len(self._left) == self._in_a_second:
            moment = max(moment, self._left[0] + self._second)
        return moment

    def take(self) -> None:
        """Use the moment that ``peek`` returned: a request leaves now."""
        self._skip(self._stretches[0], 1)
        self._left.append(self._clock())

    def depart(self) -> float:
        """Let a request's first byte leave, and return 0; or return the seconds until it may ask again.

        From ``take`` to the first byte lies a connection, often a new one: a while after which more are ready at once
        than one second may have.
        """
        now = self._clock()
        if len(self._departed) == self._in_a_second and now < self._departed[0] + self._second:
            return self._departed[0] + self._second - now
        self._departed.append(now)
        return 0.0

    @property
    def _is_beyond_measure(self) -> bool:
        """Whether the rate holds nobody back; then no moment goes stale."""
        return self.requests_at_once < self.own_rate * _STALE_SECONDS

    def _drop_stale(self) -> None:
        if self._is_beyond_measure:
            return
        past = self._clock() - _STALE_SECONDS
        while self._stretches and self._stretches[0].first < past:
            stretch = self._stretches[0]
            self._skip(stretch, min(stretch.left, math.ceil((past - stretch.first) / stretch.spacing)))

    def _skip(self, stretch: _Stretch, moments: int) -> None:
        stretch.first += moments * stretch.spacing
        stretch.left -= moments
        if not stretch.left:
            self._stretches.popleft()
