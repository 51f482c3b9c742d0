"""Claims, leases, intents and outcomes."""

from __future__ import annotations

import pytest
from ledger_house import House, accepted, answered, number

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.errors import LeaseLost
from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS, is_live
from airflow_provider_nusawa.ledger.limits import Limits
from airflow_provider_nusawa.ledger.moving import lock, move
from airflow_provider_nusawa.ledger.people import suppress
from airflow_provider_nusawa.ledger.states import BEGIN, Actor
from airflow_provider_nusawa.ledger.tx import Tx


def test_a_message_goes_from_planned_to_accepted(house: House) -> None:
    campaign = house.campaign(people=1)

    runner, begun = house.begun(campaign)
    runner.turn(accepted(begun))

    assert house.states(campaign) == {1: "accepted"}
    assert house.history() == ["sending", "accepted"]
    assert (house.row().message_id, house.row().tries) == (f"m{house.row().id}", 1)


def test_what_is_counted_at_each_move_is_what_the_rows_say(house: House) -> None:
    campaign = house.campaign(people=5)

    runner, begun = house.begun(campaign, most=3)
    runner.turn(accepted(dict(list(begun.items())[:2])))

    counts = {state.value: n for state, n in house.progress(campaign).sending.items() if n}
    assert counts == {"accepted": 2, "sending": 1, "planned": 2}


def test_what_is_claimed_brings_number_and_fields(house: House) -> None:
    claimed = house.runner(house.campaign(people=1)).turn(claim=5).claimed

    assert [(one.number, one.fields) for one in claimed] == [(number(1), {"nama": "N1"})]


def test_claims_follow_the_list(house: House) -> None:
    runner = house.runner(house.campaign(people=[9, 3, 7, 1]))

    assert [one.number for one in runner.turn(claim=3).claimed] == [number(9), number(3), number(7)]


def test_two_runners_claim_different_people(house: House) -> None:
    campaign = house.campaign(people=5)

    one = house.runner(campaign).turn(claim=3).claimed
    other = house.runner(campaign).turn(claim=3).claimed

    assert len({claimed.id for claimed in (*one, *other)}) == 5


def test_nothing_is_claimed_of_a_list_that_was_not_read_to_its_end(house: House) -> None:
    from airflow_provider_nusawa.ledger.reading import Line, Reader

    campaign = house.campaign(people=1)
    reader = Reader.open(house.ledger, campaign, "run 2")
    reader.add([Line(1, number(2))])
    reader.write()

    assert [one.number for one in house.runner(campaign).turn(claim=9).claimed] == [number(1)]


def test_only_the_holder_may_begin(house: House) -> None:
    campaign = house.campaign(people=1)
    (claimed,) = house.runner(campaign).turn(claim=1).claimed

    assert house.runner(campaign).turn(begin=[claimed.id]).begun == {}
    assert house.states(campaign) == {1: "claimed"}


def test_nothing_begins_twice(house: House) -> None:
    runner, begun = house.begun(house.campaign(people=1))

    assert runner.turn(begin=list(begun)).begun == {}


def test_a_lease_that_ran_out_lets_nothing_begin(house: House) -> None:
    campaign = house.campaign(people=1)
    runner = house.runner(campaign)
    (claimed,) = runner.turn(claim=1).claimed
    house.clock.now += LEASE_SECONDS

    with pytest.raises(LeaseLost):
        runner.turn(begin=[claimed.id])

    assert house.states(campaign) == {1: "claimed"}


def test_the_update_itself_asks_for_the_lease(house: House) -> None:
    runner = house.runner(house.campaign(people=1))
    (claimed,) = runner.turn(claim=1).claimed

    def begin(tx: Tx) -> bool:
        return move(tx, BEGIN, lock(tx, [claimed.id]), actor=Actor.RUNNER, only_if=is_live(tx, runner.lease))

    house.clock.now += LEASE_SECONDS
    assert not house.ledger.write(begin)


def test_every_turn_renews_the_lease(house: House) -> None:
    campaign = house.campaign(people=1)
    runner = house.runner(campaign)
    (claimed,) = runner.turn(claim=1).claimed
    for _ in range(5):
        house.clock.now += LEASE_SECONDS - 1
        runner.turn()

    assert list(runner.turn(begin=[claimed.id]).begun) == [claimed.id]


def test_a_dead_runners_claims_are_planned_again_and_its_requests_are_unknown(house: House) -> None:
    campaign = house.campaign(people=2)
    dead = house.runner(campaign)
    first, _second = dead.turn(claim=2).claimed
    dead.turn(begin=[first.id])
    house.clock.now += LEASE_SECONDS

    claimed = house.runner(campaign).turn(claim=5).claimed

    assert [one.number for one in claimed] == [number(2)]
    assert house.states(campaign) == {1: "unknown", 2: "claimed"}
    assert house.history(1) == ["sending", "unknown"]


def test_a_living_runner_keeps_what_it_holds(house: House) -> None:
    campaign = house.campaign(people=1)
    house.runner(campaign).turn(claim=1)
    house.clock.now += LEASE_SECONDS - 1

    assert house.runner(campaign).turn(claim=1).claimed == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.ACCEPTED, "accepted"), (Outcome.REFUSED, "refused"), (Outcome.NOT_TRIED, "planned")],
)
def test_a_late_answer_overrules_unknown(house: House, outcome: Outcome, state: str) -> None:
    campaign = house.campaign(people=1)
    frozen, begun = house.begun(campaign)
    house.clock.now += LEASE_SECONDS
    house.runner(campaign).turn(claim=1)

    frozen.turn(answered(begun, outcome))

    assert house.states(campaign) == {1: state}


