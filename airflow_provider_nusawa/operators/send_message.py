"""NusaWaSendMessageOperator: one text to one or many people, none of them twice."""

from __future__ import annotations

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


class NusaWaSendMessageOperator(BaseOperator):
    """Sends one WhatsApp text to one person or to many, and messages none of them twice.

    Succeeds when the gateway has accepted the messages. That is not yet delivery: ``NusaWaDeliverySensor`` waits for
    it in a task of its own, because Airflow retries whole tasks.

    On Airflow 3.3 and later the task remembers, through retries, kills and lost answers, who was sent to. A retry goes
    on with whoever was not; it never sends again to a person whose message was accepted or, unless ``on_unknown`` says
    so, perhaps taken. Within a task a person is known by the number, not by the text: a text that changes between
    tries makes no second message. Below 3.3 nothing remembers, so a second try refuses to send.

    :returns: A receipt for one number, a list of receipts in the order of ``to`` for a list; pushed to XCom even when
        the task then fails: ``{"message_id": "1750…", "destination": "*********7890", "code": 0, "api": "v3",
        "outcome": "accepted" | "refused" | "unknown" | "not_tried", "repeated": False}``.

    :param to: A phone number as people write it, or a list of up to 500. (templated)
    :param text: What to say: 1 to 1000 characters. (templated)
    :param text_path: A file with the text's template instead, found as Airflow finds template files: beside the Dag,
        or in its ``template_searchpath``.
    :param on_unknown: What a retry does about a message that was perhaps sent: ``fail`` (default, because the person
        may have it) or ``retry`` (the person may get it twice).
    :param on_partial: How a task ends that could not send to all: ``fail`` (default) or ``succeed``.
    :param idempotency_key: Takes the place of dag, run and task as what is remembered. It needs the ledger, which
        this version does not have yet: any key is refused before anything is sent. (templated)
    :param nusawa_conn_id: The connection to send through. (templated)
    :raises AirflowFailException: Where no retry can help: a refusal for good, or an outcome that stays unknown.
    :raises AirflowException: Where a retry can help. Retries send only to those who were not reached.
    """

    template_fields: Sequence[str] = ("to", "text", "idempotency_key", "nusawa_conn_id")
    ui_color = "#e7f7ec"

    def __init__(
        self,
        *,
        to: str | int | list[str | int],
        text: str | None = None,
        text_path: str | None = None,
        on_unknown: Literal["fail", "retry"] = "fail",
        on_partial: Literal["fail", "succeed"] = "fail",
        idempotency_key: str | None = None,
        nusawa_conn_id: str = NusaWaHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _one_of("on_unknown", on_unknown, ("fail", "retry"))
        _one_of("on_partial", on_partial, ("fail", "succeed"))
        if (text is None) == (text_path is None):
            raise ValueError("give either text or text_path")
        self.to = to
        self.text = text
        self.text_path = text_path
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

    def _messages(self, hook: NusaWaHook, context: Context) -> list[Message]:
        from airflow_provider_nusawa.gateway.messages import Message
        from airflow_provider_nusawa.recipients import read_recipients, read_text

        text = read_text(_rendered(self.text_path, context) if self.text_path else self.text)
        return [Message(number, text) for number in read_recipients(self.to, hook.normalise)]

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


def _rendered(path: str, context: Context) -> str:
    # Here and not by template_ext, which would take any text that ends in ".txt" for a path. Sandboxed is never
    # native: a text stays text.
    return context["dag"].get_template_env(force_sandboxed=True).get_template(path).render(context)
