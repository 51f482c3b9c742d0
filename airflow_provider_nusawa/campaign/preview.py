"""What a dry run tells, for a person to decide by. Numbers are masked; texts are shown, as they would be sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from airflow_provider_nusawa.campaign.errors import BadRow
from airflow_provider_nusawa.gateway.media import Media
from airflow_provider_nusawa.gateway.messages import CREDITS_A_MESSAGE, NO_OPTIONS, Message, Options, mask_number
from airflow_provider_nusawa.ledger.plans import Counts


@dataclass(frozen=True, slots=True)
class Sample:
    """One message as it would be sent."""

    line: int
    number: str = field(repr=False)
    text: str = field(repr=False)
    media: Media | None = field(default=None, repr=False)

    def __str__(self) -> str:
        also = f", with {self.media.url}" if self.media else ""
        return f"line {self.line}, {mask_number(self.number)}, {len(self.text)} characters{also}: {self.text}"


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters of the texts."""

    least: int = 0
    most: int = 0
    mean: float = 0.0


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Who of those that would be planned would get nothing all the same, by what is on record today.

    :param suppressed: They said no.
    :param capped: They have had what ``max_per_recipient`` allows.
    :param not_allowed: The connection's ``only_to`` does not name them.
    :param spam_pattern: Code -77: more than 10 equal texts to one number, or a person with 10 messages today already.
    :param limit_reached: Code -78: the gateway refused them for that within the last 24 hours.
    """

    suppressed: int = 0
    capped: int = 0
    not_allowed: int = 0
    spam_pattern: int = 0
    limit_reached: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """All that a campaign would do, but for sending.

    :param counts: As planning would count them.
    :param objections: Why planning would refuse the list; empty if it would not.
    :param bad: The first of the bad rows.
    :param samples: The first messages, the shortest and the longest.
    :param balance: The account's credits; None if nobody asked.
    :param finishes_at: When the last would be sent; None if that was not asked, or never.
    """

    counts: Counts
    lengths: Lengths = Lengths()
    foreseen: Foreseen = Foreseen()
    samples: tuple[Sample, ...] = ()
    bad: tuple[BadRow, ...] = ()
    objections: tuple[str, ...] = ()
    balance: Decimal | None = None
    finishes_at: datetime | None = None

    @property
    def to_send(self) -> int:
        """How many requests would leave."""
        held = self.foreseen
        return max(self.counts.planned - held.suppressed - held.capped - held.not_allowed, 0)

    @property
    def credits_needed(self) -> Decimal:
        return self.to_send * CREDITS_A_MESSAGE

    @property
    def credits_missing(self) -> Decimal:
        """How much the account must be topped up by; 0 if it suffices or was not asked."""
        return max(self.credits_needed - self.balance, Decimal(0)) if self.balance is not None else Decimal(0)

    def with_prospects(self, *, balance: Decimal | None, finishes_at: datetime | None) -> Preview:
        return replace(self, balance=balance, finishes_at=finishes_at)

    def to_xcom(self) -> dict[str, Any]:
        """Return plain JSON without numbers and texts: XComs are public."""
        counted = {name: getattr(self.counts, name) for name in Counts.__slots__}
        held = {name: getattr(self.foreseen, name) for name in Foreseen.__slots__}
        return {
            **counted,
            **held,
            "to_send": self.to_send,
            "lengths": [self.lengths.least, self.lengths.most],
            "credits_needed": f"{self.credits_needed:f}",
            "balance": None if self.balance is None else f"{self.balance:f}",
            "finishes_at": self.finishes_at.isoformat() if self.finishes_at else None,
            "objections": list(self.objections),
        }

    def told(self) -> list[str]:
        """Return lines for the log."""
        counts, held = self.counts, self.foreseen
        money = f"; the balance is {self.balance:f}" if self.balance is not None else ""
        money += f", {self.credits_missing:f} too few" if self.credits_missing else ""
        ends = f"the last would leave at {self.finishes_at.isoformat(timespec='minutes')}" if self.finishes_at else ""
        lines = [
            f"{counts.rows_read} rows read = {counts.planned} planned + {counts.bad} bad + {counts.excluded} excluded "
            f"+ {counts.known} known + {counts.doubles} doubles",
            f"{self.to_send} would be sent ({held.suppressed} said no, {held.capped} have had enough, "
            f"{held.not_allowed} are not in only_to); {self.credits_needed:f} credits needed{money}",
            f"the gateway would refuse {held.spam_pattern} as spam (-77) and {held.limit_reached} by its limit (-78)",
            f"texts have {self.lengths.least} to {self.lengths.most} characters, {self.lengths.mean:.0f} on average",
            ends,
        ]
        bad = [f"bad {row}" for row in self.bad]
        return [line for line in (*lines, *self.objections, *bad, *map(str, self.samples)) if line]


def trials_of(samples: Iterable[Sample], test_to: Sequence[str], options: Options = NO_OPTIONS) -> list[Message]:
    """Return the samples as messages to their author instead, equal ones once.

    :param test_to: Normalised numbers.
    """
    contents = dict.fromkeys((sample.text, sample.media) for sample in samples)
    return [Message(number, text, media, options) for number in test_to for text, media in contents]
