"""The command line, over a real ledger."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ledger_house import House, accepted, answered, number

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.cli import looking, main
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.reading import Line, Reader

Run = Callable[..., Result]
WHY = ("--reason", "asked for")


@pytest.fixture
def run(url: str) -> Run:
    def invoke(*words: str, fails: bool = False, typed: str = "") -> Result:
        result = CliRunner().invoke(main, ["--ledger", url, "--who", "ani", *words], input=typed)
        assert (result.exit_code != 0) is fails, result.output
        return result

    return invoke


@pytest.fixture
def campaign(house: House) -> Campaign:
    """One accepted, one refused, one unknown, one planned; all long ago by the database's own clock."""
    house.clock.now = 1_000_000_000.0
    campaign = house.campaign(people=4)
    runner, begun = house.begun(campaign, most=3)
    first, second, third = begun.items()
    runner.turn(accepted(dict([first])))
    runner.turn(answered(dict([second]), Outcome.REFUSED, code=-3, reason="not covered"))
    runner.turn(answered(dict([third]), Outcome.UNKNOWN))
    return campaign


def test_a_ledger_is_made_by_init_alone(run: Run) -> None:
    assert "init" in run("campaigns", fails=True).output
    assert "is ready" in run("init").output
    assert run("campaigns", "--json").output == ""


def test_a_missing_ledger_ends_in_one_sentence(run: Run) -> None:
    output = run("show", "halo", fails=True).output

    assert output.startswith("Error: there is no ledger at") or output.startswith("Error: the database holds no ledger")
    assert "Traceback" not in output


def test_no_cell_of_an_export_is_a_formula(run: Run, campaign: Campaign, house: House) -> None:
    report = DeliveryReport(house.row().message_id, DeliveryStatus.FAILED, err_code="=HYPERLINK(1)")
    house.ledger.write(lambda tx: apply_reports(tx, [report]))
    run("suppress", "add", number(9), "--reason", "@SUM(1)")

    rows = csv.DictReader(io.StringIO(run("export", "halo").output))
    people = csv.DictReader(io.StringIO(run("suppress", "export").output))

    assert next(iter(rows))["err_code"] == "'=HYPERLINK(1)"
    assert next(iter(people))["reason"] == "'@SUM(1)"


@pytest.mark.usefixtures("campaign")
def test_campaigns_are_listed(run: Run) -> None:
    (line,) = run("campaigns", "--json").output.splitlines()

    assert json.loads(line) | {"created_at": ""} == {
        "campaign": "halo", "rehearsal": False, "created_at": "",
        "rows_read": 4, "doubles": 0, "open": 1, "adds_up": True,
        "sending": {"planned": 1, "claimed": 0, "sending": 0, "accepted": 1, "refused": 1, "unknown": 1, "excluded": 0,
                    "suppressed": 0, "bad": 0},
        "delivery": {"sent": 0, "delivered": 0, "read": 0, "failed": 0, "none": 1},
    }  # fmt: skip


@pytest.mark.usefixtures("campaign")
def test_show_says_why_and_that_it_adds_up(run: Run) -> None:
    shown = run("show", "halo").output

    assert "-3 NETWORK_NOTCOVERED" in shown
    assert "4 rows read = 0 doubles" in " ".join(shown.split())
    assert json.loads(run("show", "halo", "--json").output)["refused_by_code"] == {"-3": 1}


@pytest.mark.usefixtures("campaign")
def test_another_name_is_not_found(run: Run) -> None:
    assert "knows no campaign named 'hola'" in run("show", "hola", fails=True).output


@pytest.mark.usefixtures("campaign")
def test_export_holds_every_recipient(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("export", "halo").output)))
    lines = [json.loads(line) for line in run("export", "halo", "--format", "jsonl").output.splitlines()]

    assert [row["sending"] for row in rows] == ["accepted", "refused", "unknown", "planned"]
    assert [line["number"] for line in lines] == [number(place) for place in range(1, 5)]
    assert lines[0]["posted_at"].startswith("2001-09-09T01:46:40")


def test_refused_ones_are_planned_again(run: Run, house: House, campaign: Campaign) -> None:
    assert "1 recipients are planned again" in run("retry", "halo", "--refused", *WHY).output
    assert house.states(campaign)[2] == "planned"


