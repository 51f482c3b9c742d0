"""Reading a list: once a run, whole or not at all, by one reader at a time."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from ledger_house import House, number

from airflow_provider_nusawa.ledger.campaigns import begin_campaign
from airflow_provider_nusawa.ledger.errors import CampaignChanged, LeaseLost, PlanBusy
from airflow_provider_nusawa.ledger.plans import READING_SECONDS, Counts, snapshot_of
from airflow_provider_nusawa.ledger.reading import Line, Reader
from airflow_provider_nusawa.ledger.schema import recipients
from airflow_provider_nusawa.ledger.states import Sending

LIST = [
    Line(1, number(1), {"nama": "Ani"}),
    Line(2, number(2)),
    Line(3, number(1), {"nama": "Ani lagi"}),
    Line(4, state=Sending.BAD, reason="line 4: too short"),
    Line(5, number(5), state=Sending.EXCLUDED, reason="on the author's list"),
]


def test_every_line_is_accounted_for(house: House) -> None:
    campaign = house.campaign(people=0)
    reader = Reader.open(house.ledger, campaign, "run 2")

    reader.add(LIST)

    assert reader.counts() == Counts(rows_read=5, planned=2, bad=1, excluded=1, known=0, doubles=1)
    assert reader.complete() == reader.counts()
    assert str(house.equation(campaign)) == (
        "5 rows read = 1 doubles + 1 bad + 1 excluded + 0 suppressed + 0 accepted + 0 refused + 0 unknown + 2 open"
    )


def test_the_first_of_doubles_counts(house: House) -> None:
    campaign = house.campaign(people=0)
    reader = Reader.open(house.ledger, campaign, "run 2")
    reader.add(LIST)
    reader.complete()

    claimed = house.runner(campaign).turn(claim=9).claimed

    assert [(one.number, one.fields) for one in claimed] == [(number(1), {"nama": "Ani"}), (number(2), {})]


def test_a_run_reads_once(house: House) -> None:
    campaign = house.campaign(people=3)

    assert Reader.open(house.ledger, campaign, "run 1").is_complete


def test_another_run_adds_only_whom_nobody_knew(house: House) -> None:
    campaign = house.campaign(people=3)
    reader = Reader.open(house.ledger, campaign, "run 2")

    reader.add([Line(line, number(line + 1)) for line in range(1, 4)])

    assert reader.complete() == Counts(rows_read=3, planned=1, bad=0, excluded=0, known=2, doubles=0)
    assert house.equation(campaign).adds_up
    assert house.equation(campaign).open == 4


def test_after_a_crash_the_list_is_read_anew(house: House) -> None:
    campaign = house.campaign(people=0)
    dead = Reader.open(house.ledger, campaign, "run 2")
    dead.add(LIST)
    dead.write()
    house.clock.now += READING_SECONDS

    reader = Reader.open(house.ledger, campaign, "run 2")
    reader.add([Line(1, number(1))])

    assert reader.complete() == Counts(rows_read=1, planned=1, bad=0, excluded=0, known=0, doubles=0)


def test_another_run_is_not_in_the_way_of_a_dead_ones_rows(house: House) -> None:
    campaign = house.campaign(people=0)
    dead = Reader.open(house.ledger, campaign, "run 2")
    dead.add(LIST)
    dead.write()
    house.clock.now += READING_SECONDS

    reader = Reader.open(house.ledger, campaign, "run 3")
    reader.add(LIST)

    assert reader.complete().planned == 2


def test_two_readers_do_not_meet(house: House) -> None:
    campaign = house.campaign(people=0)
    Reader.open(house.ledger, campaign, "run 2")

    with pytest.raises(PlanBusy) as caught:
        Reader.open(house.ledger, campaign, "run 3")

    assert caught.value.wait_seconds == READING_SECONDS


def test_a_reader_that_was_frozen_writes_nothing_more(house: House) -> None:
    campaign = house.campaign(people=0)
    frozen = Reader.open(house.ledger, campaign, "run 2")
    house.clock.now += READING_SECONDS
    Reader.open(house.ledger, campaign, "run 2").complete()

    frozen.add(LIST)
    with pytest.raises(LeaseLost):
        frozen.write()
    with pytest.raises(LeaseLost):
        frozen.complete()


def test_every_write_holds_the_list_anew(house: House) -> None:
    campaign = house.campaign(people=0)
    reader = Reader.open(house.ledger, campaign, "run 2")
    house.clock.now += READING_SECONDS - 1
    reader.write()
    house.clock.now += READING_SECONDS - 1

    with pytest.raises(PlanBusy):
        Reader.open(house.ledger, campaign, "run 2")


def test_what_is_discarded_is_read_anew(house: House) -> None:
    campaign = house.campaign(people=0)
    reader = Reader.open(house.ledger, campaign, "run 2")
    reader.add(LIST)
    reader.write()

    reader.discard()

    again = Reader.open(house.ledger, campaign, "run 2")
    assert (again.is_complete, again.counts().rows_read) == (False, 0)
    assert house.states(campaign) == {}


def test_another_text_is_refused(house: House) -> None:
    house.campaign("halo")

    with pytest.raises(CampaignChanged, match="'halo'"):
        house.ledger.write(lambda tx: begin_campaign(tx, "halo", "Another text"))


def test_a_rehearsal_is_another_campaign(house: House) -> None:
    real = house.campaign("halo")

    assert house.campaign("halo", redirected=True).id != real.id


def test_what_came_from_airflow_is_kept_as_it_was(house: House) -> None:
    campaign = house.campaign(people=0)
    reader = Reader.open(house.ledger, campaign, "run 2", {"tanggal": "23 November"})

    assert house.ledger.read(lambda tx: snapshot_of(tx, reader.plan_id)) == {"tanggal": "23 November"}


def test_a_long_list_is_on_record_before_its_end(house: House) -> None:
    reader = Reader.open(house.ledger, house.campaign(people=0), "run 2")

    reader.add(Line(line, number(line)) for line in range(1, 40_001))

    found = house.ledger.read(lambda tx: tx.run(sa.select(sa.func.count()).select_from(recipients)).scalar())
    assert found == 40_000
