"""NusaWaDeliveryTrigger against the gateway: when it ends, how often it asks, what it waits out."""

from __future__ import annotations

import asyncio
import time

import pytest
from trigger_runs import AISHA, delivery, fired, letters, run, send

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.waiting.end import WaitEnd


@pytest.fixture
def logged(caplog, capfd):
    """What triggers have logged: Airflow 3 has them write to the console, 2.11 through the standard library."""
    return lambda: caplog.text or capfd.readouterr().out


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


@pytest.mark.parametrize("fault", [pytest.param(None, id="delivered"), pytest.param(401, id="refused")])
def test_a_newcomer_to_a_shared_message_fires_no_event_before_its_own_first_look(nusawa_gateway, fault):
    """Airflow may lose an event within seconds of the deferral."""
    [message_id] = send(AISHA)
    nusawa_gateway.advance(60)
    if fault:
        nusawa_gateway.fail_next(fault, call="dr")

    async def newcomer() -> tuple[str, float]:
        begun = time.monotonic()
        event = await fired(delivery(message_id, first_poll_seconds=0.8))
        return event["verdict"], time.monotonic() - begun

    async def both():
        return await asyncio.gather(fired(delivery(message_id, first_poll_seconds=0.1)), newcomer())

    other, (verdict, seconds) = asyncio.run(both())

    assert other["verdict"] == verdict == ("refused" if fault else "met")
    assert seconds >= 0.8
    assert sum(request.call == "dr" for request in nusawa_gateway.requests) == 1


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
