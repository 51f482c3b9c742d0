"""After ten sends in a row without an answer: wait, probe, try one, and go on or give up."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

SILENCES_IN_A_ROW = 10
PROBE_AFTER_SECONDS = (5.0, 15.0, 30.0, 60.0)


class State(Enum):
    CLOSED = "closed"  # all is well
    OPEN = "open"  # nothing is sent until a probe is answered
    TRIAL = "trial"  # the gateway answered the probe; one message shows whether it also sends
    GIVEN_UP = "given up"


class Breaker:
    """Counts silences, and says how much may be sent.

    :param waits: Seconds before each probe; when all have been in vain, it gives up.
    """

    def __init__(self, waits: Sequence[float] = PROBE_AFTER_SECONDS) -> None:
        self.state = State.CLOSED
        self._waits = waits
        self._silences = 0
        self._in_vain = 0

    @property
    def wait_seconds(self) -> float:
        return self._waits[min(self._in_vain, len(self._waits) - 1)]

    @property
    def most_in_flight(self) -> float:
        return {State.CLOSED: float("inf"), State.TRIAL: 1.0}.get(self.state, 0.0)

    def heard(self, *, silent: bool) -> None:
        """Learn what became of a send: whether an answer came, be it a refusal."""
        self._silences = self._silences + 1 if silent else 0
        if self.state is State.TRIAL:
            self._end_trial(silent=silent)
        elif self.state is State.CLOSED and self._silences >= SILENCES_IN_A_ROW:
            self.state = State.OPEN

    def probed(self, *, answered: bool) -> None:
        """Learn what became of the probe."""
        if answered:
            self.state = State.TRIAL
        else:
            self._fail()

    def _end_trial(self, *, silent: bool) -> None:
        if silent:
            self._fail()
        else:
            self.state, self._in_vain = State.CLOSED, 0

    def _fail(self) -> None:
        self._in_vain += 1
        self.state = State.OPEN if self._in_vain < len(self._waits) else State.GIVEN_UP
