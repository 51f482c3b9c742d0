"""Somebody who waits on a connection: an ear at its one loop, quick enough for a test."""

from __future__ import annotations

import time

from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.testing import NusaWaGateway
from airflow_provider_nusawa.waiting.agenda import Rhythm
from airflow_provider_nusawa.waiting.polling import listening

QUICK = Rhythm(0.02, 0.1)
AISHA = "6281234567890"


def soon(seconds: float = 30.0) -> float:
    return time.time() + seconds


async def open_client():
    return await NusaWaHook().get_async_conn()


def ear(*questions: str, rhythm: Rhythm = QUICK, deadline: float | None = None, opener=open_client, **more: float):
    return listening("nusawa_default", opener, questions, rhythm, deadline=deadline or soon(), **more)


def asked(gateway: NusaWaGateway, call: str = "dr") -> list[str]:
    return [request.fields.get("ref_no", "") for request in gateway.requests if request.call == call]


def send(count: int = 1) -> list[str]:
    hook = NusaWaHook()
    return [hook.send_message(AISHA, f"Halo {turn}").message_id for turn in range(count)]


async def first_answer(*questions: str, **more):
    async with ear(*questions, **more) as listener:
        return (await listener.next())[1]
