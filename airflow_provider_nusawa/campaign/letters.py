"""From a claimed recipient to a message, and from what came of it to the answer that goes on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.gateway.errors import (
    Cause,
    InvalidMessage,
    NusaWaError,
    OutcomeUnknown,
    Refused,
    Scope,
    Unreachable,
)
from airflow_provider_nusawa.gateway.messages import Message, Outcome, Receipt, outcome_of
from airflow_provider_nusawa.ledger.outcomes import Answer, Try
from airflow_provider_nusawa.ledger.work import Claimed

Compose = Callable[[Claimed], Message]
"""Renders the message for one recipient; it may raise InvalidMessage, and may block."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed recipient, with the message for it or with why there is none."""

    claimed: Claimed
    message: Message | None
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """A letter whose request may leave.

    :param leave_before: The time of ``intent_clock`` after which it may not any more.
    """

    letter: Letter
    tried: Try
    leave_before: float

    @property
    def id(self) -> int:
        return self.letter.claimed.id


def write_letter(compose: Compose, claimed: Claimed) -> Letter:
    if not claimed.number:
        return Letter(claimed, None, "the number has been erased")
    try:
        return Letter(claimed, compose(claimed))
    except InvalidMessage as error:
        return Letter(claimed, None, error.what)


def accepted(posting: Posting, receipt: Receipt) -> Answer:
    return Answer(posting.id, posting.tried, Outcome.ACCEPTED, receipt.api, receipt.message_id, receipt.code)


def not_tried(posting: Posting, api: str, reason: str = "") -> Answer:
    return Answer(posting.id, posting.tried, Outcome.NOT_TRIED, api, reason=reason)


def unfit(posting: Posting, api: str) -> Answer:
    return Answer(posting.id, posting.tried, Outcome.REFUSED, api, reason=posting.letter.unfit)


def failed(posting: Posting, api: str, error: Exception, terms: Terms) -> Answer:
    """Return the answer that an error is."""
    what: dict[str, Any] = {"reason": error.what if isinstance(error, NusaWaError) else type(error).__name__}
    outcome = outcome_of(error)
    if isinstance(error, InvalidMessage):
        outcome = Outcome.REFUSED  # as what is unfit from the start: given back, it would come again for ever
    elif isinstance(error, Refused):
        what["code"] = error.code
        if error.scope is Scope.ACCOUNT or is_too_fast(error):
            outcome = Outcome.NOT_TRIED  # no word about this person, whose turn comes again
        elif error.scope is Scope.TRANSIENT:
            what["again_after"] = terms.back_off(posting.letter.claimed.setbacks)
    return Answer(posting.id, posting.tried, outcome, api, **what)


def is_too_fast(error: Exception) -> bool:
    return isinstance(error, Refused) and error.http_status == 429


def ended_here(error: Exception) -> bool:
    """Whether it was this side that ended the call, so that it tells nothing of the gateway."""
    is_cut = isinstance(error, (Unreachable, OutcomeUnknown)) and error.cause in (Cause.STOPPED, Cause.LATE)
    return is_cut or isinstance(error, InvalidMessage)
