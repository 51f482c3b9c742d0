"""Send to many, each at most once: in groups on record, concurrently, stoppable at any moment. Knows no Airflow."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_nusawa.gateway.call import intent_clock
from airflow_provider_nusawa.gateway.errors import Cause, NusaWaError, OutcomeUnknown, Refused, Scope, Unreachable
from airflow_provider_nusawa.gateway.messages import Message, Outcome, Receipt, mask_number, outcome_of
from airflow_provider_nusawa.gateway.safe_mode import is_barred
from airflow_provider_nusawa.journal import Entry, Intent, Store, Suppressed, intent_of, may_send
from airflow_provider_nusawa.turns import Turn, in_groups

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.client import Client

log = logging.getLogger(__name__)

LARGEST_GROUP = 32
SILENCES_IN_A_ROW = 5
"""So many sends without an answer, one after the other, and the rest is not tried."""

INTENT_SECONDS = 60.0
"""How long an intent holds. A process that was frozen longer may not send on it any more: another try may live."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one message in this try, or in an earlier one.

    :param why: For people, free of secrets and full numbers; empty if accepted.
    :param scope: Whom a refusal concerned; None unless refused.
    :param repeatable: Whether a later try will and may send it.
    :param opted_out: Whether the gateway says that this person wants no more messages.
    """

    receipt: Receipt
    why: str = ""
    scope: Scope | None = None
    repeatable: bool = False
    opted_out: bool = False


class Sending:
    """One task's sends, in a thread of their own: the main thread waits, so that nothing interrupts a record.

    :param client: Is stopped by ``stop``.
    :param journal: Opened, used and closed in that thread.
    :param resend_unknown: Whether to send again what an earlier try perhaps sent.
    :param intent_seconds: How long an intent holds.
    """

    def __init__(
        self,
        client: Client,
        journal: AbstractContextManager[Store],
        messages: Sequence[Message],
        *,
        resend_unknown: bool = False,
        intent_seconds: float = INTENT_SECONDS,
    ) -> None:
        self._client = client
        self._journal = journal
        self._store: Store
        self._messages = messages
        self._resend_unknown = resend_unknown
        self._intent_seconds = intent_seconds
        self._stopped = threading.Event()
        self._breaker = _Breaker()
        self._done = threading.Event()
        self._is_amid_a_group = False
        self._attempts: list[Attempt] = []
        self._failure: Exception | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="nusawa-sending", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Whether all has been sent and put on record, after at most so long."""
        return self._done.wait(seconds)

    def stop(self, within_seconds: float) -> bool:
        """Cut calls in flight, start no more, and wait for the outcomes to be on record. Whether they are."""
        self._stopped.set()
        self._client.stop()
        return self._done.wait(within_seconds) or not self._is_amid_a_group

    @property
    def attempts(self) -> list[Attempt]:
        """One for each message, in their order: none before it is known what is on record of them.

        Whoever was not reached is ``not_tried``.
        """
        return list(self._attempts)

    @property
    def failure(self) -> Exception | None:
        """What ended it before its end, such as JournalUnavailable."""
        return self._failure

    def _run(self) -> None:
        try:
            with self._journal as self._store:
                most = max(1, min(LARGEST_GROUP, int(self._client.settings.rate_per_second)))
                span = self._intent_seconds / 2
                for group in in_groups(self._sort_out(), self._moment_of, most=most, span_seconds=span):
                    self._send_group(group)
        except Exception as error:  # noqa: BLE001 - handed to the main thread, which raises it
            self._failure = error
        finally:
            self._done.set()

    def _sort_out(self) -> list[tuple[int, Intent]]:
        """Return what is to be sent; for the rest, tell what is on record."""
        intents = [intent_of(self._store, self._client.settings, message) for message in self._messages]
        attempts = [self._not_tried(message, "the task ended before") for message in self._messages]
        waiting = []
        for place, (intent, entry) in enumerate(zip(intents, self._store.recorded(intents), strict=True)):
            if may_send(entry, intent, resend_unknown=self._resend_unknown):
                waiting.append((place, intent))
            elif entry is not None:
                attempts[place] = self._earlier(self._messages[place], entry, intent)
        self._attempts = attempts
        return waiting

    def _moment_of(self, place: int) -> float:
        """Reserve a moment of the account's pace; none is needed where the gateway will not be asked."""
        if self._why_no_more or is_barred(self._client.settings, self._messages[place]):
            return time.monotonic()
        return self._client.reserve()

    @property
    def _why_no_more(self) -> str:
        return "the task was told to stop" if self._stopped.is_set() else self._breaker.reason

    def _send_group(self, group: Sequence[Turn]) -> None:
        """Wait until the first may leave, and send: an intent that waits for a slow pace would grow too old."""
        self._stopped.wait(group[0].at - time.monotonic())
        self._is_amid_a_group = True  # before it is asked whether to go on: ``stop`` does it the other way round
        if reason := self._why_no_more:
            for turn in group:
                self._attempts[turn.place] = self._not_tried(self._messages[turn.place], reason)
        else:
            self._send_on_record(group)
        self._is_amid_a_group = False

    def _send_on_record(self, group: Sequence[Turn]) -> None:
        leave_before = intent_clock() + self._intent_seconds
        name, group = self._intend(group)
        if group:
            self._post(group, leave_before)
            self._store.conclude(name, [_entry(self._attempts[turn.place], turn.intent) for turn in group])

    def _intend(self, group: Sequence[Turn]) -> tuple[str, Sequence[Turn]]:
        """Put a group on record, without those who have said no; return its name, and who is in it."""
        while group:
            try:
                return self._store.intend([turn.intent for turn in group]), group
            except Suppressed as no:
                for turn in group:
                    if turn.intent.person in no.persons:
                        message = self._messages[turn.place]
                        self._attempts[turn.place] = self._attempt(message, Outcome.REFUSED, _SAID_NO)
                group = [turn for turn in group if turn.intent.person not in no.persons]
        return "", group

    def _post(self, group: Sequence[Turn], leave_before: float) -> None:
        # What the record took all wait, so that they leave no closer together than the pace has it.
        late = max(0.0, time.monotonic() - group[0].at)
        threads = []
        for turn in group:
            # Should the thread die of a fault of ours, the message was perhaps sent.
            message = self._messages[turn.place]
            self._attempts[turn.place] = self._attempt(message, Outcome.UNKNOWN, "the sending thread died")
            args = (turn.place, turn.at + late, leave_before)
            thread = threading.Thread(target=self._post_one, args=args, name="nusawa-send", daemon=True)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()

    def _post_one(self, place: int, at: float, leave_before: float) -> None:
        message = self._messages[place]
        try:
            receipt = self._client.send(
                message, at=at, leave_before=leave_before, unless=lambda: bool(self._breaker.reason)
            )
            self._attempts[place] = Attempt(receipt)
            self._breaker.heard(None)
        except NusaWaError as error:
            self._attempts[place] = self._failed(message, error)
            self._breaker.heard(error)

    def _failed(self, message: Message, error: NusaWaError) -> Attempt:
        if outcome_of(error) is Outcome.UNKNOWN:
            return self._attempt(message, Outcome.UNKNOWN, str(error), repeatable=self._resend_unknown)
        if isinstance(error, Refused):
            receipt = Receipt(message.to, self._api, Outcome.REFUSED, code=error.code)
            # Under redirect_to it is about whoever got it instead.
            opted_out = error.opted_out and not self._client.settings.redirect_to
            return Attempt(receipt, str(error), error.scope, error.retryable, opted_out)
        is_held = isinstance(error, Unreachable) and error.cause is Cause.STOPPED
        return self._not_tried(message, (is_held and self._breaker.reason) or str(error))

    def _not_tried(self, message: Message, why: str) -> Attempt:
        return self._attempt(message, Outcome.NOT_TRIED, why, repeatable=True)

    def _attempt(self, message: Message, outcome: Outcome, why: str, *, repeatable: bool = False) -> Attempt:
        return Attempt(Receipt(message.to, self._api, outcome), why, repeatable=repeatable)

    def _earlier(self, message: Message, entry: Entry, intent: Intent) -> Attempt:
        if entry.text != intent.text:
            log.warning("the text for %s has changed since it was %s", mask_number(message.to), entry.outcome.value)
        receipt = Receipt(
            message.to, entry.api or self._api, entry.outcome, entry.message_id, entry.code, repeated=True
        )
        scope = Scope(entry.scope) if entry.scope else None
        return Attempt(receipt, "" if entry.outcome is Outcome.ACCEPTED else _EARLIER[entry.outcome], scope)

    @property
    def _api(self) -> str:
        return self._client.settings.api_version


