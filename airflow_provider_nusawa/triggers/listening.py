"""What waits for the gateway to tell: each trigger listens to the poll loop of its connection, and fires one event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.waiting.agenda import Rhythm
from airflow_provider_nusawa.waiting.end import WaitEnd
from airflow_provider_nusawa.waiting.funds import Need, today_in
from airflow_provider_nusawa.waiting.listener import TimeIsUp
from airflow_provider_nusawa.waiting.polling import CREDITS, listening
from airflow_provider_nusawa.waiting.share import MessageWatch, WaitVerdict

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from airflow_provider_nusawa.gateway.client import AsyncClient
    from airflow_provider_nusawa.ledger.store import Ledger
    from airflow_provider_nusawa.waiting.listener import Listener


class WaitingTrigger(BaseTrigger):
    """Waits until a deadline for what the gateway tells. It asks questions only and never sends.

    Its arguments can be read by whoever sees the task: ids and numbers only, nothing secret, no phone numbers.

    :param nusawa_conn_id: The connection to ask through.
    :param deadline: Seconds since the epoch.
    :param first_poll_seconds: Before the first look, and before any event: Airflow may lose one within seconds of a
        deferral.
    :param longest_poll_seconds: Between two looks, which come ever further apart.
    """

    _own_arguments: tuple[str, ...]

    def __init__(
        self, *, nusawa_conn_id: str, deadline: float, first_poll_seconds: float, longest_poll_seconds: float
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.nusawa_conn_id = nusawa_conn_id
        self.deadline = deadline
        self.first_poll_seconds = first_poll_seconds
        self.longest_poll_seconds = longest_poll_seconds
        self._trouble = ""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the import path and the arguments."""
        arguments = ("nusawa_conn_id", "deadline", "first_poll_seconds", "longest_poll_seconds", *self._own_arguments)
        return f"{__package__}.{type(self).__name__}", {name: getattr(self, name) for name in arguments}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and fire one event whatever happens: a trigger that ends without one fails its task namelessly."""
        begun = time.monotonic()
        try:
            verdict = await self._wait()
        except TimeIsUp:
            verdict = WaitVerdict.TIMED_OUT
        except NusaWaError as error:
            verdict = WaitVerdict.BROKEN if error.retryable else WaitVerdict.REFUSED
            self._trouble = error.what
        except Exception as error:
            self.log.exception("waiting failed")
            verdict = WaitVerdict.BROKEN
            self._trouble = f"waiting failed with {type(error).__name__}"
        # Who shares a question with those who came before may know the answer long before his own first look.
        await asyncio.sleep(begun + self.first_poll_seconds - time.monotonic())
        yield TriggerEvent(self._event(verdict))  # type: ignore[no-untyped-call]

    async def _wait(self) -> WaitVerdict:
        raise NotImplementedError

    def _event(self, verdict: WaitVerdict) -> dict[str, Any]:
        raise NotImplementedError

    def _listening(self, questions: Sequence[str]) -> AbstractAsyncContextManager[Listener]:
        rhythm = Rhythm(self.first_poll_seconds, self.longest_poll_seconds)
        conn_id = self.nusawa_conn_id
        open_client, open_ledger = partial(_open_client, conn_id), partial(_open_ledger, conn_id)
        return listening(conn_id, open_client, questions, rhythm, deadline=self.deadline, open_ledger=open_ledger)

    def _note(self, error: NusaWaError) -> None:
        """Log a failed look, once as long as it stays the same. An outage is waited out."""
        if self._trouble != error.what:
            self._trouble = error.what
            self.log.warning("A look failed, and the wait goes on: %s", error.what)


class NusaWaDeliveryTrigger(WaitingTrigger):
    """Waits until enough messages are delivered, or until so many have failed that they cannot be.

    :param message_ids: The messages, each once.
    :param needed: How many of them must be delivered.
    """

    _own_arguments = ("message_ids", "needed")

    def __init__(self, *, message_ids: Sequence[str], needed: int, **waiting: Any) -> None:
        super().__init__(**waiting)
        self.message_ids = message_ids
        self.needed = needed
        self._watch = MessageWatch(message_ids, needed)
        self._odd_letters: set[str] = set()

    async def _wait(self) -> WaitVerdict:
        async with self._listening(self.message_ids) as listener:
            while self._watch.verdict is WaitVerdict.PENDING:
                _, answer = await listener.next()
                if isinstance(answer, DeliveryReport):
                    self._look(answer, listener)
                elif isinstance(answer, NusaWaError):
                    self._note(answer)
        return self._watch.verdict

    def _look(self, report: DeliveryReport, listener: Listener) -> None:
        self._watch.take(report)
        if self._watch.is_suspect(report.message_id):
            listener.hurry(report.message_id)
        elif not self._watch.is_open(report.message_id):
            listener.drop([report.message_id])
        if report.status is DeliveryStatus.OTHER and report.letter not in self._odd_letters:
            self._odd_letters.add(report.letter)
            self.log.warning("A report has the letter %.20r, which is not documented: taken as pending", report.letter)

    def _event(self, verdict: WaitVerdict) -> dict[str, Any]:
        return WaitEnd(verdict, self._watch.reports, self._trouble).to_event()


class NusaWaCreditsTrigger(WaitingTrigger):
    """Waits until the balance is large enough and lasts long enough.

    :param minimum: Credits, at least; text, because JSON has no decimals.
    :param min_days_left: Days until the balance expires, at least.
    :param timezone: The account's time zone, in which its days are counted.
    """

    _own_arguments = ("minimum", "min_days_left", "timezone")

    def __init__(self, *, minimum: str, min_days_left: int | None, timezone: str, **waiting: Any) -> None:
        super().__init__(**waiting)
        self.minimum = minimum
        self.min_days_left = min_days_left
        self.timezone = timezone
        self._credits: Credits | None = None

    async def _wait(self) -> WaitVerdict:
        need = Need.read(self.minimum, self.min_days_left)
        async with self._listening([CREDITS]) as listener:
            while self._credits is None or need.shortfalls(self._credits, today_in(self.timezone)):
                _, answer = await listener.next()
                if isinstance(answer, Credits):
                    self._credits = answer
                elif isinstance(answer, NusaWaError):
                    self._note(answer)
        return WaitVerdict.MET

    def _event(self, verdict: WaitVerdict) -> dict[str, Any]:
        credits = self._credits.to_xcom() if self._credits else None
        return {"verdict": verdict.value, "credits": credits, "trouble": self._trouble[:1000]}


async def _open_client(nusawa_conn_id: str) -> AsyncClient:
    return await NusaWaHook(nusawa_conn_id).get_async_conn()


async def _open_ledger(nusawa_conn_id: str) -> Ledger | None:
    from airflow_provider_nusawa import ledgers  # loads sqlalchemy
    from airflow_provider_nusawa.ledger.store import open_ledger

    hook = NusaWaHook(nusawa_conn_id)
    settings = await hook.get_async_settings()
    if not ledgers.is_named(settings):
        return None
    return await asyncio.to_thread(open_ledger, await ledgers.place_of_async(hook, settings))
