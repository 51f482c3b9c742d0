"""A sensor, run in either mode as worker and triggerer together run it; and messages for it to wait for."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from trigger_runs import fired

from airflow_provider_nusawa.gateway.messages import Outcome, Receipt
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.sensors import NusaWaCreditsSensor, NusaWaDeliverySensor

BUDI = "6281298765432"
MODES = [pytest.param({"deferrable": False}, id="poke"), pytest.param({"deferrable": True}, id="deferrable")]
IN_BOTH_MODES = pytest.mark.parametrize("mode", MODES)


class TaskInstance:
    """As much of a running task as a sensor touches."""

    def __init__(self) -> None:
        self.xcoms: dict[str, object] = {}

    def xcom_push(self, key, value):
        self.xcoms[key] = json.loads(json.dumps(value))


def delivery(messages, **more) -> NusaWaDeliverySensor:
    quick = {"poke_interval": 0.05, "first_poll_seconds": 0.05, "longest_poll_seconds": 0.1, "timeout": 20}
    return NusaWaDeliverySensor(task_id="wait", messages=messages, **(quick | more))


def top_up(minimum, **more) -> NusaWaCreditsSensor:
    quick = {"poke_interval": 0.05, "first_poll_seconds": 0.05, "longest_poll_seconds": 0.1, "timeout": 20}
    return NusaWaCreditsSensor(task_id="wait", minimum=minimum, **(quick | more))


def run(sensor, ti=None):
    """Run a task to its end, as worker and triggerer together do."""
    context = {"ti": ti or TaskInstance()}
    try:
        return sensor.execute(context)
    except TaskDeferred as deferred:
        event = {"event": asyncio.run(fired(deferred.trigger))}
        return sensor.resume_execution(deferred.method_name, {**(deferred.kwargs or {}), **event}, context)


@contextmanager
def once(come, do) -> Iterator[None]:
    """Do something in another thread as soon as it has come to something, while the test goes on."""

    def wait():
        end = time.monotonic() + 20
        while not come() and time.monotonic() < end:
            time.sleep(0.01)
        do()

    other = threading.Thread(target=wait)
    other.start()
    try:
        yield
    finally:
        other.join()


def deferral(sensor) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        sensor.execute({"ti": TaskInstance()})
    return caught.value


def send(*numbers: str) -> list[dict]:
    hook = NusaWaHook()
    return [hook.send_message(number, f"Halo {place}").to_xcom() for place, number in enumerate(numbers)]


def receipt(outcome: Outcome, **more) -> dict:
    return Receipt(BUDI, "v3", outcome, **more).to_xcom()


def looks(gateway) -> list[str]:
    return [request.fields["ref_no"] for request in gateway.requests if request.call == "dr"]
