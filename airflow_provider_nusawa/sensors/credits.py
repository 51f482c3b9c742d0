"""NusaWaCreditsSensor: wait until the account has credits enough, as after a top-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import PokeReturnValue

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.airflow_errors import invalid_arguments_fail_at_once, translated
from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.sensors.deferrable import DeferrableSensor
from airflow_provider_nusawa.waiting.funds import Need, lacks_credits, said, today_in
from airflow_provider_nusawa.waiting.share import WaitVerdict

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.triggers import NusaWaCreditsTrigger


class NusaWaCreditsSensor(DeferrableSensor):
    """Waits until the balance is large enough and lasts long enough.

    Returns the balance as ``NusaWaCreditsCheckOperator`` does. A balance that has expired is never enough.

    :param minimum: Credits, at least: a number, or a template that becomes one. (templated)
    :param min_days_left: Days until the balance expires, at least. (templated)
    :param kwargs: Those of ``DeferrableSensor``: ``deferrable``, ``timeout``, ``first_poll_seconds``,
        ``longest_poll_seconds`` and ``nusawa_conn_id``; and those of any sensor.
    :raises AirflowFailException: If the gateway refuses the account, or an argument is no number: no retry would help.
    :raises AirflowSensorTimeout: After ``timeout``, 24 hours unless given: Airflow does not retry either.
    """

    template_fields: Sequence[str] = ("minimum", "min_days_left", "nusawa_conn_id")

    def __init__(self, *, minimum: Any, min_days_left: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.minimum = minimum
        self.min_days_left = min_days_left

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Ask for the balance once."""
        need = self._read_need()
        hook = NusaWaHook(self.nusawa_conn_id)
        with translated():
            zone = hook.settings.timezone
            try:
                credits = hook.get_credits()
            except NusaWaError as error:
                if not error.retryable and not lacks_credits(error):
                    raise
                self.log.warning("%s; the wait goes on", error.what)
                return False
        metrics.note_balance(credits.amount, self.nusawa_conn_id)
        shortfalls = need.shortfalls(credits, today_in(zone))
        self.log.info("%s", "; ".join([said(credits), *shortfalls]))
        return PokeReturnValue(not shortfalls, None if shortfalls else credits.to_xcom())

    def trigger_until(self, deadline: float) -> NusaWaCreditsTrigger:
        from airflow_provider_nusawa.triggers import NusaWaCreditsTrigger  # loads what Dag files do without

        need = self._read_need()
        return NusaWaCreditsTrigger(
            minimum=f"{need.minimum:f}",
            min_days_left=need.min_days_left,
            timezone=NusaWaHook(self.nusawa_conn_id).settings.timezone,
            **self.trigger_arguments(deadline),
        )

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, str | None]:
        """Take up where the trigger ended."""
        credits: dict[str, str | None] | None = event["credits"]
        verdict = WaitVerdict(event["verdict"])
        if verdict is WaitVerdict.MET and credits is not None:
            return credits
        known = f"the balance is {credits['credits']} credits" if credits else "no balance was told"
        raise self.gave_up(verdict, f"{known}, {self.minimum} needed", event["trouble"])

    def _read_need(self) -> Need:
        with invalid_arguments_fail_at_once(self.task_id):
            return Need.read(self.minimum, self.min_days_left)
