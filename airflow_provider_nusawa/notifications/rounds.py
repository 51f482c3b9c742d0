"""One event told to each of its recipients: who still has to be told, and what became of each. Never raises."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.gateway.errors import NusaWaError, OutcomeUnknown
from airflow_provider_nusawa.gateway.messages import MAX_TEXT, Message, Receipt
from airflow_provider_nusawa.gateway.numbers import normalise_number
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.notifications.event import FAILURES, RECOVERIES, Event
from airflow_provider_nusawa.notifications.memory import Memory, Store, memory_key
from airflow_provider_nusawa.notifications.wording import cut

log = logging.getLogger(__name__)

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
    :param min_seconds: How much time must pass between two alerts of one kind to one recipient; 0 for none.
    """

    def __init__(self, event: Event, words: str, *, store: Store, settings: Settings, min_seconds: float = 0.0) -> None:
        self._event = event
        self._store = store
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
                self._remember(alert.key, alert.before)
        else:
            log.error("…%s may or may not have been told: %s.", whom, type(result).__name__)

    def _number(self, written: str) -> str | None:
        try:
            return normalise_number(written, self._settings.default_region)
        except NusaWaError as error:
            log.error("A recipient is left out of an alert: %s", error)
            return None

    def _plan_one(self, number: str, text: str, scope: tuple[str, ...]) -> Alert | None:
        key = memory_key(number, self._settings.account, str(bool(self._settings.redirect_to)), *scope)
        memory, kind, now = self._recall(key), self._event.kind.value, time.time()
        if self._event.kind in _RECOVERIES and self._which not in memory.down:
            log.info("…%s is not told of a recovery: no failure was told before.", number[-4:])
            return None
        if self._identity and self._identity in memory.told:
            log.info("…%s is not told of this event again.", number[-4:])
            return None
        if self._min_seconds and memory.is_too_soon(kind, now, self._min_seconds):
            self._remember(key, memory.holding(self._identity, now))
            log.info("…%s is not told now, because of min_interval; the next alert counts it.", number[-4:])
            return None
        backlog = memory.backlog(ZoneInfo(self._settings.timezone))
        if backlog:
            text = f"{cut(text, MAX_TEXT - len(backlog) - 1)}\n{backlog}"
        alert = Alert(Message(number, text), key, memory, self._after(memory, now))
        self._remember(key, alert.after)
        return alert

    def _after(self, memory: Memory, now: float) -> Memory:
        after = memory.telling(self._identity, self._event.kind.value, now)
        if self._event.kind in FAILURES:
            return after.failing(self._which, now)
        return after.recovering(self._which) if self._event.kind in _RECOVERIES else after

    def _recall(self, key: str) -> Memory:
        try:
            return Memory.from_json(self._store.get(key))
        except Exception as error:  # noqa: BLE001  (an alert twice is better than none)
            log.warning("What was told before could not be read (%s).", type(error).__name__)
            return Memory()

    def _remember(self, key: str, memory: Memory) -> None:
        try:
            self._store.set(key, memory.to_json())
        except Exception as error:  # noqa: BLE001  (an alert twice is better than none)
            log.warning("What is being told could not be written down (%s).", type(error).__name__)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]