def test_unknown_ones_are_sent_again_only_after_a_yes(run: Run, house: House, campaign: Campaign) -> None:
    run("retry", "halo", "--unknown", *WHY, typed="n\n", fails=True)
    assert house.states(campaign)[3] == "unknown"

    run("retry", "halo", "--unknown", *WHY, typed="y\n")
    assert house.states(campaign)[3] == "planned"


@pytest.mark.usefixtures("campaign")
def test_retry_wants_to_know_which_and_why(run: Run) -> None:
    assert "--refused" in run("retry", "halo", *WHY, fails=True).output
    assert "--reason" in run("retry", "halo", "--refused", fails=True).output


def test_unknown_ones_are_resolved_from_a_list(run: Run, house: House, campaign: Campaign, tmp_path: Path) -> None:
    told = tmp_path / "told.csv"
    told.write_text(f"\ufeffnumber,outcome,message_id\n0{number(3)[2:]},accepted,007\n{number(1)},refused,\n")

    output = run("resolve", "halo", str(told), *WHY).output

    assert output == "1 of 1 unknown recipients are resolved; 1 lines named others\n"
    assert house.states(campaign) == {1: "accepted", 2: "refused", 3: "accepted", 4: "planned"}
    assert house.row(3).message_id == "007"


def test_a_campaign_is_watched_from_the_reading_of_its_list_until_all_is_done(
    run: Run, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LOOK_SECONDS", 0.02)
    house.clock.now = time.time()
    campaign = house.campaign(people=0)
    reader = Reader.open(house.ledger, campaign, "run 2")
    reader.add([Line(1, number(1))])
    shown: list[str] = []
    watching = threading.Thread(target=lambda: shown.append(run("show", "halo", "--watch").output))
    watching.start()

    watching.join(0.5)
    assert watching.is_alive(), "it ended while the list was being read"
    reader.complete()
    watching.join(0.5)
    assert watching.is_alive(), "it ended while there was somebody to send to"
    runner, begun = house.begun(campaign)
    runner.turn(accepted(begun))
    watching.join(10)

    assert "1 accepted" in shown[0]


def test_suppressions_go_in_and_out(run: Run, tmp_path: Path) -> None:
    run("init")
    numbers = tmp_path / "n.csv"
    numbers.write_text("number\n0812-3456-7890\n")
    assert run("suppress", "add", "0812 3456 7891", *WHY).output == "1 are new, 0 had said no before\n"
    assert run("suppress", "import", str(numbers), *WHY).output == "1 are new, 0 had said no before\n"

    rows = list(csv.DictReader(io.StringIO(run("suppress", "export").output)))
    assert {row["number"] for row in rows} == {"6281234567890", "6281234567891"}
    assert {row["reason"] for row in rows} == {"asked for"}
    assert "1 may be sent to again" in run("suppress", "remove", "+62 812-3456-7890", *WHY).output


def test_what_is_no_number_is_refused(run: Run) -> None:
    run("init")

    assert "Error" in run("suppress", "add", "hello", *WHY, fails=True).output


@pytest.mark.usefixtures("campaign")
def test_a_person_is_shown_and_forgotten(run: Run, house: House) -> None:
    states = [json.loads(line).get("state") for line in run("person", number(1), "--json").output.splitlines()]
    assert states == ["planned", "sending", "accepted"]
    shown = run("person", number(1)).output
    assert number(1) not in shown
    assert '{"nama":"N1"}' in shown
    run("suppress", "add", number(1), "--reason", "said [STOP]")
    assert json.loads(run("person", number(1), "--json").output.splitlines()[-1])["said_no"] == "said [STOP]"
    assert "has said no" in run("person", number(1)).output
    assert "said [STOP]" in run("person", number(1)).output

    assert "forgotten in 1 rows" in run("forget", number(1), *WHY).output
    assert house.row(1).number is None


@pytest.mark.usefixtures("campaign")
def test_old_ones_are_purged(run: Run, house: House) -> None:
    assert "3 recipients are marks now" in run("purge", "--older-than", "90d", *WHY).output
    assert [house.row(line).number is None for line in range(1, 5)] == [True, True, True, False]
    assert "90d" in run("purge", "--older-than", "soon", *WHY, fails=True).output
