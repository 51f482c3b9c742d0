"""Legs of a campaign against a real gateway: who gets what, what stops a leg, and what the next one finds."""

from __future__ import annotations

import time

import pytest
from ledger_house import answered, number
from leg_house import LegHouse

from airflow_provider_nusawa.campaign.ending import End, Reason
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.emulator.faults import FOREVER
from airflow_provider_nusawa.gateway.dialects import DIALECTS
from airflow_provider_nusawa.gateway.errors import InvalidMessage
from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.ledger.people import forget, suppress, suppressed, unsuppress
from airflow_provider_nusawa.ledger.rates import reserve, slow_down
from airflow_provider_nusawa.ledger.work import Claimed

has_codes = pytest.mark.parametrize("api", ["v3"])  # v1.0 refuses in words, none of which says "later"


def test_everybody_gets_the_message_composed_for_him_once(legs: LegHouse) -> None:
    campaign = legs.campaign(people=60)

    ending = legs.run(campaign)

    assert (ending.end, ending.halt.reason, ending.at) == (End.FINISHED, Reason.DONE, None)
    assert (ending.equation.accepted, ending.equation.open, ending.equation.adds_up) == (60, 0, True)
    texts = {message.number: message.text for message in legs.backend.books.messages.values()}
    assert texts == {number(place): f"Halo N{place}" for place in range(1, 61)}
    assert legs.sends == 60


@pytest.mark.parametrize("api", list(DIALECTS))
def test_the_dialect_is_spoken_that_the_connection_says(legs: LegHouse, api: str) -> None:
    campaign = legs.campaign(people=3)

    legs.run(campaign)

    assert [message.api for message in legs.backend.books.messages.values()] == [api] * 3
    assert legs.house.row(1).api == api


def test_a_campaign_that_is_done_sends_nothing_more(legs: LegHouse) -> None:
    campaign = legs.campaign(people=3)
    legs.run(campaign)

    ending = legs.run(campaign)

    assert (ending.end, legs.sends) == (End.FINISHED, 3)


@has_codes
def test_refusals_of_a_person_are_final_and_the_others_go_on(legs: LegHouse) -> None:
    campaign = legs.campaign(people=5)
    legs.backend.fail_next(-13, number=number(2))

    ending = legs.run(campaign)

    assert legs.states(campaign) == {"accepted": 4, "refused": 1}
    assert (ending.end, legs.house.row(2).code, legs.sends) == (End.FINISHED, -13, 5)


@has_codes
@pytest.mark.parametrize("code", [-2, -5, -7, -34, -40])
def test_a_refusal_of_the_account_stops_the_run_and_the_next_goes_on(legs: LegHouse, code: int) -> None:
    campaign = legs.campaign(people=200)
    legs.backend.fail_next(code, FOREVER)

    ending = legs.leg(campaign, rate_per_second=20).run()

    assert (ending.end, ending.halt.reason, ending.halt.code) == (End.STOPPED, Reason.ACCOUNT, code)
    assert legs.states(campaign) == {"planned": 200}
    assert legs.sends <= 3
    legs.backend.faults.all.clear()
    assert legs.run(campaign).equation.accepted == 200


@has_codes
def test_a_transient_refusal_is_tried_again_later_so_often_and_no_more(legs: LegHouse) -> None:
    campaign = legs.campaign(people=2)
    legs.backend.fail_next(-99, 2, number=number(1))
    legs.backend.fail_next(-99, FOREVER, number=number(2))

    with legs.running(legs.leg(campaign, Terms(max_attempts=3))) as endings:
        for tries in (1, 2):
            legs.until(lambda tries=tries: legs.house.row(2).setbacks == legs.house.row(1).setbacks == tries)
            legs.clock.seconds += 30

    assert legs.states(campaign) == {"accepted": 1, "refused": 1}
    assert (legs.house.row(1).tries, legs.house.row(2).tries, legs.house.row(2).code) == (3, 3, -99)
    assert endings[0].end is End.FINISHED


