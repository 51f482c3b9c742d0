"""What waits in the triggerer: one event each, whatever happens, and nothing in it that nobody should read."""

from __future__ import annotations

import asyncio
import inspect
import json
from contextlib import suppress

import pytest
from airflow.providers.common.compat.sdk import BaseHook
from trigger_runs import AISHA, credits, delivery, fired, import_string, run, send

from airflow_provider_nusawa import triggers
from airflow_provider_nusawa.waiting import polling
from airflow_provider_nusawa.waiting.share import WaitVerdict

TRIGGERS = [cls for name, cls in vars(triggers).items() if name.startswith("NusaWa") and name.endswith("Trigger")]


def arguments(cls: type) -> dict[str, str]:
    """Return every argument that a trigger's constructors name."""
    ours = [kind for kind in cls.__mro__ if kind.__module__.startswith(triggers.__name__)]
    names = [name for kind in ours for name in inspect.signature(kind.__init__).parameters]
    return {name: f"<{name}>" for name in names if name not in ("self", "waiting")}


@pytest.mark.parametrize("cls", TRIGGERS)
def test_a_trigger_survives_the_trip_to_the_triggerer(cls):
    path, serialized = cls(**arguments(cls)).serialize()

    assert serialized == arguments(cls)
    assert import_string(path) is cls


def test_the_inventory_is_complete():
    assert len(TRIGGERS) == 4


def test_a_connection_that_cannot_work_ends_the_wait_at_once(nusawa_gateway):
    nusawa_gateway.use(api_version="v9")

    event = run(delivery("01"))

    assert event["verdict"] == "refused"
    assert "api_version" in event["trouble"]


def test_a_connection_that_is_gone_ends_the_wait_after_some_patience(nusawa_gateway, monkeypatch, airflow_db):
    monkeypatch.delenv("AIRFLOW_CONN_NUSAWA_DEFAULT")

    event = run(delivery("01"))

    assert event["verdict"] == "broken"
    assert "AirflowNotFoundException" in event["trouble"]


def test_no_secret_is_in_what_a_trigger_keeps_or_tells(nusawa_gateway):
    [message_id] = send(AISHA)
    nusawa_gateway.fail_next("drop_before", times=-1, call="dr")

    trigger = delivery(message_id, seconds=0.5)
    event = run(trigger)

    told = json.dumps([trigger.serialize(), event]) + repr(trigger)
    assert BaseHook.get_connection("nusawa_default").password not in told
    assert AISHA not in told


def test_a_trigger_never_sends(nusawa_gateway):
    ids = send(AISHA)
    nusawa_gateway.advance(60)
    before = len(nusawa_gateway.requests)

    run(delivery(*ids))
    run(credits("1"))

    assert {request.call for request in nusawa_gateway.requests[before:]} == {"dr", "credits"}
    assert {request.method for request in nusawa_gateway.requests[before:]} == {"GET"}


def test_a_bug_in_the_waiting_is_an_event_too():
    event = asyncio.run(fired(credits("a thousand")))

    assert event == {"verdict": "broken", "credits": None, "trouble": "waiting failed with ValueError"}


def test_a_cancelled_trigger_fires_nothing_and_leaves_the_loop(nusawa_gateway):
    async def cancel():
        events = []

        async def collect():
            events.extend([event async for event in delivery("01", first_poll_seconds=30.0).run()])

        running = asyncio.create_task(collect())
        await asyncio.sleep(0.05)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await asyncio.sleep(0.05)
        return events

    assert asyncio.run(cancel()) == []
    assert polling._loops == {}


def test_two_hundred_deferred_tasks_share_one_loop_and_one_pace(nusawa_gateway):
    nusawa_gateway.backend.rules.equal_texts_a_day = None
    ids = send(*[AISHA] * 50)
    nusawa_gateway.advance(60)
    before = len(asyncio.run(_names()))

    async def all_of_them():
        waiting = [asyncio.create_task(fired(delivery(ids[turn % 50]))) for turn in range(200)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        loops = len(polling._loops)
        return loops, await asyncio.gather(*waiting)

    loops, events = asyncio.run(all_of_them())

    assert loops == 1
    assert {event["verdict"] for event in events} == {"met"}
    assert sum(request.call == "dr" for request in nusawa_gateway.requests) == 50
    assert len(asyncio.run(_names())) == before


async def _names() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks()]


def test_every_verdict_but_pending_can_end_a_trigger():
    assert [verdict.value for verdict in WaitVerdict] == [
        "pending", "met", "unreachable", "timed_out", "refused", "broken",
    ]  # fmt: skip
