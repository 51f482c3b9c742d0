"""Never twice: an intent is on record before a request leaves, its outcome after, and what is on record is not resent.

The rule stands here once. Where it is remembered is a ``Store``: Airflow's task state, or the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from airflow_provider_nusawa.gateway.errors import NusaWaError, Scope
from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.gateway.settings import Settings


class JournalUnavailable(NusaWaError):
    """The record could not be read or written. What is not on record as intended has not been sent."""

    retryable = True

    @property
    def advice(self) -> str:
        return "Nothing is sent without a record; what was sent before stays on record, so it may be repeated."


class Suppressed(Exception):
    """Some of a group have said no: nothing of it is on record. Intend the others.

    :param persons: The marks of those who must not be messaged.
    """

    def __init__(self, persons: Collection[str]) -> None:
        self.persons = persons
        super().__init__(f"{len(persons)} have said no")


@dataclass(frozen=True, slots=True)
class Intent:
    """One person and one text, as marks that name neither.

    :param number: Whose mark it is, for a store that knows who has said no. It is never put on record.
    """

    person: str
    text: str
    number: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is on record of one intent. An intent without an outcome reads as unknown: it was perhaps sent.

    :param text: The mark of the text that it was made with.
    :param scope: Whom a refusal concerned; empty unless refused.
    :param opted_out: Whether the gateway has just said that this person wants no more, for a store that keeps such
        people. It is not read back.
    """

    outcome: Outcome
    text: str = ""
    message_id: str = ""
    api: str = ""
    code: int | None = None
    scope: str = ""
    opted_out: bool = False


class Store(Protocol):
    """Remembers intents and outcomes for one task instance, or for one idempotency key."""

    def mark(self, value: str) -> str:
        """Return a mark that is the same for the same value under this identity, and does not show it."""

    def recorded(self, intents: Sequence[Intent]) -> list[Entry | None]:
        """Return what is on record of each, None for nothing. Raises JournalUnavailable."""

    def intend(self, intents: Sequence[Intent]) -> str:
        """Put a group on record, durably once this returns; return its name. Raises JournalUnavailable, Suppressed."""

    def conclude(self, group: str, entries: Sequence[Entry]) -> None:
        """Put the group's outcomes on record, in the order of its intents. Raises JournalUnavailable."""


class Forgetful:
    """The store of those who have none: fit for a first try only, because it has nothing to say to a second."""

    def mark(self, value: str) -> str:
        return value

    def recorded(self, intents: Sequence[Intent]) -> list[Entry | None]:
        return [None] * len(intents)

    def intend(self, intents: Sequence[Intent]) -> str:
        return ""

    def conclude(self, group: str, entries: Sequence[Entry]) -> None:
        pass


def intent_of(store: Store, settings: Settings, message: Message) -> Intent:
    """Name one person under one account. What the safe mode redirected never counts as sent to the person."""
    posted_to = "redirected" if settings.redirect_to else "direct"
    person = store.mark(f"{settings.account}|{posted_to}|{message.to}")
    return Intent(person, store.mark(message.said), message.to)


_STRENGTH = {Outcome.NOT_TRIED: 0, Outcome.REFUSED: 1, Outcome.UNKNOWN: 2, Outcome.ACCEPTED: 3}


def stronger(one: Entry | None, other: Entry) -> Entry:
    """Merge what two tries recorded of one person: accepted once is accepted, and a later equal tells more."""
    return one if one is not None and _STRENGTH[one.outcome] > _STRENGTH[other.outcome] else other


def may_send(entry: Entry | None, intent: Intent, *, resend_unknown: bool) -> bool:
    """Whether a request may leave, given what is on record. This is the promise.

    Nobody whose message was accepted is sent another; nobody whose message was perhaps taken, unless the author says
    so. A refusal took nothing: it is repeated where repeating may help, which is where it was transient, where it was
    about the account or by our own safe mode and so not about this person, and where it was about a text that has
    changed since.
    """
    if entry is None or entry.outcome is Outcome.NOT_TRIED:
        return True
    if entry.outcome is Outcome.UNKNOWN:
        return resend_unknown
    if entry.outcome is Outcome.REFUSED:
        if entry.scope == Scope.MESSAGE:
            return entry.text != intent.text
        return entry.scope in (Scope.TRANSIENT, Scope.ACCOUNT, Scope.SAFE_MODE)
    return False
