"""What the account holds, asked around a campaign: a help for people, which no message may wait for."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.gateway.dialects import dialect_of
from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.ledger.hints import note_balance
from airflow_provider_nusawa.operators.standing_by import LOOK_SECONDS, Errand

if TYPE_CHECKING:
    from decimal import Decimal

    from airflow_provider_nusawa.gateway.messages import Credits
    from airflow_provider_nusawa.hooks import NusaWaHook
    from airflow_provider_nusawa.ledger.store import Ledger

log = logging.getLogger(__name__)

LONGEST_SECONDS = 5.0
"""Who has not answered by then is not waited for."""


class Balance:
    """One account's, asked softly: whatever goes wrong is a line in the log.

    :param told: Set once the task is told to stop: then nothing is asked any more.
    """

    def __init__(self, hook: NusaWaHook, told: threading.Event) -> None:
        self._hook = hook
        self._told = told

    def ask(self) -> Decimal | None:
        """Return the credits; None where they are not told in time."""
        try:
            with self._hook.get_conn() as client:
                errand = Errand(client.credits, client.stop)
                return errand.result.amount if self._is_done(errand) else None
        except NusaWaError as error:
            log.warning("The balance is not known: %s", error.what)
            return None

    def note(self, ledger: Ledger, campaign_id: int) -> None:
        """Put it on record for a campaign, where delivery reports name nobody: then its fall is a hint.

        See ``ledger.hints``.
        """
        settings = self._hook.settings
        if dialect_of(settings).REPORTS_NAME_PEOPLE or (amount := self.ask()) is None:
            return
        metrics.note_balance(amount, self._hook.nusawa_conn_id)
        try:
            ledger.write(lambda tx: note_balance(tx, campaign_id, settings.account, amount))
        except NusaWaError as error:
            log.warning("The balance is not on record: %s", error.what)

    def _is_done(self, errand: Errand[Credits]) -> bool:
        """Run it until it is done, or has to end. Whether it is done."""
        end = time.monotonic() + LONGEST_SECONDS
        errand.start()
        while not errand.wait(LOOK_SECONDS):
            if self._told.is_set() or time.monotonic() > end:
                break
        return errand.stop(LOOK_SECONDS)
