"""A round of alerts ends in time, whatever the gateway does, and each outcome is recorded."""

from __future__ import annotations

import asyncio
import time

import pytest

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.gateway.errors import OutcomeUnknown
from airflow_provider_nusawa.gateway.messages import Message, Receipt
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.notifications.delivery import send, send_async
from airflow_provider_nusawa.notifications.memory import Memory
from airflow_provider_nusawa.notifications.rounds import Alert


class Heard(list):
    """Takes what a round takes: one alert and its result."""

    blocks = False

    def record(self, alert, result):
        self.append((alert.message.to, type(result)))


def _sync(heard, alerts):
    with NusaWaHook().get_conn() as client:
        send(client, heard, alerts, limit_seconds=0.5)


def _async(heard, alerts):
    async def tell():
        async with await NusaWaHook().get_async_conn() as client:
            await send_async(client, heard, alerts, limit_seconds=0.5)

    asyncio.run(tell())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def tell(request, nusawa_gateway):
    def told(*numbers):
        heard = Heard()
        request.param(heard, [Alert(Message(number, "Halo"), "", Memory(), Memory()) for number in numbers])
        return heard

    return told


def test_calls_in_flight_are_cut_at_the_limit_and_are_unknown(tell):
    hanging = [magic_number("62", member) for member in range(12)]
    begin = time.monotonic()

    heard = tell("6281234567890", *hanging)

    assert time.monotonic() - begin < 3
    assert heard[0] == ("6281234567890", Receipt)
    assert ("628400006200", OutcomeUnknown) in heard
    assert len(heard) == 13


def test_a_call_that_waits_for_its_next_attempt_is_not_waited_for(tell, nusawa_gateway):
    nusawa_gateway.fail_next(429, retry_after=30)
    begin = time.monotonic()

    heard = tell("6281234567890")

    assert time.monotonic() - begin < 3
    assert len(heard) == 1
    assert nusawa_gateway.messages == []


def test_nobody_to_tell_is_no_error(tell):
    assert tell() == []
