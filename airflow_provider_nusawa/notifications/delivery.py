"""Send a round's alerts at once, from threads or from an event loop, so that nobody waits for another's time-out."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.client import AsyncClient, Client
    from airflow_provider_nusawa.notifications.rounds import Alert, Round

LIMIT_SECONDS = 40.0
"""How long all of them may take. A Dag processor kills a callback after 50 s, and its log would tell of none."""

_AT_ONCE = 8


def send(client: Client, told: Round, alerts: Sequence[Alert], limit_seconds: float = LIMIT_SECONDS) -> None:
    """Send, and record each outcome. Returns within little more than the limit: calls in flight are cut."""
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE, "nusawa-alert") as pool:
        futures = [pool.submit(client.send, alert.message) for alert in alerts]
        try:
            concurrent.futures.wait(futures, timeout=limit_seconds)
        finally:
            client.stop()
    for alert, future in zip(alerts, futures, strict=True):
        told.record(alert, future.exception() or future.result())


async def send_async(
    client: AsyncClient, told: Round, alerts: Sequence[Alert], limit_seconds: float = LIMIT_SECONDS
) -> None:
    """As ``send``."""
    sends = [asyncio.ensure_future(client.send(alert.message)) for alert in alerts]
    try:
        if sends:
            await asyncio.wait(sends, timeout=limit_seconds)
            client.stop()
            await asyncio.wait(sends, timeout=1)
    finally:
        for one in sends:
            one.cancel()  # only what was asleep between two attempts is left
    for alert, result in zip(alerts, await asyncio.gather(*sends, return_exceptions=True), strict=True):
        if told.blocks:
            await asyncio.to_thread(told.record, alert, result)
        else:
            told.record(alert, result)
