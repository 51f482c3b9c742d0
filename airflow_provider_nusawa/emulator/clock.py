"""The gateway's clock: real time, until somebody sets, stops or advances it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

JAKARTA = timezone(timedelta(hours=7), "WIB")  # no summer time there, so no zone database is needed


class Clock:
    """Tells seconds since 1970; delivery, daily limits and expiry go by it. Latency and pace go by real time."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._frozen_at: float | None = None

    def seconds(self) -> float:
        return (time.time() if self._frozen_at is None else self._frozen_at) + self._ahead

    def now(self) -> datetime:
        """Return the time in Jakarta, where the gateway stands."""
        return at_jakarta(self.seconds())

    def advance(self, seconds: float) -> None:
        self._ahead += seconds

    def set(self, moment: datetime) -> None:
        """Make it that moment now. A naive one is taken as Jakarta's."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=JAKARTA)
        self._ahead += aware.timestamp() - self.seconds()

    def freeze(self) -> None:
        """Stop: from now on only ``advance`` and ``set`` move it."""
        if self._frozen_at is None:
            self._frozen_at = time.time()

    def resume(self) -> None:
        """Go on from where it stands."""
        if self._frozen_at is not None:
            self._ahead -= time.time() - self._frozen_at
            self._frozen_at = None

    @property
    def is_frozen(self) -> bool:
        return self._frozen_at is not None


def at_jakarta(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, JAKARTA)
