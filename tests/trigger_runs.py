"""A trigger, run from its serialized form as the triggerer runs it; and messages for it to wait for."""

from __future__ import annotations

import asyncio
import importlib
import json
import time

from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.triggers import NusaWaCreditsTrigger, NusaWaDeliveryTrigger
from airflow_provider_nusawa.waiting import polling
from airflow_provider_nusawa.waiting.end import WaitEnd

AISHA = "6281234567890"


def import_string(path: str) -> type:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def delivery(*message_ids: str, needed: int | None = None, seconds: float = 20.0, **more) -> NusaWaDeliveryTrigger:
    values = {
        "nusawa_conn_id": "nusawa_default",
        "message_ids": list(message_ids),
        "needed": len(message_ids) if needed is None else needed,
        "deadline": time.time() + seconds,
        "first_poll_seconds": 0.02,
        "longest_poll_seconds": 0.1,
    }
    return NusaWaDeliveryTrigger(**(values | more))


def credits(minimum: str, seconds: float = 20.0, min_days_left: int | None = None) -> NusaWaCreditsTrigger:
    return NusaWaCreditsTrigger(
        nusawa_conn_id="nusawa_default", minimum=minimum, min_days_left=min_days_left, timezone="Asia/Jakarta",
        deadline=time.time() + seconds, first_poll_seconds=0.02, longest_poll_seconds=0.1,
    )  # fmt: skip


async def fired(trigger) -> dict:
    """Run a trigger as the triggerer does, from its serialized form, and return the one event that it fires."""
    path, kwargs = json.loads(json.dumps(trigger.serialize()))
    payloads = [event.payload async for event in import_string(path)(**kwargs).run()]
    assert len(payloads) == 1
    return json.loads(json.dumps(payloads[0]))


def run(trigger) -> dict:
    payload = asyncio.run(fired(trigger))
    assert polling._loops == {}
    return payload


def send(*numbers: str) -> list[str]:
    hook = NusaWaHook()
    return [hook.send_message(number, f"Halo {place}").message_id for place, number in enumerate(numbers)]


def letters(event: dict) -> list[str]:
    return [report.letter for report in WaitEnd.from_event(event).reports]
