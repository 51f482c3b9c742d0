"""What all operators that send share: each person at most once, the wait for it, and the verdict on the task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, BaseOperator

from airflow_provider_nusawa.airflow_errors import translated
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.xcoms import RETURN_VALUE

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.gateway.messages import Message
    from airflow_provider_nusawa.journal import Store
    from airflow_provider_nusawa.sending import Attempt, Sending

LOOK_SECONDS = 0.1
STOP_SECONDS = 3.0
"""Airflow kills a task 5 s after it told it to stop."""


class SendingOperator(BaseOperator):
    """Sends what its subclass composes, to one person or to many, and messages none of them twice.

    :param to: A phone number as people write it, or a list of up to 500. (templated)
    :param on_unknown: What a retry does about a message that was perhaps sent: ``fail`` (default, because the person
        may have it) or ``retry`` (the person may get it twice).
    :param on_partial: How a task ends that could not send to all: ``fail`` (default) or ``succeed``.
    :param idempotency_key: Takes the place of dag, run and task as what is remembered. It needs the ledger, which
        this version does not have yet: any key is refused before anything is sent. (templated)
    :param nusawa_conn_id: The connection to send through. (templated)
    """

    template_fields: Sequence[str] = ("to", "idempotency_key", "nusawa_conn_id")
    ui_color = "#e7f7ec"

    def __init__(
        self,
        *,
        to: str | int | list[str | int],
        on_unknown: Literal["fail", "retry"] = "fail",
        on_partial: Literal["fail", "succeed"] = "fail",
        idempotency_key: str | None = None,
        nusawa_conn_id: str = NusaWaHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _one_of("on_unknown", on_unknown, ("fail", "retry"))
        _one_of("on_partial", on_partial, ("fail", "succeed"))
        self.to = to
        self.on_unknown = on_unknown
        self.on_partial = on_partial
        self.idempotency_key = idempotency_key
        self.nusawa_conn_id = nusawa_conn_id
        self._told_to_stop = False

    def execute(self, context: Context) -> dict[str, Any] | list[dict[str, Any]]:
        from airflow_provider_nusawa.sending import Sending

        hook = NusaWaHook(self.nusawa_conn_id)
        with translated():
            store = self._store(context)
            messages = self._messages(hook, context)
            unique = list({message.to: message for message in messages}.values())
            with hook.get_conn() as client:
                sending = Sending(client, store, unique, resend_unknown=self.on_unknown == "retry")
                self._wait_for(sending)
            by_number = {attempt.receipt.destination: attempt for attempt in sending.attempts}
            receipts = [by_number[message.to].receipt.to_xcom() for message in messages]
            value = receipts if isinstance(self.to, (list, tuple)) else receipts[0]
            context["ti"].xcom_push(key=RETURN_VALUE, value=value)
            if sending.failure:
                raise sending.failure
        self._conclude(sending.attempts)
        return value

    def on_kill(self) -> None:
        # Called in a signal handler, which may have interrupted anything: only a flag is safe.
        self._told_to_stop = True

    @abstractmethod
    def _messages(self, hook: NusaWaHook, context: Context) -> list[Message]:
        """Return one message for each place of ``to``, checked."""

    def _store(self, context: Context) -> Store:
        from airflow_provider_nusawa.journal import Forgetful
        from airflow_provider_nusawa.task_state import TaskStateStore

        if self.idempotency_key:
            raise AirflowFailException(
                "idempotency_key needs the ledger, which this version does not have yet. Nothing was sent. "
                "Leave it out: within one run the task remembers by itself."
            )
        ti, accessor = context["ti"], context.get("task_state_store")
        if accessor is not None:
            return TaskStateStore(accessor, ti)
        if ti.try_number > 1:
            raise AirflowFailException(
                f"This is try {ti.try_number}, and this Airflow keeps no task state, so nobody knows whom the tries "
                "before have messaged. Nothing was sent now. Look at their logs, then trigger a new run for those "
                "who were left out; or use Airflow 3.3 or later, where tasks remember."
            )
        return Forgetful()

    def _wait_for(self, sending: Sending) -> None:
        """Wait in the main thread, which does nothing else: signals and time-outs are raised in it."""
        sending.start()
        try:
            while not sending.wait(LOOK_SECONDS):
                if self._told_to_stop:
                    raise AirflowException("The task was told to stop; whom it has messaged is on record.")
        except BaseException:
            if not sending.stop(STOP_SECONDS):
                self.log.warning("outcomes could not be put on record in time: they will read as unknown")
            raise

    def _conclude(self, attempts: Sequence[Attempt]) -> None:
        from airflow_provider_nusawa.verdict import Verdict, table_of, verdict_on

        table = table_of(attempts)
        verdict = verdict_on(attempts, partial_succeeds=self.on_partial == "succeed")
        if verdict is Verdict.FAIL:
            raise AirflowFailException(f"No retry can help: {table}")
        if verdict is Verdict.RETRY:
            raise AirflowException(f"Not all was sent: {table}")
        self.log.info("%s", table)
        if all(attempt.receipt.repeated for attempt in attempts):
            self.log.warning("NOTHING WAS SENT: an earlier try of this task had sent it all")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}, and must be {' or '.join(map(repr, allowed))}")
