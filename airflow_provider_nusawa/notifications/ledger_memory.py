"""A notifier's memory in the ledger: one for all runs and processes; and its alerts in the journal.

An alert is never lost for want of it: where the ledger does not answer, this process remembers, and the log says so.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_nusawa.gateway.errors import Refused
from airflow_provider_nusawa.gateway.messages import Message, Receipt, outcome_of
from airflow_provider_nusawa.journal import Entry, Suppressed, intent_of
from airflow_provider_nusawa.ledger.alert_memory import change_memory
from airflow_provider_nusawa.ledger.errors import LedgerError
from airflow_provider_nusawa.ledger.journal_store import LedgerStore
from airflow_provider_nusawa.ledger.patience import within
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from airflow_provider_nusawa.notifications.memory import Store, changed

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from airflow_provider_nusawa.gateway.settings import Settings

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0

Result = TypeVar("Result")


class LedgerMemory:
    """Remembers for one round of alerts. Its methods raise nothing, and block for seconds at most.

    :param place: The ledger's.
    :param process: What this process remembers, for when the ledger is away.
    :param heed_suppressions: Whether to tell nobody who has said no.
    """

    def __init__(self, place: URL, settings: Settings, process: Store, *, heed_suppressions: bool = False) -> None:
        self._settings = settings
        self._process = process
        self.is_away = False
        self._groups: dict[str, str] = {}
        self._ledger: Ledger | None = self._ask(lambda: open_ledger(place))
        if self._ledger is None:
            return
        # An alert that is told again is another one: what need not be told again, the memory knows.
        identity = ("alert", secrets.token_hex(16))
        self._journal = LedgerStore(self._ledger, settings.account, *identity, heed_suppressions=heed_suppressions)

    def change(self, key: str, make: Callable[[Any], Any]) -> Any:
        """Replace a value by what ``make`` makes of it, and return what it was."""
        ledger = self._ledger
        found = self._ask(lambda: ledger.write(lambda tx: change_memory(tx, key, make))) if ledger else None
        if found is None:
            return changed(self._process, key, make)
        before, after = found
        self._process.set(key, after)  # should the ledger go away, nothing is told twice here
        return before

    def intend(self, message: Message) -> bool:
        """Put an alert on record. Whether it may be sent: not to those who have said no."""
        if self._ledger is None:
            return True
        group = self._ask(lambda: self._intend(message))
        if group:
            self._groups[message.to] = group
        return group != ""

    def conclude(self, message: Message, result: Receipt | BaseException) -> None:
        """Put on record what became of an alert."""
        if group := self._groups.pop(message.to, ""):
            self._ask(lambda: self._journal.conclude(group, [_entry(result)]))

    def close(self) -> None:
        if self._ledger:
            self._ledger.close()

    def _intend(self, message: Message) -> str:
        try:
            return self._journal.intend([intent_of(self._journal, self._settings, message)])
        except Suppressed:
            return ""

    def _ask(self, work: Callable[[], Result]) -> Result | None:
        """Return what the ledger says; None once it is away, for the rest of this round."""
        if self.is_away:
            return None
        try:
            return within(PATIENCE_SECONDS, work)
        except Exception as error:  # noqa: BLE001 - an alert twice is better than none
            what = error.what if isinstance(error, LedgerError) else type(error).__name__
            log.warning("The ledger is left out of this alert, which may so be told twice: %s", what)
            self.is_away = True
            return None


def _entry(result: Receipt | BaseException) -> Entry:
    if isinstance(result, Receipt):
        return Entry(result.outcome, "", result.message_id, result.api, result.code)
    if isinstance(result, Refused):
        return Entry(outcome_of(result), code=result.code, scope=result.scope.value)
    return Entry(outcome_of(result))
