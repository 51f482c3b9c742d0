"""A list goes into the ledger whole or not at all, once a run, and every row of it is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from campaign.lists import file_of
from ledger_house import House, accepted, number

from airflow_provider_nusawa.campaign.composing import composer
from airflow_provider_nusawa.campaign.errors import ListUnfit, NewRecipients
from airflow_provider_nusawa.campaign.planning import Planned, Rules, plan
from airflow_provider_nusawa.campaign.rows import Row, Source
from airflow_provider_nusawa.campaign.sources import from_list
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.ledger.campaigns import begin_campaign
from airflow_provider_nusawa.ledger.errors import CampaignChanged, LeaseLost, PlanBusy
from airflow_provider_nusawa.ledger.plans import Counts
from airflow_provider_nusawa.ledger.reading import Reader

HALO = Text("Halo {{ nama }}")


def people(*places: int, **more: Any) -> Source:
    return from_list([{"number": number(place), "nama": f"N{place}", **more} for place in places])


def planned(house: House, source: Source, *, text: Text = HALO, run_key: str = "run 1", **rules: Any) -> Planned:
    return plan(house.ledger, "halo", text, source, run_key, rules=Rules(**{"max_bad_share": 1.0, **rules}))


def texts(house: House, result: Planned) -> dict[str, str]:
    """What a runner would send: to whom, and what."""
    compose = composer(house.ledger, result.campaign)
    claimed = house.runner(result.campaign).turn(claim=100).claimed
    return {message.to: message.text for message in map(compose, claimed)}


MIXED = """number;nama
+62 812-0000-0001;Ani
081200000002;Budi
81200000001;Ani lagi
6,2812E+12;Citra
081200000003;
021-555123;Kantor
081200000004;Dewi;surplus
081200000005;Eka
"""


def test_a_list_of_those_excluded_that_names_nobody_is_not_the_right_one(house: House) -> None:
    with pytest.raises(ListUnfit, match="none of 2 rows holds a number"):
        planned(house, people(1), exclude=file_of("email\nani@example.com\nbudi@example.com\n"))

    assert planned(house, people(1), exclude=file_of("number\n")).counts.planned == 1


def test_every_row_is_accounted_for(house: House) -> None:
    result = planned(house, file_of(MIXED), exclude=from_list(["0812-0000-0005", "021-555123"]))

    assert result.counts == Counts(rows_read=8, planned=2, bad=4, excluded=1, known=0, doubles=1)
    assert house.equation(result.campaign).adds_up
    assert [row.line for row in result.bad] == [5, 6, 7, 8]
    assert texts(house, result) == {number(1): "Halo Ani", number(2): "Halo Budi"}


def test_a_reason_names_the_line_and_nobody(house: House) -> None:
    told = " ".join(map(str, planned(house, file_of(MIXED)).bad))

    assert "line 5: Excel has shortened the number" in told
    assert "line 6: 'nama' is empty" in told
    assert not any(secret in told for secret in ("Citra", "Dewi", "0812", "5123", "E+12"))


def test_a_bad_first_line_of_a_person_does_not_cost_the_good_one(house: House) -> None:
    result = planned(house, file_of("number,nama\n081200000001,\n081200000001,Ani\n"))

    assert (result.counts.bad, result.counts.planned, result.counts.doubles) == (1, 1, 0)


@pytest.mark.parametrize("count", [0, 1])
def test_a_list_may_be_empty(house: House, count: int) -> None:
    result = planned(house, people(*range(count)), max_bad_share=0.05)

    assert result.counts == Counts(count, count, 0, 0, 0, 0)


def test_a_list_of_too_many_bad_rows_is_refused_whole(house: House) -> None:
    with pytest.raises(ListUnfit, match="4 of 8 rows are bad") as caught:
        planned(house, file_of(MIXED.replace("Ani lagi", "Ani")), max_bad_share=0.4)

    assert [row.line for row in caught.value.bad] == [5, 6, 7, 8]
    assert planned(house, people(1), text=Text("Hai {{ nama }}")).counts.planned == 1


def test_a_list_of_nothing_but_bad_rows_is_not_read_to_its_end(house: House) -> None:
    def endless() -> Iterator[Row]:
        yield from (Row(line, "Budi", {}) for line in range(1, 2**30))

    with pytest.raises(ListUnfit, match="not the right list") as caught:
        planned(house, endless, max_bad_share=0.9)

    assert len(caught.value.bad) == 20


def test_bad_rows_with_a_good_one_between_are_read_to_the_end(house: House) -> None:
    rows = [{"number": "none", "nama": "N"}] * 1500

    result = planned(house, from_list([*rows, {"number": number(1), "nama": "N"}, *rows]), max_bad_share=0.9999)

    assert (result.counts.bad, result.counts.planned) == (3000, 1)


def test_only_the_only_ones_are_planned_but_for_the_excluded(house: House) -> None:
    result = planned(house, people(1, 2, 3, 4), only=people(2, 3), exclude=people(3))

    assert (result.counts.planned, result.counts.excluded) == (1, 3)
    assert list(texts(house, result)) == [number(2)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("number\n6.2812E+12\n", id="number-lost"),
        pytest.param("number,nama\n0812,Ani,surplus\n", id="row-that-does-not-fit"),
    ],
)
def test_a_list_of_excluded_that_lost_somebody_is_refused(house: House, content: str) -> None:
    with pytest.raises(ListUnfit, match="of those to be excluded") as caught:
        planned(house, people(1), exclude=file_of(content))

    assert caught.value.line == 2


def test_a_run_reads_its_list_once(house: House) -> None:
    first = planned(house, people(1, 2))

    again = planned(house, people(3), text=Text("Halo {{ nama }}", {"x": 1}))

    assert (again.was_read_before, again.plan_id, again.counts) == (True, first.plan_id, first.counts)


def test_who_has_been_sent_to_is_still_counted_by_a_later_try(house: House) -> None:
    result = planned(house, people(1, 2))
    runner, begun = house.begun(result.campaign, most=1)
    runner.turn(accepted(begun))
    runner.end()

    assert planned(house, people(1, 2)).counts.doubles == 0


def test_a_crash_in_the_middle_has_the_list_read_anew(house: House) -> None:
    def crashing() -> Iterator[Row]:
        yield from people(1, 2)()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        planned(house, crashing)
    result = planned(house, people(2, 3))

    assert list(texts(house, result)) == [number(2), number(3)]


def test_two_do_not_read_a_list_at_once(house: House) -> None:
    def meeting() -> Iterator[Row]:
        with pytest.raises(PlanBusy):
            planned(house, people(9), run_key="run 2")
        with pytest.raises(PlanBusy):
            planned(house, people(9), text=Text("Another text"), run_key="run 2")
        yield from people(1)()

    assert planned(house, meeting).counts.planned == 1


def test_a_later_run_meets_people_who_are_new(house: House) -> None:
    first = planned(house, people(1, 2))

    with pytest.raises(NewRecipients, match="names 1 people") as caught:
        planned(house, people(2, 3), run_key="run 2")

    assert caught.value.count == 1
    assert len(house.states(first.campaign)) == 2


def test_a_later_run_may_add_them(house: House) -> None:
    planned(house, people(1, 2))

    result = planned(house, people(2, 3), run_key="run 2", add_new=True)

    assert result.counts == Counts(rows_read=2, planned=1, bad=0, excluded=0, known=1, doubles=0)
    assert house.equation(result.campaign).adds_up


def test_a_later_run_without_new_ones_goes_on(house: House) -> None:
    planned(house, people(1, 2))

    result = planned(house, people(2, 1), run_key="run 2")

    assert (result.counts.planned, result.counts.known) == (0, 2)


def test_another_text_is_refused_once_a_list_was_planned(house: House) -> None:
    planned(house, people(1))

    with pytest.raises(CampaignChanged):
        planned(house, people(1), text=Text("Hai {{ nama }}"))


def test_a_text_that_failed_every_row_may_be_mended(house: House) -> None:
    with pytest.raises(ListUnfit, match="'nma'"):
        planned(house, people(1), text=Text("Halo {{ nma }}"), max_bad_share=0.05)

    assert texts(house, planned(house, people(1))) == {number(1): "Halo N1"}


def test_a_text_mended_while_a_frozen_reader_reads_ends_that_reader(house: House) -> None:
    def frozen() -> Iterator[Row]:
        house.clock.now += 61
        planned(house, people(1), text=Text("Hai {{ nama }}"), run_key="run 2")
        yield from people(2)()

    with pytest.raises(LeaseLost):
        planned(house, frozen)


def test_a_text_mended_between_beginning_and_reading_refuses_the_list(house: House) -> None:
    old, _new = (house.ledger.write(lambda tx, text=text: begin_campaign(tx, "halo", text)) for text in ("a", "b"))
    reader = Reader.open(house.ledger, old, "run 1")

    with pytest.raises(CampaignChanged, match="while its list was read"):
        reader.complete()


def test_what_is_sent_is_what_was_checked_whatever_a_retry_brings(house: House) -> None:
    first = planned(house, people(1, usia=30), text=Text("{{ nama }} {{ usia }} {{ values.promo }}", {"promo": "A"}))

    again = planned(house, people(1, usia=31), text=Text(first.campaign.template, {"promo": "B"}))

    assert texts(house, again) == {number(1): "N1 30 A"}


def test_each_run_is_rendered_with_its_own_values(house: House) -> None:
    template = "{{ nama }} {{ values.promo }}"
    planned(house, people(1), text=Text(template, {"promo": "A"}))

    result = planned(house, people(2), text=Text(template, {"promo": "B"}), run_key="run 2", add_new=True)

    assert texts(house, result) == {number(1): "N1 A", number(2): "N2 B"}
