"""How many requests may be under way at once: enough for the latency seen, and not so many more."""

from __future__ import annotations

MOST_IN_FLIGHT = 512
_FEWEST = 10
_BEGUN_AHEAD_SECONDS = 0.5
_FORGETS = 0.99
"""Of the longest latency, by each quicker answer: at 100 a second it is halved in under a second."""


class Flight:
    """Bounds the requests under way by twice what rate and latency ask for.

    What has begun and waits for its moment counts too. Where the gateway stops answering, no more than that hang:
    those are what nobody knows of afterwards.

    :param rate_per_second: Requests that leave in a second.
    """

    def __init__(self, rate_per_second: float) -> None:
        self.rate = rate_per_second
        self._latency_seconds = 1.0

    def heard(self, seconds: float) -> None:
        """Learn from an answer: at once from a slower one, slowly from quicker ones."""
        self._latency_seconds = max(seconds, self._latency_seconds * _FORGETS + seconds * (1 - _FORGETS))

    @property
    def limit(self) -> int:
        seconds = 2 * self._latency_seconds + _BEGUN_AHEAD_SECONDS
        return int(min(_FEWEST + self.rate * seconds, MOST_IN_FLIGHT))
