"""CSV and JSON lines: every recipient, in bounded memory, and no formula for a spreadsheet to run."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc

import pytest
from ledger_house import House, number
from report_house import HOSTILE, PEOPLE

from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.listing import some_of
from airflow_provider_nusawa.ledger.people import forget
from airflow_provider_nusawa.report.figures import CampaignFigures
from airflow_provider_nusawa.report.outputs import Report, kind_of
from airflow_provider_nusawa.report.recipients import COLUMNS


def written(house: House, campaign: Campaign, figures: CampaignFigures, path: str, **options: bool) -> bytes:
    stream = io.BytesIO()
    Report(house.ledger, campaign.id, figures, "Asia/Jakarta", **options).write(stream, path)
    return stream.getvalue()


def test_a_csv_holds_everybody_masked(house: House, campaign: Campaign, figures: CampaignFigures) -> None:
    text = written(house, campaign, figures, "a.csv").decode()
    rows = list(csv.DictReader(io.StringIO(text)))

    assert len(rows) == PEOPLE + 2
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["number"] == "*********0001"
    assert number(1) not in text
    assert (rows[0]["sending"], rows[0]["delivery"], rows[0]["posted_at"]) == (
        "accepted",
        "delivered",
        "2027-01-15T08:00:00+00:00",
    )
    assert rows[8]["posted_at"] == ""


def test_no_cell_begins_a_formula(house: House, campaign: Campaign, figures: CampaignFigures) -> None:
    rows = list(csv.DictReader(io.StringIO(written(house, campaign, figures, "a.csv").decode())))

    assert rows[6]["reason"] == f"'{HOSTILE[:250]}"
    assert rows[4]["code"] == "-3"  # a number, not text that begins with a minus


def test_json_lines_hold_full_numbers_where_asked_for(
    house: House, campaign: Campaign, figures: CampaignFigures
) -> None:
    lines = written(house, campaign, figures, "A.JSONL", mask_numbers=False).decode().splitlines()
    rows = [json.loads(line) for line in lines]

    assert [row["number"] for row in rows][:PEOPLE] == [number(place) for place in range(1, PEOPLE + 1)]
    assert rows[4]["code"] == -3
    assert rows[6]["reason"] == HOSTILE[:250]


def test_an_erased_number_stays_erased(house: House, campaign: Campaign, figures: CampaignFigures) -> None:
    house.ledger.write(lambda tx: forget(tx, number(1), who="ani", reason="asked"))

    for masked in (True, False):
        lines = written(house, campaign, figures, "a.jsonl", mask_numbers=masked).decode().splitlines()
        assert not json.loads(lines[0])["number"]


def test_a_compressed_list_is_the_same_list(house: House, campaign: Campaign, figures: CampaignFigures) -> None:
    plain, packed = (written(house, campaign, figures, path) for path in ("a.csv", "a.csv.gz"))

    assert gzip.decompress(packed) == plain
    assert packed == written(house, campaign, figures, "b.csv.gz")


def test_a_page_is_chosen_by_its_ending(house: House, campaign: Campaign, figures: CampaignFigures) -> None:
    assert written(house, campaign, figures, "s3://c@b/a.html").startswith(b"<!doctype html>")


@pytest.mark.parametrize("path", ["report", "report.pdf", "report.gz", "html", ".csv", ""])
def test_another_ending_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"must end in \.html"):
        kind_of(path)


def test_a_long_list_does_not_fill_the_memory(house: House) -> None:
    campaign = house.campaign("long", people=30_000)
    report = Report(house.ledger, campaign.id, None, "UTC")  # type: ignore[arg-type]  # lists draw nothing

    class Sink(io.RawIOBase):
        size = 0

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.size += len(data)
            return len(data)

    sink = Sink()
    tracemalloc.start()
    try:
        report.write(sink, "a.csv")  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert sink.size > 1_000_000
    assert peak < 25_000_000


def test_a_page_of_recipients_goes_over_the_end_of_a_list_and_no_further(house: House, campaign: Campaign) -> None:
    def page(most: int, after: int = 0) -> list[int]:
        return [row["id"] for row in house.ledger.read(lambda tx: some_of(tx, campaign.id, most, after=after))]

    everybody = page(100)

    assert len(everybody) == PEOPLE + 2
    assert page(PEOPLE + 1) == everybody[:-1]
    assert page(3, after=everybody[8]) == everybody[9:12]