def test_answers_are_kept_even_if_the_lease_is_lost_in_the_same_turn(house: House) -> None:
    campaign = house.campaign(people=1)
    runner, begun = house.begun(campaign)
    house.clock.now += LEASE_SECONDS

    with pytest.raises(LeaseLost):
        runner.turn(accepted(begun), claim=1)

    assert house.states(campaign) == {1: "accepted"}


def test_an_id_that_is_too_long_leaves_nobody_unknown(house: House) -> None:
    campaign = house.campaign(people=2)
    runner, begun = house.begun(campaign)

    runner.turn(accepted(begun, prefix="m" * 80))
    runner.turn(accepted(begun, prefix="m" * 80))

    assert house.states(campaign) == {1: "accepted", 2: "accepted"}
    assert house.row().message_id == "m" * 64
    assert house.history() == ["sending", "accepted"]


def test_the_same_answer_twice_is_as_once(house: House) -> None:
    runner, begun = house.begun(house.campaign(people=1))

    runner.turn(accepted(begun))
    runner.turn(accepted(begun))

    assert house.history() == ["sending", "accepted"]


def test_a_refusal_that_may_pass_is_planned_for_later(house: House) -> None:
    campaign = house.campaign(people=1)
    runner, begun = house.begun(campaign)

    runner.turn(answered(begun, Outcome.REFUSED, code=-99, again_after=20))

    assert runner.turn(claim=1).claimed == []
    house.clock.now += 20
    assert [one.setbacks for one in runner.turn(claim=1).claimed] == [1]


def test_who_was_refused_for_now_comes_after_those_who_wait_since_the_beginning(house: House) -> None:
    runner, begun = house.begun(house.campaign(people=2), most=1)
    runner.turn(answered(begun, Outcome.REFUSED, again_after=1))
    house.clock.now += 2

    assert [one.number for one in runner.turn(claim=2).claimed] == [number(2), number(1)]
    assert runner.turn(claim=2).claimed == []


def test_whoever_said_no_since_is_not_sent_to(house: House) -> None:
    campaign = house.campaign(people=2)
    runner = house.runner(campaign)
    claimed = runner.turn(claim=2).claimed
    house.ledger.write(lambda tx: suppress(tx, [number(1)], who="test", reason="STOP"))

    begun = runner.turn(begin=[one.id for one in claimed]).begun

    assert list(begun) == [claimed[1].id]
    assert house.states(campaign) == {1: "suppressed", 2: "sending"}


def test_nothing_begins_outside_the_window(house: House) -> None:
    runner = house.runner(house.campaign(people=1))
    (claimed,) = runner.turn(claim=1).claimed
    closed = Limits(opens_at=house.clock.now - 100, closes_at=house.clock.now)

    turn = runner.turn(begin=[claimed.id], limits=closed)

    assert (turn.begun, turn.held) == ({}, [claimed.id])


def test_a_days_limit_counts_all_runs_of_the_campaign(house: House) -> None:
    campaign = house.campaign(people=5)
    limits = Limits(day="2027-01-15", max_per_day=3)

    for expected in (2, 1, 0):
        runner = house.runner(campaign)
        claimed = runner.turn(claim=2).claimed
        turn = runner.turn(begin=[one.id for one in claimed], limits=limits)
        assert len(turn.begun) == expected
        assert len(turn.held) == len(claimed) - expected
        runner.end()


def test_a_persons_limit_counts_all_campaigns_but_rehearsals(house: House) -> None:
    limits = Limits(max_per_person=1, person_seconds=86_400)
    for name, redirected in (("one", False), ("rehearsal", True)):
        runner, begun = house.begun(house.campaign(name, [1] if name == "one" else [2], redirected=redirected))
        runner.turn(accepted(begun))
    campaign = house.campaign("two", [1, 2])
    runner = house.runner(campaign)

    runner.turn(begin=[one.id for one in runner.turn(claim=2).claimed], limits=limits)

    assert house.states(campaign) == {1: "excluded", 2: "sending"}


def test_a_persons_limit_ends_with_its_days(house: House) -> None:
    runner, begun = house.begun(house.campaign("one", 1))
    runner.turn(accepted(begun))
    house.clock.now += 86_400
    campaign = house.campaign("two", 1)
    runner = house.runner(campaign)
    limits = Limits(max_per_person=1, person_seconds=86_400)

    runner.turn(begin=[one.id for one in runner.turn(claim=2).claimed], limits=limits)

    assert house.states(campaign) == {1: "sending"}


def test_a_runner_that_ends_leaves_nothing_under_way(house: House) -> None:
    campaign = house.campaign(people=2)
    runner = house.runner(campaign)
    first, _ = runner.turn(claim=2).claimed
    runner.turn(begin=[first.id])

    runner.end()

    assert house.states(campaign) == {1: "unknown", 2: "planned"}
    with pytest.raises(LeaseLost):
        runner.turn(claim=1)
