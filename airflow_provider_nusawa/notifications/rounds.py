"""One event told to each of its recipients: who still has to be told, and what became of each. Never raises."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.gateway.errors import NusaWaError, OutcomeUnknown
from airflow_provider_nusawa.gateway.messages import MAX_TEXT, Message, Receipt
from airflow_provider_nusawa.gateway.numbers import normalise_number
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.notifications.event import FAILURES, RECOVERIES, Event
from airflow_provider_nusawa.notifications.ledger_memory import LedgerMemory
from airflow_provider_nusawa.notifications.memory import Memory, Store, memory_key
from airflow_provider_nusawa.notifications.wording import cut

log = logging.getLogger(__name__)

_TOO_SOON = "now, because of min_interval; the next alert counts it."
_RECOVERIES = tuple(RECOVERIES.values())


@dataclass(frozen=True, slots=True)
class Alert:
    """One message, and the recipient's memory before and after it."""

    message: Message
    key: str
    before: Memory
    after: Memory


class Round:
    """Tells one event.

    :param words: The unrendered text: two notifiers with different texts on one hook tell two things.
    :param store: What was told before; a ``LedgerMemory`` knows it of all runs and processes.
    :param min_seconds: How much time must pass between two alerts of one kind to one recipient; 0 for none.
    """

    def __init__(
        self, event: Event, words: str, *, store: Store | LedgerMemory, settings: Settings, min_seconds: float = 0.0
    ) -> None:
        self._event = event
        self._store = store
        self._ledger = store if isinstance(store, LedgerMemory) else None
        self._settings = settings
        self._which = str(event.map_index)
        # Without names it cannot be known that two events are one, or that an alert is not the first.
        self._min_seconds = min_seconds if event.dag_id else 0.0
        known = event.run_id and event.task_id and event.try_number
        self._identity = _digest(event.identity, words) if known else ""

    def plan(self, recipients: Iterable[str], text: str, scope: tuple[str, ...]) -> list[Alert]:
        """Return what is to be sent now, each written down as intended. The log says why a recipient is left out.

        :param scope: What one recipient's memory belongs to, besides the account.
        """
        numbers = dict.fromkeys(filter(None, map(self._number, recipients)))
        plans = (self._plan_one(number, text, scope) for number in numbers)
        return [alert for alert in plans if alert]

    def record(self, alert: Alert, result: Receipt | BaseException) -> None:
        """Note what became of an alert. Only what was certainly not sent may be told again."""
        metrics.count_alert(result)
        whom = alert.message.to[-4:]
        if isinstance(result, Receipt):
            log.info("…%s was told (%s) in message %s.", whom, self._event.kind.value, result.message_id)
        elif isinstance(result, NusaWaError):
            log.error("An alert (%s) did not get through: %s", self._event.kind.value, result)
            if not isinstance(result, OutcomeUnknown):
                self._take_back(alert)
        else:
            log.error("…%s may or may not have been told: %s.", whom, type(result).__name__)
        if self._ledger:
            self._ledger.conclude(alert.message, result)

    @property
    def blocks(self) -> bool:
        """Whether ``record`` may take a while, so that an event loop must not call it itself."""
        return self._ledger is not None

    def close(self) -> None:
        if self._ledger:
            self._ledger.close()

    def _number(self, written: str) -> str | None:
        try:
            return normalise_number(written, self._settings.default_region)
        except NusaWaError as error:
            log.error("A recipient is left out of an alert: %s", error)
            return None

    def _plan_one(self, number: str, text: str, scope: tuple[str, ...]) -> Alert | None:
        key = memory_key(number, self._settings.account, str(bool(self._settings.redirect_to)), *scope)
        now = time.time()
        memory = self._change(key, lambda memory: self._then(memory, now))
        if why := self._why_not(memory, now):
            log.info("…%s is not told %s", number[-4:], why)
            return None
        if backlog := memory.backlog(ZoneInfo(self._settings.timezone)):
            text = f"{cut(text, MAX_TEXT - len(backlog) - 1)}\n{backlog}"
        alert = Alert(Message(number, text), key, memory, self._then(memory, now))
        if self._ledger and not self._ledger.intend(alert.message):
            log.warning("…%s is not told, having said no, by the ledger's list of suppressions.", number[-4:])
            self._take_back(alert)
            return None
        return alert

    def _why_not(self, memory: Memory, now: float) -> str:
        """Say why somebody of whom this is known is not told; empty if he is."""
        if self._event.kind in _RECOVERIES and self._which not in memory.down:
            return "of a recovery: no failure was told before."
        if self._identity and self._identity in memory.told:
            return "of this event again."
        return _TOO_SOON if self._is_too_soon(memory, now) else ""

    def _is_too_soon(self, memory: Memory, now: float) -> bool:
        return bool(self._min_seconds) and memory.is_too_soon(self._event.kind.value, now, self._min_seconds)

    def _then(self, memory: Memory, now: float) -> Memory:
        """Return what is known once this event has been told, held back, or left untold."""
        why = self._why_not(memory, now)
        if why == _TOO_SOON:
            return memory.holding(self._identity, now)
        return memory if why else self._after(memory, now)

    def _after(self, memory: Memory, now: float) -> Memory:
        after = memory.telling(self._identity, self._event.kind.value, now)
        if self._event.kind in FAILURES:
            return after.failing(self._which, now)
        return after.recovering(self._which) if self._event.kind in _RECOVERIES else after

    def _take_back(self, alert: Alert) -> None:
        self._change(alert.key, lambda memory: memory.without(alert.after, alert.before))

    def _change(self, key: str, make: Callable[[Memory], Memory]) -> Memory:
        """Change what is known, in one step where the store can; return what was."""
        store = self._store
        if isinstance(store, LedgerMemory):
            value = store.change(key, lambda value: make(Memory.from_json(value)).to_json())
            return Memory.from_json(value)
        before = _recall(store, key)
        after = make(before)
        if after is not before:
            _remember(store, key, after)
        return before


def _recall(store: Store, key: str) -> Memory:
    try:
        return Memory.from_json(store.get(key))
    except Exception as error:  # noqa: BLE001  (an alert twice is better than none)
        log.warning("What was told before could not be read (%s).", type(error).__name__)
        return Memory()


def _remember(store: Store, key: str, memory: Memory) -> None:
    try:
        store.set(key, memory.to_json())
    except Exception as error:  # noqa: BLE001  (an alert twice is better than none)
        log.warning("What is being told could not be written down (%s).", type(error).__name__)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]
