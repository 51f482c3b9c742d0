"""NusaWaCreditsCheckOperator: a gate before sending, open while the account has credits enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException, BaseOperator

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.airflow_errors import invalid_arguments_fail_at_once, translated
from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.operators.choices import one_of
from airflow_provider_nusawa.waiting.funds import Need, lacks_credits, said, today_in

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class NusaWaCreditsCheckOperator(BaseOperator):
    """Asks for the balance once, and stops here if it is too small, expired, or about to expire.

    Returns ``{"credits": "1500", "expires": "2026-12-31"}``; ``expires`` is None where the gateway tells none. To wait
    for a top-up instead, use ``NusaWaCreditsSensor``.

    :param minimum: Credits, at least: a number, or a template that becomes one. (templated)
    :param min_days_left: Days until the balance expires, at least, counted in the connection's time zone. (templated)
    :param on_insufficient: ``fail`` fails the task without retries. ``skip`` skips this task itself, and the trigger
        rules of those after it decide what follows: with ``all_success`` they are skipped too.
    :param nusawa_conn_id: The connection to ask through. (templated)
    """

    template_fields: Sequence[str] = ("minimum", "min_days_left", "nusawa_conn_id")

    def __init__(
        self,
        *,
        minimum: Any,
        min_days_left: Any = None,
        on_insufficient: Literal["fail", "skip"] = "fail",
        nusawa_conn_id: str = "nusawa_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        one_of("on_insufficient", on_insufficient, ("fail", "skip"))
        self.minimum = minimum
        self.min_days_left = min_days_left
        self.on_insufficient = on_insufficient
        self.nusawa_conn_id = nusawa_conn_id

    def execute(self, context: Context) -> dict[str, str | None]:
        """Ask, judge, and return the balance."""
        with invalid_arguments_fail_at_once(self.task_id):
            need = Need.read(self.minimum, self.min_days_left)
        hook = NusaWaHook(self.nusawa_conn_id)
        with translated():
            try:
                credits = hook.get_credits()
            except NusaWaError as error:
                if lacks_credits(error):
                    self._stop(error.what)
                raise
        metrics.note_balance(credits.amount, self.nusawa_conn_id)
        shortfalls = need.shortfalls(credits, today_in(hook.settings.timezone))
        if shortfalls:
            self._stop("; ".join([said(credits), *shortfalls]))
        self.log.info("%s, %s needed", said(credits), need.minimum)
        return credits.to_xcom()

    def _stop(self, why: str) -> NoReturn:
        stop = AirflowSkipException if self.on_insufficient == "skip" else AirflowFailException
        raise stop(f"{why}. Nothing was sent by this task; top the account up, or lower minimum.")
