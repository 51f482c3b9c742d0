"""How many calls a second one account gets from this process: evenly spaced, slower after HTTP 429."""

from __future__ import annotations

import threading
import time
from typing import Protocol

_SLOWEST_SHARE = 1 / 64
_RECOVERY_CALLS = 100
"""Calls that it takes from half the rate back to the whole: 5 s at the default 20 a second."""


class Pacing(Protocol):
    """What a client asks before each call, and tells after it. Thread-safe."""

    @property
    def blocks(self) -> bool:
        """Whether ``reserve`` and ``slow_down`` may take a while, so that an event loop must not call them itself."""

    def reserve(self) -> float:
        """Take the next free moment, and return the seconds to wait until it comes."""

    def slow_down(self, wait_seconds: float) -> None:
        """Halve the rate: the gateway answered 429, and perhaps how long to wait."""

    def speed_up(self) -> None:
        """Take back a little of what was given up: the gateway answered something else."""


class Pace:
    """Hands out the moments at which calls may start, never closer together than the rate allows. Thread-safe.

    It knows of this process alone; whoever heard a Retry-After waits it out himself.

    :param rate_per_second: Calls a second, fractions allowed: 0.5 is one call every two seconds.
    """

    blocks = False

    def __init__(self, rate_per_second: float) -> None:
        self.full_rate = rate_per_second
        self.rate = rate_per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take the next free moment, and return the seconds to wait until it comes."""
        with self._lock:
            now = time.monotonic()
            moment = max(self._next, now)
            self._next = moment + 1 / self.rate
            return moment - now

    def slow_down(self, wait_seconds: float = 0.0) -> None:
        """Halve the rate: the gateway answered 429."""
        with self._lock:
            self.rate = max(self.rate / 2, self.full_rate * _SLOWEST_SHARE)

    def speed_up(self) -> None:
        """Take back a little of what was given up: the gateway answered something else."""
        with self._lock:
            self.rate = min(self.rate + self.full_rate / 2 / _RECOVERY_CALLS, self.full_rate)


_paces: dict[str, Pace] = {}
_paces_lock = threading.Lock()


def pace_of(account: str, rate_per_second: float) -> Pace:
    """Return the one pace that all clients of an account share in this process.

    Where two connections to one account differ in their rate, the one read last holds.
    """
    with _paces_lock:
        pace = _paces.setdefault(account, Pace(rate_per_second))
        if pace.full_rate != rate_per_second:
            pace.full_rate = pace.rate = rate_per_second
        return pace