_SAID_NO = "this person has said no, by the ledger's list of suppressions; nothing was asked of the gateway"
_EARLIER = {
    Outcome.UNKNOWN: "an earlier try perhaps sent it, and no answer is on record",
    Outcome.REFUSED: "refused in an earlier try; repeating it will not help",
}


def _entry(attempt: Attempt, intent: Intent) -> Entry:
    receipt = attempt.receipt
    scope = attempt.scope.value if attempt.scope else ""
    return Entry(receipt.outcome, intent.text, receipt.message_id, receipt.api, receipt.code, scope, attempt.opted_out)


class _Breaker:
    """Says when to try no more: after a refusal of the whole account, or too many silences in a row. Thread-safe."""

    def __init__(self) -> None:
        self.reason = ""
        self._silences = 0
        self._lock = threading.Lock()

    def heard(self, error: NusaWaError | None) -> None:
        with self._lock:
            silent = isinstance(error, OutcomeUnknown) or (isinstance(error, Unreachable) and error.cause not in _OURS)
            self._silences = self._silences + 1 if silent else 0
            if isinstance(error, Refused) and error.scope is Scope.ACCOUNT:
                self.reason = "the account was refused"
            elif self._silences >= SILENCES_IN_A_ROW:
                self.reason = f"{SILENCES_IN_A_ROW} sends in a row had no answer"


_OURS = (Cause.STOPPED, Cause.LATE)
