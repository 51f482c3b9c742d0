"""How many requests may be under way at once: enough for the latency seen, and not so many more."""

from __future__ import annotations

MOST_IN_FLIGHT = 512
_FEWEST = 10
_FORGETS = 0.99
"""Of the longest latency, by each quicker answer: at 100 a second it is halved in under a second."""


class Flight:
    """Bounds the requests under way by twice what rate and latency ask for.

    Where the gateway stops answering, no more than that hang: those are what nobody knows of afterwards.

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
        return int(min(_FEWEST + 2 * self.rate * self._latency_seconds, MOST_IN_FLIGHT))
