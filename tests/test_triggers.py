"""What waits in the triggerer: one event each, whatever happens, and nothing in it that nobody should read."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import time
from contextlib import suppress
from datetime import date, timedelta

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_nusawa import triggers
from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.triggers import NusaWaCreditsTrigger, NusaWaDeliveryTrigger
from airflow_provider_nusawa.waiting import polling
from airflow_provider_nusawa.waiting.end import WaitEnd
from airflow_provider_nusawa.waiting.share import Verdict

TRIGGERS = [cls for name, cls in vars(triggers).items() if name.startswith("NusaWa") and name.endswith("Trigger")]
AISHA = "6281234567890"


def import_string(path: str) -> type:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


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


@pytest.fixture
def logged(caplog, capfd):
    """What triggers have logged: Airflow 3 has them write to the console, 2.11 through the standard library."""
    return lambda: caplog.text or capfd.readouterr().out


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


def test_it_ends_when_all_are_delivered(nusawa_gateway):
    ids = send(AISHA, magic_number("55"))
    nusawa_gateway.advance(60)

    event = run(delivery(*ids))

    assert (event["verdict"], letters(event)) == ("met", ["D", "R"])
    assert [report.message_id for report in WaitEnd.from_event(event).reports] == ids
    assert all(report.sent_at is not None for report in WaitEnd.from_event(event).reports)


def test_it_waits_until_the_gateway_delivers(nusawa_gateway):
    nusawa_gateway.backend.clock.freeze()
    [message_id] = send(AISHA)

    async def deliver_while_it_waits():
        waiting = asyncio.create_task(fired(delivery(message_id)))
        while sum(request.call == "dr" for request in nusawa_gateway.requests) < 3:
            assert not waiting.done()
            await asyncio.sleep(0.01)
        nusawa_gateway.advance(60)
        return await waiting

    assert asyncio.run(deliver_while_it_waits())["verdict"] == "met"


def test_it_ends_as_soon_as_enough_are_delivered(nusawa_gateway):
    ids = send(AISHA, magic_number("54"))
    nusawa_gateway.advance(60)

    event = run(delivery(*ids, needed=1))

    assert (event["verdict"], letters(event)[0]) == ("met", "D")


@pytest.mark.parametrize(("family", "letter", "err_code"), [("51", "F", "1"), ("52", "A", "2")])
def test_a_failure_counts_once_it_has_been_looked_at_twice(nusawa_gateway, family, letter, err_code):
    [message_id] = send(magic_number(family))
    nusawa_gateway.advance(60)

    event = run(delivery(message_id))

    [report] = WaitEnd.from_event(event).reports
    assert (event["verdict"], report.letter, report.err_code) == ("unreachable", letter, err_code)
    assert sum(request.call == "dr" for request in nusawa_gateway.requests) == 2


def test_a_failure_that_is_delivered_after_all_is_delivered(nusawa_gateway):
    [message_id] = send(AISHA)
    nusawa_gateway.backend.set_letter(message_id, "F", "9")

    async def deliver_after_the_first_look():
        waiting = asyncio.create_task(fired(delivery(message_id, first_poll_seconds=0.3)))
        while not any(request.call == "dr" and request.outcome for request in nusawa_gateway.requests):
            await asyncio.sleep(0.01)
        nusawa_gateway.backend.set_letter(message_id, "D")
        return await waiting

    event = asyncio.run(deliver_after_the_first_look())

    assert (event["verdict"], letters(event)) == ("met", ["D"])


def test_a_failure_is_looked_at_again_soon_however_rare_the_looks_have_become(nusawa_gateway):
    [message_id] = send(magic_number("54"))
    nusawa_gateway.advance(60)

    def looks():
        return [request.arrived for request in nusawa_gateway.requests if request.call == "dr"]

    async def fail_after_five_looks():
        waiting = asyncio.create_task(fired(delivery(message_id, first_poll_seconds=0.1, longest_poll_seconds=3600.0)))
        while len(looks()) < 5:
            await asyncio.sleep(0.01)
        nusawa_gateway.backend.set_letter(message_id, "F")
        return await waiting

    event = asyncio.run(fail_after_five_looks())

    before_last, failed, confirmed = looks()[-3:]
    assert event["verdict"] == "unreachable"
    assert confirmed - failed < failed - before_last


def test_what_is_delivered_is_not_asked_after_again(nusawa_gateway):
    first, second = send(AISHA, magic_number("54"))
    nusawa_gateway.advance(60)

    run(delivery(first, second, seconds=1.0))

    asked = [request.fields["ref_no"] for request in nusawa_gateway.requests if request.call == "dr"]
    assert asked.count(first) == 1
    assert asked.count(second) > 3


def test_an_undocumented_letter_is_pending_and_logged_once(nusawa_gateway, logged):
    [message_id] = send(magic_number("58"))
    nusawa_gateway.advance(60)

    event = run(delivery(message_id, seconds=1.0))

    assert (event["verdict"], letters(event)) == ("timed_out", ["X"])
    assert logged().count("'X', which is not documented") == 1


@pytest.mark.parametrize("fault", ["drop_before", 503, -99])
def test_an_outage_is_waited_out(nusawa_gateway, fault):
    [message_id] = send(AISHA)
    nusawa_gateway.advance(60)
    nusawa_gateway.fail_next(fault, times=4, call="dr")

    assert run(delivery(message_id))["verdict"] == "met"


def test_a_gateway_that_stays_away_is_named_when_time_is_up(nusawa_gateway, logged):
    nusawa_gateway.fail_next(503, times=-1, call="dr")

    event = run(delivery("01", seconds=1.0))

    assert event["verdict"] == "timed_out"
    assert "HTTP 503" in event["trouble"]
    assert logged().count("the wait goes on") == 1


@pytest.mark.parametrize("fault", [-5, -40, 401, 403])
def test_an_account_that_may_not_ask_ends_the_wait_at_once(nusawa_gateway, fault):
    nusawa_gateway.fail_next(fault, times=-1, call="dr")

    event = run(delivery("01"))

    assert event["verdict"] == "refused"
    assert str(fault) in event["trouble"]


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


def test_credits_are_awaited_until_they_are_topped_up(nusawa_gateway):
    account = nusawa_gateway.backend.account
    account.balance = 10

    async def top_up_while_it_waits():
        waiting = asyncio.create_task(fired(credits("1000", min_days_left=3)))
        while sum(request.call == "credits" for request in nusawa_gateway.requests) < 2:
            await asyncio.sleep(0.01)
        account.balance = 1500
        return await waiting

    event = asyncio.run(top_up_while_it_waits())

    assert event == {"verdict": "met", "credits": {"credits": "1500", "expires": "2099-12-31"}, "trouble": ""}


@pytest.mark.parametrize(("balance", "days"), [(999, 90), (5000, 6), (5000, -1)])
def test_too_few_credits_or_days_are_waited_out(nusawa_gateway, balance, days):
    account = nusawa_gateway.backend.account
    account.balance = balance
    account.expires = nusawa_gateway.backend.clock.now().date() + timedelta(days=days)

    event = run(credits("1000", min_days_left=7, seconds=0.3))

    assert event["verdict"] == "timed_out"
    assert event["credits"] == {"credits": str(balance), "expires": date.isoformat(account.expires)}


def test_every_verdict_but_pending_can_end_a_trigger():
    assert [verdict.value for verdict in Verdict] == [
        "pending", "met", "unreachable", "timed_out", "refused", "broken",
    ]  # fmt: skip
