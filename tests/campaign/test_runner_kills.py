"""Legs in processes that are killed, frozen and doubled: nobody twice, everybody accounted for."""

from __future__ import annotations

import random
import signal
import time
from subprocess import Popen

import pytest
from ledger_house import number
from leg_house import LegHouse
from leg_process import start
from seeds import SEEDS, api_of

from airflow_provider_nusawa.campaign.ending import End
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS

PEOPLE = 300
RATE = 150.0


def kill(process: Popen[str]) -> None:
    process.kill()
    process.wait(10)


def check(legs: LegHouse, campaign: Campaign, unknown_at_most: int) -> None:
    """The promise, by the gateway's books and by the ledger's."""
    states = legs.house.states(campaign)
    accepted = {line for line in states if legs.backend.sent_to(number(line))}

    assert legs.backend.accepted_twice() == {}
    assert legs.sends == len(accepted), "somebody was posted to again"
    assert set(states.values()) <= {"accepted", "unknown"}
    assert {line for line, state in states.items() if state == "accepted"} <= accepted
    assert sum(state == "unknown" for state in states.values()) <= unknown_at_most
    assert legs.house.equation(campaign).adds_up


@pytest.mark.parametrize(("seed", "api"), [(seed, api_of(seed)) for seed in SEEDS])
def test_a_kill_at_any_moment_messages_nobody_twice(legs: LegHouse, url: str, seed: int) -> None:
    dice = random.Random(seed)
    legs.backend.rules.latency_seconds["send"] = 0.1
    campaign = legs.campaign(people=PEOPLE)
    under_way = 0
    for _ in range(2):
        process = start(legs, url, campaign, RATE)
        sends = legs.sends
        legs.until(lambda sends=sends: legs.sends > sends + dice.randrange(60))
        time.sleep(dice.uniform(0, 0.2))
        kill(process)
        under_way += legs.states(campaign).get("sending", 0)
        legs.clock.seconds += LEASE_SECONDS + 1

    ending = legs.leg(campaign).run()

    assert (ending.end, under_way > 0) == (End.FINISHED, True)
    check(legs, campaign, under_way)


def test_a_leg_that_was_frozen_past_its_lease_goes_on_without_harm(legs: LegHouse, url: str) -> None:
    legs.backend.rules.latency_seconds["send"] = 0.2
    campaign = legs.campaign(people=PEOPLE)
    process = start(legs, url, campaign, RATE)
    legs.until(lambda: legs.sends > 40)
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.3)  # what is on the wire gets its answer
    under_way = legs.states(campaign).get("sending", 0)
    repair(legs, campaign)
    repaired = legs.states(campaign)
    other = start(legs, url, campaign, RATE)
    legs.until(lambda: legs.states(campaign).get("accepted", 0) > 150)
    process.send_signal(signal.SIGCONT)

    said = [one.communicate(timeout=30)[0] for one in (process, other)]

    assert (repaired.get("unknown", 0), repaired.get("sending", 0)) == (under_way, 0)
    assert said == ["finished\n"] * 2
    check(legs, campaign, 0)


def repair(legs: LegHouse, campaign: Campaign) -> None:
    """Take the frozen one for dead, as a runner would half a minute later."""
    legs.clock.seconds += LEASE_SECONDS + 1
    runner = legs.house.runner(campaign)
    runner.turn(claim=1)
    runner.end()
    legs.clock.seconds = 0


def test_a_leg_that_was_frozen_shortly_sends_nothing_on_old_intents(legs: LegHouse, url: str) -> None:
    campaign = legs.campaign(people=PEOPLE)
    process = start(legs, url, campaign, RATE)
    legs.until(lambda: legs.sends > 40)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2.2)
    process.send_signal(signal.SIGCONT)

    said, _ = process.communicate(timeout=30)

    tries = {legs.house.row(line).tries for line in range(1, PEOPLE + 1)}
    assert (said, tries) == ("finished\n", {1, 2})
    check(legs, campaign, 0)


def test_a_process_that_is_told_to_stop_ends_within_three_seconds(legs: LegHouse, url: str) -> None:
    legs.backend.rules.latency_seconds["send"] = 0.3
    campaign = legs.campaign(people=PEOPLE)
    process = start(legs, url, campaign, RATE)
    legs.until(lambda: legs.sends > 40)

    told = time.monotonic()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=10)

    assert said == "stopped\n"
    assert time.monotonic() - told < 4  # the interpreter's own end included
    assert legs.states(campaign) == {"accepted": legs.sends, "planned": PEOPLE - legs.sends}


@pytest.mark.parametrize("runners", [2, 4])
def test_processes_at_once_message_nobody_twice(legs: LegHouse, url: str, runners: int) -> None:
    campaign = legs.campaign(people=PEOPLE)
    processes = [start(legs, url, campaign, RATE) for _ in range(runners)]

    said = [process.communicate(timeout=60)[0] for process in processes]

    assert said == ["finished\n"] * runners
    check(legs, campaign, 0)
