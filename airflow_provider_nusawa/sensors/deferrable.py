"""What all sensors here share: one look in the worker, then, if they may defer, a wait in the triggerer."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, BaseSensorOperator, conf

from airflow_provider_nusawa.gateway.errors import Cause, Unreachable
from airflow_provider_nusawa.waiting.share import WaitVerdict

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.triggers.base import BaseTrigger

GRACE = timedelta(minutes=5)
"""The trigger tells of the time-out itself, with what it knows. Airflow's own comes later, if no triggerer lives."""


class DeferrableSensor(BaseSensorOperator):
    """Looks once in the worker; then waits in the triggerer if ``deferrable``, else as any sensor does.

    :param nusawa_conn_id: The connection to ask through. (templated)
    :param deferrable: Whether to wait in the triggerer, which takes no worker slot; by default what Airflow's
        ``[operators] default_deferrable`` says.
    :param timeout: How long a try waits in all; 24 hours unless given. Then the task fails without retries, or is
        skipped with ``soft_fail``.
    :param first_poll_seconds: Deferred, seconds before the first look. Below 15, Airflow may lose the event of a wait
        that ends at once, and fail the task.
    :param longest_poll_seconds: Deferred, seconds between two looks at most; they come ever further apart.
    """

    def __init__(
        self,
        *,
        nusawa_conn_id: str = "nusawa_default",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        timeout: timedelta | float = timedelta(hours=24),
        first_poll_seconds: float = 15.0,
        longest_poll_seconds: float = 300.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        self.nusawa_conn_id = nusawa_conn_id
        self.deferrable = deferrable
        self.first_poll_seconds = first_poll_seconds
        self.longest_poll_seconds = longest_poll_seconds

    def execute(self, context: Context) -> Any:
        """Look, and wait on if need be."""
        if not self.deferrable:
            return super().execute(context)
        # By way of resume_execution, where Airflow gives soft_fail its meaning: here as after the wait.
        return self.resume_execution("look_or_defer", {}, context)

    def look_or_defer(self, context: Context) -> Any:
        """Return what was waited for if it is there already, else hand the wait to the triggerer."""
        found = self.poke(context)
        if not found:
            self.defer(
                trigger=self.trigger_until(time.time() + self.timeout),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout) + GRACE,
            )
        return getattr(found, "xcom_value", None)

    def trigger_until(self, deadline: float) -> BaseTrigger:
        """Return the trigger that waits until then, in seconds since the epoch."""
        raise NotImplementedError

    def trigger_arguments(self, deadline: float) -> dict[str, Any]:
        """Return the arguments that all triggers here take."""
        return {
            "nusawa_conn_id": self.nusawa_conn_id,
            "deadline": deadline,
            "first_poll_seconds": self.first_poll_seconds,
            "longest_poll_seconds": self.longest_poll_seconds,
        }

    def gave_up(self, verdict: WaitVerdict, so_far: str, trouble: str) -> Exception:
        """Return what tells Airflow, and the reader of the log, why the wait ended without what it waited for.

        :param so_far: One clause: what is known.
        :param trouble: One clause: what the gateway or the connection said against asking, if anything.
        """
        if verdict is WaitVerdict.TIMED_OUT:
            last = f". The last look failed: {trouble}" if trouble else ""
            return AirflowSensorTimeout(f"timed out after {self.timeout:g} seconds: {so_far}{last}")
        if verdict is WaitVerdict.REFUSED:
            return AirflowFailException(f"{trouble}. Mend that, then run the task again; {so_far}.")
        # No AirflowException: with soft_fail that would be skipped, and a broken wait is to be tried again.
        return Unreachable(f"the wait broke off: {trouble}", cause=Cause.STOPPED)
