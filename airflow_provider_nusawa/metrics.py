"""What is counted and measured, told through Airflow's own Stats (StatsD, Datadog, OpenTelemetry): one table of names.

No name and no tag holds a phone number, a message id or a secret. Telling never fails what it tells of.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.gateway.messages import Outcome, Receipt, outcome_of

if TYPE_CHECKING:
    from decimal import Decimal

    from airflow_provider_nusawa.gateway.messages import DeliveryReport
    from airflow_provider_nusawa.ledger.tx import End

log = logging.getLogger(__name__)

SENDS = {outcome: f"nusawa.sends.{outcome.value}" for outcome in Outcome}
ALERTS = {outcome: f"nusawa.alerts.{outcome.value}" for outcome in Outcome}
DELIVERED, FAILED = "nusawa.deliveries.delivered", "nusawa.deliveries.failed"
DELIVERY_DELAY = "nusawa.delivery_delay"
CALLBACKS = {what: f"nusawa.callbacks.{what}" for what in ("stored", "refused", "failed")}
UNKNOWNS = "nusawa.unknowns"
BALANCE = "nusawa.balance"

COUNTERS = (*SENDS.values(), *ALERTS.values(), DELIVERED, FAILED, *CALLBACKS.values())
TIMINGS = (DELIVERY_DELAY,)
GAUGES = (UNKNOWNS, BALANCE)
NAMES = (*COUNTERS, *TIMINGS, *GAUGES)


def count_sends(receipts: Iterable[Receipt], nusawa_conn_id: str) -> None:
    """Count messages by what became of them now; what an earlier try had sent was counted then."""
    count_outcomes(outcomes_now(receipts), nusawa_conn_id)


def outcomes_now(receipts: Iterable[Receipt]) -> list[Outcome]:
    """Return what this try has come to."""
    return [receipt.outcome for receipt in receipts if not receipt.repeated]


def count_outcomes(outcomes: Iterable[Outcome], nusawa_conn_id: str) -> None:
    """Count messages by what became of them."""
    for outcome, number in Counter(outcomes).items():
        _count(SENDS[outcome], number, conn_id=nusawa_conn_id)


def count_alert(result: Receipt | BaseException) -> None:
    """Count one alert of a notifier to one person, by what became of it."""
    _count(ALERTS[outcome_of(result)], 1)


def count_deliveries(reports: Sequence[DeliveryReport], nusawa_conn_id: str) -> None:
    """Count the messages of a wait that has ended, and say how long each delivered one took, where the gateway told."""
    delivered, failed = (sum(one.status.is_delivered for one in reports), sum(one.status.is_failed for one in reports))
    delays = [one.delivered_at - one.sent_at for one in reports if one.delivered_at and one.sent_at]
    _count_deliveries(delivered, failed, delays, conn_id=nusawa_conn_id)


def count_ends(ends: Sequence[End]) -> None:
    """Count messages of campaigns that came to their end, and say how long each delivered one took."""
    delays = [timedelta(seconds=end.delay_seconds) for end in ends if end.delay_seconds is not None]
    _count_deliveries(len(delays), len(ends) - len(delays), delays)


def count_callback(status: int) -> None:
    """Count one call of the callback's page, by the HTTP status of its answer."""
    _count(CALLBACKS[callback_of(status)], 1)


def callback_of(status: int) -> str:
    """Return what became of a callback that was answered so."""
    if status == HTTPStatus.OK:
        return "stored"
    return "refused" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"


def note_unknowns(number: int, nusawa_conn_id: str) -> None:
    """Say how many messages of a connection's ledger were perhaps sent, with no answer on record."""
    _tell(lambda stats: stats.gauge(UNKNOWNS, number, tags={"conn_id": nusawa_conn_id}))


def note_balance(amount: Decimal, nusawa_conn_id: str) -> None:
    """Say how many credits the account has."""
    _tell(lambda stats: stats.gauge(BALANCE, float(amount), tags={"conn_id": nusawa_conn_id}))


def _count_deliveries(delivered: int, failed: int, delays: Sequence[timedelta], **tags: str) -> None:
    for name, number in ((DELIVERED, delivered), (FAILED, failed)):
        if number:
            _count(name, number, **tags)
    _tell(lambda stats: [stats.timing(DELIVERY_DELAY, delay, tags=tags) for delay in delays])


def _count(name: str, number: int, **tags: str) -> None:
    _tell(lambda stats: stats.incr(name, number, tags=tags))


def _tell(what: Callable[[Any], object]) -> None:
    from airflow.providers.common.compat.sdk import Stats  # not at import: Dag files do without

    try:
        what(Stats)
    except Exception as error:  # noqa: BLE001  (a statistic must never cost a message, nor a task)
        log.warning("A statistic was not told (%s).", type(error).__name__)
