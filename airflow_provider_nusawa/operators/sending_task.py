"""What all operators that send share: each person at most once, the wait for it, and the verdict on the task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, BaseOperator

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.airflow_errors import translated
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.operators.choices import one_of
from airflow_provider_nusawa.operators.standing_by import stand_by
from airflow_provider_nusawa.recipients import is_many
from airflow_provider_nusawa.xcoms import RETURN_VALUE

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.gateway.messages import Message
    from airflow_provider_nusawa.sending import Attempt


class SendingOperator(BaseOperator):
    """Sends what its subclass composes, to one person or to many, and messages none of them twice.

    :param to: A phone number as people write it, or a list of up to 500. (templated)
    :param on_unknown: What a retry does about a message that was perhaps sent: ``fail`` (default, because the person
        may have it) or ``retry`` (the person may get it twice).
    :param on_partial: How a task ends that could not send to all: ``fail`` (default) or ``succeed``.
    :param idempotency_key: Takes the place of dag, run and task as what is remembered, so that no other run and no
        other Dag with the same key messages a person again. It is kept in the ledger: the one that the connection
        names, else a file on this machine. (templated)
    :param heed_suppressions: Whether to leave out who has said no, by the ledger's list. They are ``refused`` here,
        and no retry will change that; the ledger is then needed.
    :param sender: Which of the account's senders speaks; its usual one unless given. API v1.0 only. (templated)
    :param gateway_queue: Which of the account's queues it goes through; its usual one unless given. Plain ``queue`` is
        Airflow's, of workers. API v1.0 only. (templated)
    :param include_unsubscribe: Whether the message offers the person to unsubscribe; as the account is set unless
        given. API v1.0 only.
    :param nusawa_conn_id: The connection to send through. (templated)
    """

    template_fields: Sequence[str] = ("to", "idempotency_key", "sender", "gateway_queue", "nusawa_conn_id")
    ui_color = "#e7f7ec"

    def __init__(
        self,
        *,
        to: str | int | list[str | int],
        on_unknown: Literal["fail", "retry"] = "fail",
        on_partial: Literal["fail", "succeed"] = "fail",
        idempotency_key: str | None = None,
        heed_suppressions: bool = False,
        sender: str | None = None,
        gateway_queue: str | None = None,
        include_unsubscribe: bool | None = None,
        nusawa_conn_id: str = NusaWaHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        one_of("on_unknown", on_unknown, ("fail", "retry"))
        one_of("on_partial", on_partial, ("fail", "succeed"))
        self.to = to
        self.on_unknown = on_unknown
        self.on_partial = on_partial
        self.idempotency_key = idempotency_key
        self.heed_suppressions = heed_suppressions
        self.sender = sender
        self.gateway_queue = gateway_queue
        self.include_unsubscribe = include_unsubscribe
        self.nusawa_conn_id = nusawa_conn_id
        self._told_to_stop = False

    def execute(self, context: Context) -> Any:
        from airflow_provider_nusawa.gateway.dialects import dialect_of
        from airflow_provider_nusawa.operators.send_journal import open_journal
        from airflow_provider_nusawa.sending import Sending

        hook = NusaWaHook(self.nusawa_conn_id)
        options: dict[str, Any] = {"idempotency_key": self.idempotency_key, "heed_suppressions": self.heed_suppressions}
        with translated():
            messages = self._messages(hook, context)
            for message in messages:
                dialect_of(hook.settings).check_message(message)
            unique = list({message.to: message for message in messages}.values())
            with hook.get_conn() as client:
                journal = open_journal(context, hook, **options)
                sending = Sending(client, journal, unique, resend_unknown=self.on_unknown == "retry")
                try:
                    stand_by(sending, lambda: self._told_to_stop, self.log)
                except BaseException:
                    self._leave_word(messages, sending.attempts, context)
                    raise
                finally:
                    metrics.count_sends((one.receipt for one in sending.attempts), self.nusawa_conn_id)
            value = self._push(messages, sending.attempts, context)
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

    def _push(self, messages: Sequence[Message], attempts: Sequence[Attempt], context: Context) -> Any:
        """Hand on the receipts; none where it did not come to be known what is on record of these people."""
        if not attempts:
            return None
        by_number = {attempt.receipt.destination: attempt.receipt.to_xcom() for attempt in attempts}
        receipts = [by_number[message.to] for message in messages]
        value = receipts if is_many(self.to) else receipts[0]
        ti = context["ti"]
        # A try starts without an XCom: what is there is the word of a later one, which began while this one was frozen.
        if ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index) is None:
            ti.xcom_push(key=RETURN_VALUE, value=value)
        return value

    def _leave_word(self, messages: Sequence[Message], attempts: Sequence[Attempt], context: Context) -> None:
        """Tell what became of whom before a stop or a time-out ends the task; that one stands, whatever fails here."""
        from airflow_provider_nusawa.verdict import table_of

        if attempts:
            self.log.warning("Ended before its time: %s", table_of(attempts))
        try:
            self._push(messages, attempts, context)
        except Exception as error:  # noqa: BLE001 - what ends the task is raised, not this
            self.log.warning("The receipts could not be pushed to XCom: %s", type(error).__name__)

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
