"""Campaigns that have come to their end: told once, whoever looks, and again only if they went on."""

from __future__ import annotations

import threading

import pytest
from ledger_house import House, accepted, answered

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.finals import LOOK_BACK_SECONDS, announce_finals


def told(house: House) -> list[str]:
    names: list[str] = []
    announce_finals(house.ledger, names.append)
    return names


def tell(house: House, letter: str, *lines: int) -> None:
    reports = [DeliveryReport(house.row(line).message_id, DeliveryStatus(letter)) for line in lines]
    house.ledger.write(lambda tx: apply_reports(tx, reports))


def test_a_campaign_is_final_when_all_is_sent_and_every_end_is_known(house: House) -> None:
    campaign = house.campaign(people=3)
    assert told(house) == []
    runner, begun = house.begun(campaign)
    assert told(house) == []
    first, *others = begun.items()
    runner.turn(accepted(dict(others)))
    tell(house, "D", 2, 3)
    assert told(house) == []
    runner.turn(answered(dict([first]), Outcome.REFUSED, code=-3))

    assert told(house) == ["halo"]
    assert told(house) == []


def test_sent_is_no_end_and_failed_is_one(house: House) -> None:
    campaign = house.campaign(people=2)
    runner, begun = house.begun(campaign)
    runner.turn(accepted(begun))
    tell(house, "F", 1)
    tell(house, "S", 2)
    assert told(house) == []
    tell(house, "R", 2)

    assert told(house) == ["halo"]
    tell(house, "D", 1)
    assert told(house) == []


def test_one_that_goes_on_is_told_of_again_at_its_next_end(house: House) -> None:
    campaign = house.campaign(people=1)
    runner, begun = house.begun(campaign)
    runner.turn(accepted(begun))
    tell(house, "D", 1)
    assert told(house) == ["halo"]
    house.plan(campaign, [7], run_key="run 2")
    assert told(house) == []
    runner, begun = house.begun(campaign)
    runner.turn(answered(begun, Outcome.REFUSED, code=-3))

    assert told(house) == ["halo"]


def test_what_could_not_be_told_is_told_the_next_time(house: House) -> None:
    campaign = house.campaign(people=1)
    runner, begun = house.begun(campaign)
    runner.turn(answered(begun, Outcome.REFUSED, code=-3))

    def fail(_: str) -> None:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        announce_finals(house.ledger, fail)

    assert told(house) == ["halo"]


def test_one_that_cannot_be_told_of_keeps_no_other_back(house: House) -> None:
    for name, people in (("halo", [1]), ("promo", [2])):
        runner, begun = house.begun(house.campaign(name, people))
        runner.turn(answered(begun, Outcome.REFUSED, code=-3))
    names: list[str] = []

    def tell_but_halo(name: str) -> None:
        if name == "halo":
            raise OSError("away")
        names.append(name)

    with pytest.raises(OSError, match="away"):
        announce_finals(house.ledger, tell_but_halo)

    assert names == ["promo"]
    assert told(house) == ["halo"]


def test_rehearsals_and_what_ended_long_ago_are_not_told_of(house: House) -> None:
    for redirected in (True, False):
        campaign = house.campaign(people=1, redirected=redirected)
        runner, begun = house.begun(campaign)
        runner.turn(answered(begun, Outcome.REFUSED, code=-3))
        assert redirected is False or told(house) == []
    house.clock.now += LOOK_BACK_SECONDS + 1

    assert told(house) == []


def test_ten_who_look_at_once_tell_once(house: House) -> None:
    campaign = house.campaign(people=1)
    runner, begun = house.begun(campaign)
    runner.turn(answered(begun, Outcome.REFUSED, code=-3))
    names: list[str] = []
    threads = [threading.Thread(target=announce_finals, args=(house.ledger, names.append)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert names == ["halo"]