@has_codes
def test_what_waits_long_for_its_next_try_is_come_back_to(legs: LegHouse) -> None:
    campaign = legs.campaign(people=3)
    legs.backend.fail_next(-99, 3, number=number(2))

    with legs.running(legs.leg(campaign, Terms(max_attempts=9))) as endings:
        for tries in (1, 2):
            legs.until(lambda tries=tries: legs.house.row(2).setbacks == tries)
            legs.clock.seconds += 30
    (ending,) = endings

    assert (ending.end, ending.halt.reason) == (End.COME_BACK, Reason.BACK_OFF)
    assert ending.at is not None
    assert (ending.at - legs.clock.moment).total_seconds() == pytest.approx(90, abs=5)


def test_429_gives_the_row_back_and_halves_the_rate_for_all(legs: LegHouse) -> None:
    campaign = legs.campaign(people=30)
    legs.backend.fail_next(429)

    ending = legs.run(campaign)

    assert (ending.end, ending.equation.accepted, legs.backend.accepted_twice()) == (End.FINISHED, 30, {})
    account = legs.settings().account
    spacing = legs.house.ledger.write(lambda tx: reserve(tx, account, 1, per_second=1)).spacing
    assert 1.5 < spacing <= 4  # halved once or twice, as the two answers were heard together or apart
    assert legs.house.row(1).setbacks == 0


def test_many_429_of_one_moment_halve_the_rate_once(legs: LegHouse) -> None:
    campaign = legs.campaign(people=60)
    legs.backend.rules.latency_seconds["send"] = 0.6
    legs.backend.fail_next(429, 25)

    legs.leg(campaign, rate_per_second=60).run()

    assert legs.states(campaign) == {"accepted": 60}
    account = legs.settings().account
    assert legs.house.ledger.write(lambda tx: reserve(tx, account, 1, per_second=1)).spacing <= 2


def test_a_long_retry_after_ends_the_leg(legs: LegHouse) -> None:
    campaign = legs.campaign(people=50)
    legs.backend.fail_next(429, FOREVER, retry_after=600)

    ending = legs.leg(campaign, rate_per_second=50).run()

    assert (ending.end, ending.halt.reason) == (End.COME_BACK, Reason.RETRY_AFTER)
    assert ending.at is not None
    assert (ending.at - legs.clock.moment).total_seconds() == pytest.approx(600, abs=5)
    assert legs.states(campaign) == {"planned": 50}


def test_a_long_pause_that_another_sender_was_asked_for_ends_the_leg_too(legs: LegHouse) -> None:
    campaign, account = legs.campaign(people=5), legs.settings().account
    legs.house.ledger.write(lambda tx: slow_down(tx, account, wait_seconds=600))

    with legs.running(legs.leg(campaign)) as endings:
        pass

    assert endings[0].halt.reason is Reason.RETRY_AFTER
    assert endings[0].at is not None
    assert (endings[0].at - legs.clock.moment).total_seconds() == pytest.approx(600, abs=5)
    assert (legs.sends, legs.states(campaign)) == (0, {"planned": 5})


def test_a_gateway_that_falls_silent_is_probed_and_tried_before_the_run_goes_on(legs: LegHouse) -> None:
    campaign = legs.campaign(people=14)
    legs.backend.fail_next("drop_before", 11)

    # So slowly that the eleventh is the trial, and not under way already when the tenth falls silent.
    ending = legs.leg(campaign, Terms(probe_after_seconds=(0.1, 0.1, 0.1)), rate_per_second=2).run()

    assert ending.end is End.FINISHED
    assert legs.states(campaign) == {"accepted": 3, "unknown": 11}
    assert legs.backend.books.counts["credits"] == 2


def test_a_gateway_that_stays_silent_is_given_up(legs: LegHouse) -> None:
    campaign = legs.campaign(people=80)
    legs.backend.fail_next("drop_before", FOREVER, call="any")

    ending = legs.leg(campaign, Terms(probe_after_seconds=(0.1, 0.1)), rate_per_second=20).run()

    assert (ending.end, ending.halt.reason) == (End.STOPPED, Reason.SILENCE)
    assert legs.states(campaign)["planned"] > 60
    assert "sending" not in legs.states(campaign)


