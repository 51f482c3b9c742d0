"""The values that pass through the package: what is sent, and what the gateway said of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from airflow_provider_nusawa.gateway.codes import DeliveryStatus, later_status
from airflow_provider_nusawa.gateway.errors import InvalidMessage, NusaWaError, OutcomeUnknown, Refused
from airflow_provider_nusawa.gateway.media import Media

MAX_TEXT = 1000
"""Characters that the gateway takes in one text (vendor's page, "URL Query String Parameters")."""

CREDITS_A_MESSAGE = Decimal(1)
"""Assumed: the vendor publishes no price in credits. A first real campaign tells, and this is the place to mend."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Unicode's Cc without tab, newline and return; and Cs, half a surrogate pair, which no encoding can carry."""


def mask_number(number: str) -> str:
    """Return the number with all but its last four digits starred: what logs and XComs may show."""
    return "*" * max(len(number) - 4, 0) + number[-4:]


@dataclass(frozen=True, slots=True)
class Options:
    """What only API v1.0 can be asked for; each is the account's own default unless given.

    :param sender: Which of the account's senders speaks.
    :param queue: Which of the account's queues it goes through.
    :param include_unsubscribe: Whether the message offers the person to unsubscribe (A: no page says what it does).
    """

    sender: str = ""
    queue: str = ""
    include_unsubscribe: bool | None = None


NO_OPTIONS = Options()


@dataclass(frozen=True, slots=True)
class Message:
    """One text to one person, checked when it is made.

    :param to: An MSISDN as the gateway takes it: digits only, with country code. ``numbers.normalise_number`` makes it.
    :param text: What to say: 1 to 1000 characters, without control characters but tab and newline. With media it is
        the caption, and may be empty.
    :param media: A picture or document to send with it (API v1.0).
    :raises InvalidMessage: naming what is wrong, before anything is asked of the gateway.
    """

    to: str = field(repr=False)
    text: str = field(repr=False)
    media: Media | None = field(default=None, repr=False)
    options: Options = field(default=NO_OPTIONS, repr=False)

    def __post_init__(self) -> None:
        if not (self.to.isascii() and self.to.isdecimal() and 7 <= len(self.to) <= 15):
            raise InvalidMessage("the recipient is not 7 to 15 digits with country code", destination=self.to)
        if self.text or not self.media:
            check_text(self.text, destination=self.to)

    @property
    def said(self) -> str:
        """All that the person gets, as one text: to tell two messages apart, not to be shown."""
        return f"{self.text}\0{self.media.digest}" if self.media else self.text


def check_text(text: str, *, destination: str = "") -> None:
    """Raise InvalidMessage unless the gateway could take this text."""
    if not text.strip():
        raise InvalidMessage("the text is empty", destination=destination)
    if len(text) > MAX_TEXT:
        what = f"the text has {len(text)} characters, and the gateway takes at most {MAX_TEXT}"
        raise InvalidMessage(what, destination=destination)
    if not text.isprintable() and (found := _CONTROL.search(text)):  # the quick look is Python's own
        what = f"the text holds the control character U+{ord(found[0]):04X} at position {found.start()}"
        raise InvalidMessage(what, destination=destination)


class Outcome(str, Enum):
    """What became of one recipient in one task. Unknown is a result of its own: perhaps sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the gateway said when it was asked to send one message.

    :param destination: The person's number, as posted. ``to_xcom`` masks it.
    :param api: The dialect that the message id belongs to: ``v3`` does not know ids of ``v1``, nor the reverse.
    :param message_id: The gateway's id, opaque text; empty unless accepted.
    :param code: The gateway's status code; None where no answer held one.
    :param repeated: Whether an earlier try of the same task had it sent, so that this one sent nothing.
    """

    destination: str = field(repr=False)
    api: str
    outcome: Outcome
    message_id: str = ""
    code: int | None = None
    repeated: bool = False

    def to_xcom(self) -> dict[str, Any]:
        """Return plain JSON, the destination masked: XComs are public."""
        return {
            "message_id": self.message_id,
            "destination": mask_number(self.destination),
            "code": self.code,
            "api": self.api,
            "outcome": self.outcome.value,
            "repeated": self.repeated,
        }


def outcome_of(result: Receipt | BaseException) -> Outcome:
    """Return what became of a send, by the receipt that it gave or the error that it ended with.

    Of our errors OutcomeUnknown alone says that it was perhaps sent. A stranger's may have ended it anywhere.
    """
    if isinstance(result, Receipt):
        return result.outcome
    if isinstance(result, Refused):
        return Outcome.REFUSED
    is_certain = isinstance(result, NusaWaError) and not isinstance(result, OutcomeUnknown)
    return Outcome.NOT_TRIED if is_certain else Outcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Where an accepted message is, as the gateway told it once.

    :param letter: The status as the gateway wrote it, for letters that ``status`` cannot name.
    :param err_code: The gateway's error code, as text; empty if none was told.
    :param sent_at: Aware times, where told; v3 tells only ``sent_at``.
    :param destination: Whom the message was for, and ``text`` what it said, where told: by v1.0 alone. They go into no
        log, XCom or trigger; they are there to find whose message it is.
    """

    message_id: str
    status: DeliveryStatus
    letter: str = ""
    err_code: str = ""
    sent_at: datetime | None = None
    created_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    destination: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


def latest_of(reports: Iterable[DeliveryReport]) -> dict[str, DeliveryReport]:
    """Return what is true once all have been heard, in whatever order, one for each message id."""
    told: dict[str, DeliveryReport] = {}
    for report in reports:
        known = told.get(report.message_id)
        if known is None or later_status(known.status, report.status) is report.status:
            told[report.message_id] = report
    return told


@dataclass(frozen=True, slots=True)
class Credits:
    """The account's balance.

    :param expires: The last day on which it can be used, in the account's time zone; None if not told.
    """

    amount: Decimal
    expires: date | None = None

    def to_xcom(self) -> dict[str, str | None]:
        return {"credits": f"{self.amount:f}", "expires": self.expires.isoformat() if self.expires else None}
