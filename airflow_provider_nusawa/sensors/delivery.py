"""NusaWaDeliverySensor: wait until messages are delivered, or fail as soon as they cannot be."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, PokeReturnValue

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.airflow_errors import invalid_arguments_fail_at_once, translated
from airflow_provider_nusawa.gateway.errors import DeliveryFailed, NusaWaError
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.sensors.deferrable import DeferrableSensor
from airflow_provider_nusawa.waiting.awaited import Awaited, read_awaited
from airflow_provider_nusawa.waiting.end import WaitEnd, clause, some
from airflow_provider_nusawa.waiting.looks import Looks
from airflow_provider_nusawa.waiting.share import MessageWatch, WaitVerdict, check_required, needed_of
from airflow_provider_nusawa.xcoms import RETURN_VALUE

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.gateway.client import Client
    from airflow_provider_nusawa.triggers import NusaWaDeliveryTrigger

FIRST_LOOKS = 100
"""So many messages at most are looked at in the worker before a wait is deferred; the triggerer looks at all."""


class NusaWaDeliverySensor(DeferrableSensor):
    """Waits until enough messages are delivered; fails, without retries, as soon as they no longer can be.

    Returns the last report of every message with an id, as plain JSON without phone numbers. It is pushed as well
    before the task fails, so that a later task can see who was not reached.

    :param messages: A message id, a receipt of ``NusaWaSendMessageOperator``, or a list of either, nested as mapped
        tasks nest it: ``messages=send.output``. Receipts that were refused, not tried, or whose outcome is unknown
        count as not delivered. At most 2000. (templated)
    :param required: The share of all messages that must be delivered: 1.0 is all of them. The rest is not waited for.
    :param kwargs: Those of ``DeferrableSensor``: ``deferrable``, ``timeout``, ``first_poll_seconds``,
        ``longest_poll_seconds`` and ``nusawa_conn_id``; and those of any sensor.
    :raises AirflowFailException: Once the share cannot be reached any more, if the gateway refuses the account, or if
        the connection speaks another API than the one that the messages were sent through: no retry would help.
    :raises AirflowSensorTimeout: After ``timeout``, 24 hours unless given: Airflow does not retry either.
    """

    template_fields: Sequence[str] = ("messages", "nusawa_conn_id")

    def __init__(self, *, messages: Any, required: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_required(required)
        self.messages = messages
        self.required = required
        self._killed = False
        self._client: Client | None = None

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Look at all that is awaited, and a second time at what seems to have failed."""
        awaited = self._read_messages()
        end = self._look(awaited)
        if end.verdict is WaitVerdict.PENDING:
            self.log.info("%s; waiting for %s", self._so_far(end, awaited), some(map(clause, end.pending)))
            return False
        return PokeReturnValue(True, self._conclude(end, awaited, context))

    def trigger_until(self, deadline: float) -> NusaWaDeliveryTrigger:
        from airflow_provider_nusawa.triggers import NusaWaDeliveryTrigger  # loads what Dag files do without

        awaited = self._read_messages()
        needed = needed_of(self.required, awaited.total)
        return NusaWaDeliveryTrigger(
            message_ids=list(awaited.message_ids), needed=needed, **self.trigger_arguments(deadline)
        )

    def execute_complete(self, context: Context, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Take up where the trigger ended."""
        return self._conclude(WaitEnd.from_event(event), self._read_messages(), context)

    def on_kill(self) -> None:
        """Cut the looks in flight."""
        self._killed = True
        if self._client is not None:
            # In a thread: this may run within a signal handler, while the main thread holds one of the client's locks.
            threading.Thread(target=self._client.stop, daemon=True).start()

    def _read_messages(self) -> Awaited:
        with invalid_arguments_fail_at_once(self.task_id):
            return read_awaited(self.messages)

    def _look(self, awaited: Awaited) -> WaitEnd:
        watch = MessageWatch(awaited.message_ids, needed_of(self.required, awaited.total))
        if watch.verdict is WaitVerdict.UNREACHABLE:
            return WaitEnd(watch.verdict, watch.reports)
        hook = NusaWaHook(self.nusawa_conn_id)
        with translated():
            self._check_dialect(awaited, hook.settings.api_version)
        callbacks_come = self._hear(watch, hook)
        if watch.verdict is not WaitVerdict.PENDING:
            return WaitEnd(watch.verdict, watch.reports)
        with hook.get_conn() as self._client:
            looks = Looks(self._client)
            try:
                if not callbacks_come or self._is_time_to_ask():
                    self._take_looks(watch, looks)
                elif not self.deferrable:
                    _note(looks.run(watch.suspects), watch)
            except NusaWaError as error:
                if error.retryable:
                    raise
                return WaitEnd(WaitVerdict.REFUSED, watch.reports, error.what)
        if looks.trouble:
            self.log.warning("A look failed, and the wait goes on: %s", looks.trouble.what)
        return WaitEnd(watch.verdict, watch.reports)

    def _hear(self, watch: MessageWatch, hook: NusaWaHook) -> bool:
        """Note what callbacks have told; whether any come."""
        from airflow_provider_nusawa import ledgers  # loads sqlalchemy
        from airflow_provider_nusawa.waiting.hearsay import look_into

        if not ledgers.is_named(hook.settings):
            return False
        try:
            with ledgers.open_for_reading(hook.settings) as ledger:
                heard = look_into(ledger, watch.message_ids)
        except NusaWaError as error:
            self.log.warning("The ledger cannot be looked into, and the gateway is asked instead: %s", error.what)
            return False
        _note(heard.reports, watch)
        return heard.callbacks_come

    def _is_time_to_ask(self) -> bool:
        """Whether the gateway is to be asked although callbacks come: at one poke in each longest interval.

        By the clock and not by memory: with ``mode="reschedule"``, each poke is another process.
        """
        now, interval = time.time(), self.longest_poll_seconds
        return not self.deferrable and now // interval != (now - self.poke_interval) // interval

    def _take_looks(self, watch: MessageWatch, looks: Looks) -> None:
        if self.deferrable:
            return _note(looks.run(watch.message_ids[:FIRST_LOOKS]), watch)
        _note(looks.run(watch.message_ids), watch)
        if watch.suspects:
            self._sleep(self.first_poll_seconds)
            _note(looks.run(watch.suspects), watch)
        return None

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._killed and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 1.0))

    def _check_dialect(self, awaited: Awaited, spoken: str) -> None:
        if foreign := awaited.apis - {spoken}:
            raise AirflowFailException(
                f"{self.task_id}: messages were accepted through API {', '.join(sorted(foreign))}, but the connection "
                f"{self.nusawa_conn_id!r} speaks {spoken}, which does not know their ids. "
                "Wait through the connection that sent them (nusawa_conn_id)."
            )

    def _conclude(self, end: WaitEnd, awaited: Awaited, context: Context) -> list[dict[str, Any]]:
        """Return the reports if enough are delivered; else push them, and raise why not."""
        metrics.count_deliveries(end.reports, self.nusawa_conn_id)
        reports = end.to_xcom()
        if end.verdict is WaitVerdict.MET:
            self.log.info("%s", self._so_far(end, awaited))
            return reports
        context["ti"].xcom_push(key=RETURN_VALUE, value=reports)
        if end.verdict is WaitVerdict.UNREACHABLE:
            raise self._failure(end, awaited)
        pending = some(map(clause, end.pending))
        so_far = self._so_far(end, awaited) + (f"; not yet: {pending}" if pending else "")
        raise self.gave_up(end.verdict, so_far, end.trouble)

    def _failure(self, end: WaitEnd, awaited: Awaited) -> AirflowFailException:
        why = some([*map(clause, end.failed), *awaited.undeliverable])
        what = f"{self._so_far(end, awaited)}, which can no longer be reached: {why}"
        if not end.failed:
            return AirflowFailException(what)
        first = end.failed[0]
        error = DeliveryFailed(what, message_id=first.message_id, letter=first.letter, err_code=first.err_code)
        failure = AirflowFailException(str(error))
        failure.__cause__ = error
        return failure

    def _so_far(self, end: WaitEnd, awaited: Awaited) -> str:
        needed = needed_of(self.required, awaited.total)
        return f"{end.delivered} of {awaited.total} messages delivered, {needed} needed"


def _note(reports: list[Any], watch: MessageWatch) -> None:
    for report in reports:
        watch.take(report)
