"""NusaWaSendMessageOperator: one text to one or many people, none of them twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.operators.api_options import options_of
from airflow_provider_nusawa.operators.sending_task import SendingOperator
from airflow_provider_nusawa.operators.template_file import read_template

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.gateway.messages import Message
    from airflow_provider_nusawa.hooks import NusaWaHook


class NusaWaSendMessageOperator(SendingOperator):
    """Sends one WhatsApp text to one person or to many, and messages none of them twice.

    Succeeds when the gateway has accepted the messages. That is not yet delivery: ``NusaWaDeliverySensor`` waits for
    it in a task of its own, because Airflow retries whole tasks.

    The task remembers, through retries, kills and lost answers, who was sent to. A retry goes on with whoever was not;
    it never sends again to a person whose message was accepted or, unless ``on_unknown`` says so, perhaps taken. Within
    a task a person is known by the number, not by the text: a text that changes between tries makes no second message.

    Where the connection names a ledger (``ledger_conn_id``), that holds through clears and in re-ordered maps too, and
    all who send keep one rate. Without one the task's state remembers, on Airflow 3.3 and later; below that a file on
    this machine; and where tasks run on other machines, nothing: then a second try refuses to send.

    :returns: A receipt for one number, a list of receipts in the order of ``to`` for a list; pushed to XCom even when
        the task then fails: ``{"message_id": "1750…", "destination": "*********7890", "code": 0, "api": "v3",
        "outcome": "accepted" | "refused" | "unknown" | "not_tried", "repeated": False}``.

    :param to: A phone number as people write it, or a list of up to 500. (templated)
    :param text: What to say: 1 to 1000 characters. (templated)
    :param text_path: A file with the text's template instead: absolute, or found as Airflow finds template files,
        which is beside the Dag or in its ``template_searchpath``.
    :param kwargs: The other parameters of ``SendingOperator``: ``sender``, ``gateway_queue``,
        ``include_unsubscribe``, ``on_unknown``, ``on_partial``, ``idempotency_key``, ``heed_suppressions`` and
        ``nusawa_conn_id``.
    :raises AirflowFailException: Where no retry can help: a refusal for good, or an outcome that stays unknown.
    :raises AirflowException: Where a retry can help. Retries send only to those who were not reached.
    """

    template_fields: Sequence[str] = (*SendingOperator.template_fields, "text")

    def __init__(
        self,
        *,
        to: str | int | list[str | int],
        text: str | None = None,
        text_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(to=to, **kwargs)
        if (text is None) == (text_path is None):
            raise ValueError("give either text or text_path")
        self.text = text
        self.text_path = text_path

    def _messages(self, hook: NusaWaHook, context: Context) -> list[Message]:
        from airflow_provider_nusawa.gateway.messages import Message
        from airflow_provider_nusawa.recipients import read_recipients, read_text

        text = read_text(_rendered(self.text_path, context) if self.text_path else self.text)
        options = options_of(self)
        return [Message(number, text, options=options) for number in read_recipients(self.to, hook.normalise)]


def _rendered(path: str, context: Context) -> str:
    # Here and not by template_ext, which would take any text that ends in ".txt" for a path. Sandboxed is never
    # native: a text stays text.
    template = read_template(path, context)
    return context["dag"].get_template_env(force_sandboxed=True).from_string(template).render(context)