def test_told_to_stop_it_leaves_nothing_under_way_within_three_seconds(legs: LegHouse) -> None:
    campaign = legs.campaign(people=300)
    legs.backend.fail_next("hang_after", number=number(3))
    legs.backend.rules.latency_seconds["send"] = 0.3
    leg = legs.leg(campaign, rate_per_second=50)

    with legs.running(leg) as endings:
        legs.until(lambda: legs.sends > 20)
        told = time.monotonic()
        leg.stop()
    took = time.monotonic() - told

    assert (endings[0].end, endings[0].halt.reason) == (End.STOPPED, Reason.TOLD)
    assert took < 3
    states = legs.states(campaign)
    assert set(states) == {"accepted", "planned", "unknown"}
    assert (states["unknown"], states["accepted"] + 1) == (1, legs.sends)


def test_a_leg_lasts_no_longer_than_it_may(legs: LegHouse) -> None:
    campaign = legs.campaign(people=300)

    ending = legs.leg(campaign, Terms(max_leg_seconds=0.5), rate_per_second=50).run()

    assert (ending.end, ending.halt.reason) == (End.COME_BACK, Reason.LEG_OVER)
    assert set(legs.states(campaign)) == {"accepted", "planned"}


def test_who_says_no_in_the_middle_gets_nothing(legs: LegHouse) -> None:
    campaign = legs.campaign(people=100)

    with legs.running(legs.leg(campaign, rate_per_second=50)):
        legs.until(lambda: legs.sends > 5)
        legs.house.ledger.write(lambda tx: suppress(tx, [number(100)], who="test", reason="said no"))

    assert legs.states(campaign) == {"accepted": 99, "suppressed": 1}
    assert legs.backend.sent_to(number(100)) == []


def test_whom_the_gateway_knows_to_have_unsubscribed_is_not_written_to_again(legs: LegHouse) -> None:
    legs.backend.opted_out.add(number(1))
    campaign = legs.campaign(people=2)

    legs.leg(campaign, api_version="v1").run()

    assert legs.states(campaign) == {"accepted": 1, "refused": 1}
    assert legs.house.ledger.read(lambda tx: suppressed(tx, [number(1), number(2)])) == {number(1)}


def test_a_message_that_cannot_be_composed_is_refused_without_a_request(legs: LegHouse) -> None:
    def compose(claimed: Claimed) -> Message:
        if claimed.number == number(2):
            raise InvalidMessage("the text is empty")
        return Message(claimed.number, "Halo")

    campaign = legs.campaign(people=3)

    legs.leg(campaign, compose=compose).run()

    assert legs.states(campaign) == {"accepted": 2, "refused": 1}
    assert (legs.house.row(2).reason, legs.sends) == ("the text is empty", 2)


@pytest.mark.parametrize("came_back", [False, True], ids=["silent", "wants to be written to again"])
def test_who_is_forgotten_while_a_request_is_under_way_is_sent_nothing(legs: LegHouse, came_back: bool) -> None:
    campaign = legs.campaign(people=2)
    runner, begun = legs.house.begun(campaign, most=1)
    legs.house.ledger.write(lambda tx: forget(tx, number(1), who="ani", reason="letter"))
    if came_back:
        legs.house.ledger.write(lambda tx: unsuppress(tx, [number(1)], who="ani", reason="consent of 1 May"))
    runner.turn(answered(begun, Outcome.NOT_TRIED))

    ending = legs.run(campaign)

    assert (ending.end, legs.sends) == (End.FINISHED, 1)
    assert legs.states(campaign) == {"accepted": 1, "refused" if came_back else "suppressed": 1}


def test_what_a_dead_runner_left_is_put_in_order(legs: LegHouse) -> None:
    campaign = legs.campaign(people=10)
    dead = legs.house.runner(campaign)
    first, *_ = dead.turn(claim=5).claimed
    dead.turn(begin=[first.id])
    legs.clock.seconds += 31

    ending = legs.run(campaign)

    assert legs.states(campaign) == {"accepted": 9, "unknown": 1}
    assert (ending.end, legs.sends) == (End.FINISHED, 9)
