"""Ask after many messages from a worker, several at a time, without hammering a gateway that does not answer."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from airflow_provider_nusawa.gateway.errors import Cause, NusaWaError, Unreachable

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.client import Client
    from airflow_provider_nusawa.gateway.messages import DeliveryReport

THREADS = 8
STREAK = 5
"""So many failed looks in a row, with no answer between, end the round: the gateway is away."""


class Looks:
    """One look at each of some messages.

    After ``run``, ``trouble`` is the last failed look, None if all went well.
    """

    def __init__(self, client: Client) -> None:
        self.trouble: NusaWaError | None = None
        self._client = client
        self._streak = 0
        self._over = False
        self._lock = threading.Lock()

    def run(self, message_ids: Sequence[str]) -> list[DeliveryReport]:
        """Return the reports that came, in any order.

        :raises NusaWaError: where asking on is of no use: the account may not ask, or the task was told to stop.
        """
        # In any order, so that a few messages that cannot be asked after do not hide the same others each time.
        shuffled = random.sample(message_ids, len(message_ids))
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="nusawa-look")
        try:
            reports = [report for report in pool.map(self._ask, shuffled) if report]
        except BaseException:  # a time-out or a signal of Airflow's, raised in the midst of waiting
            self._over = True
            self._client.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        if self.trouble and _is_final(self.trouble):
            raise self.trouble
        return reports

    def _ask(self, message_id: str) -> DeliveryReport | None:
        if self._over:
            return None
        try:
            report = self._client.delivery_report(message_id)
        except NusaWaError as error:
            self._failed(error)
            return None
        with self._lock:
            self._streak = 0
        return report

    def _failed(self, error: NusaWaError) -> None:
        with self._lock:
            if self.trouble is None or not _is_final(self.trouble):
                self.trouble = error
            self._streak += 1
            self._over = self._over or _is_final(error) or self._streak >= STREAK


def _is_final(error: NusaWaError) -> bool:
    stopped = isinstance(error, Unreachable) and error.cause is Cause.STOPPED
    return stopped or not error.retryable
