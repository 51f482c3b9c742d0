"""Reading a list where other campaigns, dead readers and other runs have left theirs."""

from __future__ import annotations

import pytest
from ledger_house import House, frozen_after, number

from airflow_provider_nusawa.ledger.campaigns import begin_campaign
from airflow_provider_nusawa.ledger.errors import CampaignChanged, PlanBusy
from airflow_provider_nusawa.ledger.people import forget
from airflow_provider_nusawa.ledger.plans import READING_SECONDS, Counts
from airflow_provider_nusawa.ledger.reading import Line, Reader
from airflow_provider_nusawa.ledger.schema import line_of


def test_who_is_in_another_campaign_is_not_known_to_this_one(house: House) -> None:
    house.campaign("one", people=[2])
    campaign = house.campaign("two", people=[1])
    reader = Reader.open(house.ledger, campaign, "run 2")

    reader.add([Line(1, number(1)), Line(2, number(2))])

    assert reader.complete() == Counts(rows_read=2, planned=1, bad=0, excluded=0, known=1, doubles=0)


def test_who_erases_for_long_what_a_dead_reader_left_keeps_the_list(house: House) -> None:
    campaign = house.campaign(people=0)
    dead = Reader.open(house.ledger, campaign, "run 2")
    dead.add([Line(1, number(1))])
    dead.write()
    house.clock.now += READING_SECONDS
    with frozen_after(house, "DELETE FROM nusawa_recipients"):
        reader = Reader.open(house.ledger, campaign, "run 2")

    with pytest.raises(PlanBusy):
        Reader.open(house.ledger, campaign, "run 3")

    assert reader.complete().rows_read == 0


def test_who_is_forgotten_while_the_list_is_being_read_is_counted_once(house: House) -> None:
    """Else one of those planned seems to be nobody, and is never claimed."""
    campaign = house.campaign(people=0)
    reader = Reader.open(house.ledger, campaign, "run 2")
    reader.add([Line(place, number(place)) for place in (1, 2, 3)])
    reader.write()

    house.ledger.write(lambda tx: forget(tx, number(1), who="ani", reason="letter"))
    reader.complete()

    assert house.progress(campaign).equation == house.equation(campaign)
    runner = house.runner(campaign)
    claimed = [runner.turn(claim=1).claimed for _ in range(3)]
    assert [line_of(one.id) for part in claimed for one in part] == [2, 3]


def test_a_list_is_not_completed_for_a_text_that_another_has_mended_since(house: House) -> None:
    texts = ("Halo {{ nama }}", "Hai {{ nama }}")
    begun, _ = (house.ledger.write(lambda tx, text=text: begin_campaign(tx, "halo", text)) for text in texts)
    reader = Reader.open(house.ledger, begun, "run 1")
    reader.add([Line(1, number(1))])

    with pytest.raises(CampaignChanged):
        reader.complete()

    assert house.runner(begun).turn(claim=1).claimed == []
