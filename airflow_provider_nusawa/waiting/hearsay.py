"""What callbacks have put into the ledger, for those who would otherwise ask the gateway.

The ledger is looked into often, because that costs little; while callbacks come, the gateway is asked rarely, in case
one was lost. Where no ledger is named, or it is away, the gateway is asked as ever.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.waiting.agenda import Agenda

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.messages import DeliveryReport
    from airflow_provider_nusawa.ledger.store import Ledger
    from airflow_provider_nusawa.waiting.listener import Listener

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
REOPEN_SECONDS = 60.0

OpenLedger: TypeAlias = "Callable[[], Awaitable[Ledger | None]]"


@dataclass(frozen=True, slots=True)
class Heard:
    """What one look into the ledger found.

    :param callbacks_come: Whether the receiver has heard anything lately, of whatever message.
    """

    reports: list[DeliveryReport]
    callbacks_come: bool


def look_into(ledger: Ledger, message_ids: Iterable[str]) -> Heard:
    """Return what is on record of these messages."""
    from airflow_provider_nusawa.ledger.hearing import is_hearing, told_of  # loads sqlalchemy

    return ledger.read(lambda tx: Heard(told_of(tx, message_ids), is_hearing(tx)))


class Ear:
    """Looks into the ledger for all who wait in one poll loop, and tells each what is new.

    :param open_ledger: Returns None if no ledger is named for the connection.
    """

    def __init__(self, agenda: Agenda[Listener], open_ledger: OpenLedger, look_seconds: float = LOOK_SECONDS) -> None:
        self._agenda = agenda
        self._open_ledger = open_ledger
        self._look_seconds = look_seconds
        self._told: dict[tuple[Listener, str], str] = {}
        self._trouble = ""

    async def listen(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                ledger = await self._open_ledger()
                if ledger is None:
                    return
                await self._listen_to(ledger)
            except NusaWaError as error:
                self._note(error.what)
            except Exception as error:  # noqa: BLE001 - the gateway is asked as ever; a stranger's text may quote
                self._note(type(error).__name__)
            self._agenda.ask_rarely(False, time.monotonic())
            await asyncio.sleep(REOPEN_SECONDS)

    async def _listen_to(self, ledger: Ledger) -> None:
        try:
            while True:
                heard = await asyncio.to_thread(look_into, ledger, self._agenda.messages())
                self._agenda.ask_rarely(heard.callbacks_come, time.monotonic())
                self._tell(heard.reports)
                await asyncio.sleep(self._look_seconds)
        finally:
            ledger.close()

    def _tell(self, reports: Iterable[DeliveryReport]) -> None:
        told = {}
        for report in reports:
            for listener in self._agenda.who_waits_for(report.message_id):
                key = (listener, report.message_id)
                told[key] = report.letter
                if self._told.get(key) != report.letter:
                    listener.tell((report.message_id, report))
        self._told = told

    def _note(self, why: str) -> None:
        if self._trouble != why:
            self._trouble = why
            log.warning("The ledger cannot be looked into, and the gateway is asked instead: %s.", why)
