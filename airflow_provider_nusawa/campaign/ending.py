"""How a leg of a campaign ends: a value, for people and for whoever decides what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from airflow_provider_nusawa.ledger.progress import Equation


class End(str, Enum):
    """What follows: nothing; a person's or a later try's decision; another leg at a known time."""

    FINISHED = "finished"
    STOPPED = "stopped"
    COME_BACK = "come_back"


class Reason(str, Enum):
    """Why a leg ended before the campaign did, and whether that is a stop or a pause."""

    DONE = "done"
    ACCOUNT = "account"  # the gateway refused the account
    SILENCE = "silence"  # it does not answer any more
    TOLD = "told"  # somebody called ``stop``
    NOT_AFTER = "not_after"  # there is no time left in which it may send
    WINDOW = "window"  # closed now
    DAY_FULL = "day_full"  # max_per_day
    RETRY_AFTER = "retry_after"  # the gateway asked for more than a minute
    BACK_OFF = "back_off"  # all that is left waits for its next try
    LEG_OVER = "leg_over"  # max_leg_seconds

    @property
    def end(self) -> End:
        if self is Reason.DONE:
            return End.FINISHED
        stops = (Reason.ACCOUNT, Reason.SILENCE, Reason.TOLD, Reason.NOT_AFTER)
        return End.STOPPED if self in stops else End.COME_BACK


@dataclass(frozen=True, slots=True)
class Halt:
    """The decision to end a leg.

    :param why: A clause for people.
    :param at: When to come back, by the ledger's clock; None unless that is what follows.
    :param code: The gateway's, where it refused the account.
    """

    reason: Reason
    why: str
    at: datetime | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What a leg came to.

    :param equation: Where every row of the campaign stands now.
    """

    halt: Halt
    equation: Equation

    @property
    def end(self) -> End:
        return self.halt.reason.end

    @property
    def why(self) -> str:
        return self.halt.why

    @property
    def at(self) -> datetime | None:
        return self.halt.at

    def __str__(self) -> str:
        back = f", to go on at {self.at.isoformat(timespec='seconds')}" if self.at else ""
        return f"{self.end.value.replace('_', ' ')} ({self.why}){back}: {self.equation}"
