"""Suppressions, what is on record of a person, and forgetting it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from ledger_house import House, accepted, number

from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.columns import metadata
from airflow_provider_nusawa.ledger.people import (
    acts_about,
    forget,
    history_of,
    purge_part,
    suppress,
    suppressed,
    suppressions_of,
    unsuppress,
)
from airflow_provider_nusawa.ledger.reading import Line, Reader
from airflow_provider_nusawa.ledger.states import Sending

HIS = number(1)


def sent(house: House) -> Campaign:
    campaign = house.campaign(people=2)
    runner, begun = house.begun(campaign, most=1)
    runner.turn(accepted(begun))
    return campaign


def everything(house: House) -> str:
    """Return every value of every table, as text."""
    return house.ledger.read(
        lambda tx: "\n".join(str(tuple(row)) for table in metadata.sorted_tables for row in tx.run(sa.select(table)))
    )


def test_a_no_is_kept_with_reason_and_date(house: House) -> None:
    new = house.ledger.write(lambda tx: suppress(tx, [HIS, HIS, number(2)], who="ani", reason="STOP"))

    first, _ = house.ledger.read(lambda tx: list(suppressions_of(tx)))
    assert new == 2
    assert {first.number} <= {HIS, number(2)}
    assert (first.reason, first.added_at) == ("STOP", house.clock.now)


def test_a_no_said_twice_is_new_once(house: House) -> None:
    house.ledger.write(lambda tx: suppress(tx, [HIS], who="ani", reason="STOP"))

    assert house.ledger.write(lambda tx: suppress(tx, [HIS], who="ani", reason="again")) == 0


def test_a_no_can_be_taken_back(house: House) -> None:
    house.ledger.write(lambda tx: suppress(tx, [HIS], who="ani", reason="STOP"))
    assert house.ledger.read(lambda tx: suppressed(tx, [HIS, number(2)])) == {HIS}

    assert house.ledger.write(lambda tx: unsuppress(tx, [HIS], who="ani", reason="consent of 1 May")) == 1

    assert house.ledger.read(lambda tx: suppressed(tx, [HIS])) == set()


def test_a_persons_history_is_all_of_it(house: House) -> None:
    sent(house)

    history = house.ledger.read(lambda tx: history_of(tx, HIS))

    assert [line["state"] for line in history] == ["planned", "sending", "accepted"]
    assert {line["campaign"] for line in history} == {"halo"}
    assert history[-1]["message_id"] == house.row(1).message_id


@pytest.mark.parametrize("which", [1, 2], ids=["sent to", "planned"])
def test_a_forgotten_person_is_nowhere_but_as_a_mark(house: House, which: int) -> None:
    campaign = sent(house)

    house.ledger.write(lambda tx: forget(tx, number(which), who="ani", reason="letter of 1 May"))

    assert number(which) not in everything(house)
    assert f"N{which}" not in everything(house)
    assert house.states(campaign) == ({1: "accepted", 2: "planned"} if which == 1 else {1: "accepted", 2: "suppressed"})
    assert house.equation(campaign).adds_up


def test_a_forgotten_person_still_counts_as_sent_to_and_is_never_sent_to_again(house: House) -> None:
    campaign = sent(house)
    house.ledger.write(lambda tx: forget(tx, HIS, who="ani", reason="letter"))

    house.plan(campaign, [1], "tomorrow")
    later = house.campaign("later", [1])
    runner = house.runner(later)
    runner.turn(begin=[one.id for one in runner.turn(claim=1).claimed])

    assert house.equation(campaign).doubles == 1
    assert house.states(later) == {1: "suppressed"}


def test_what_a_later_list_brings_of_a_forgotten_person_is_erased(house: House) -> None:
    house.ledger.write(lambda tx: forget(tx, HIS, who="ani", reason="letter"))

    later = house.campaign("later", [1, 2])
    reader = Reader.open(house.ledger, house.campaign("another", 0), "run 2")
    reader.add([Line(1, HIS, {"nama": "N1"}, Sending.EXCLUDED)])
    reader.complete()

    assert HIS not in everything(house)
    assert "N1" not in everything(house)
    runner, _ = house.begun(later)
    assert house.states(later) == {1: "suppressed", 2: "sending"}
    assert runner.turn(claim=1).claimed == []


def test_forgetting_is_on_record_and_found_by_the_number(house: House) -> None:
    sent(house)
    house.ledger.write(lambda tx: forget(tx, HIS, who="ani", reason="letter"))

    (act,) = house.ledger.read(lambda tx: acts_about(tx, HIS))
    assert (act["what"], act["who"]) == ("forget", "ani")
    assert [line["state"] for line in house.ledger.read(lambda tx: history_of(tx, HIS))][-1] == "accepted"


def test_a_no_and_its_end_are_on_record_and_found_by_the_number(house: House) -> None:
    house.ledger.write(lambda tx: suppress(tx, [HIS, number(2)], who="ani", reason="STOP"))
    house.ledger.write(lambda tx: suppress(tx, [HIS], who="budi", reason="again"))
    house.ledger.write(lambda tx: unsuppress(tx, [HIS], who="ani", reason="consent of 1 May"))

    told = house.ledger.read(lambda tx: acts_about(tx, HIS))
    assert [(act["what"], act["who"], act["rows"]) for act in told] == [
        ("suppress", "ani", 1),
        ("suppress", "budi", 0),
        ("unsuppress", "ani", 1),
    ]
    assert len(house.ledger.read(lambda tx: acts_about(tx, number(2)))) == 1


def test_what_is_old_and_done_is_purged(house: House) -> None:
    campaign = sent(house)
    house.clock.now += 100

    assert house.ledger.write(lambda tx: purge_part(tx, house.clock.now - 50)) == 1

    assert HIS not in everything(house)
    assert number(2) in everything(house), "what is still planned needs its number"
    assert house.ledger.write(lambda tx: purge_part(tx, house.clock.now)) == 0
    house.plan(campaign, [1], "tomorrow")
    assert house.equation(campaign).doubles == 1
