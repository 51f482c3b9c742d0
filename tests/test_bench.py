"""The benchmarks run and tell what they measured; how fast anything is, no test says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench import callbacks, imports, lost_answer, throughput
from bench.__main__ import PAGE
from bench.table import BEGIN, END, Row, aimed, markdown, spread, write
from dev.house.settings import airflow_version


@pytest.mark.skipif(airflow_version() < (3, 3), reason="needs a task's memory")
def test_the_emulator_counts_what_each_contender_sent(airflow_db: Path, tmp_path: Path) -> None:
    shutil.copy(airflow_db / "airflow.db", tmp_path)

    one, two, http, java = lost_answer.rows(tmp_path)

    assert (one.result, one.target) == ("0 (failed after 1 try)", "0, and none too few: met")
    assert (two.result, two.target) == ("0 (failed after 2 tries)", "0, and none too few: met")
    assert http.result in ("1 (success after 2 tries)", "not run: apache-airflow-providers-http is not installed")
    assert java.result.startswith(("1 (success after 1 try)", "not run: "))


@pytest.mark.skipif(airflow_version() >= (3, 3), reason="for Airflows whose tasks have no memory")
def test_what_cannot_be_run_says_so() -> None:
    assert {row.result.partition(":")[0] for row in lost_answer.rows()[:3]} == {"not run"}


def test_every_sender_sends() -> None:
    rows = throughput.rows(rounds=1, count=10)

    senders = ["requests.Session", "Client", "aiohttp.ClientSession", "AsyncClient"]
    assert [row.who for row in rows] == [*senders, *senders, "the emulator, asked by aiohttp.ClientSession"]
    assert [bool(row.target) for row in rows] == [False, True, False, True, False, False, False, False, True]


def test_callbacks_are_taken() -> None:
    row = callbacks.alone(1.0)

    assert "; 0 not taken; " in row.result
    assert row.target.startswith("≥ 300")


def test_every_provider_is_imported_in_a_fresh_interpreter() -> None:
    rows = imports.rows(rounds=1)

    assert [row.who for row in rows] == [
        "airflow-provider-nusawa",
        "providers-smtp",
        "providers-http",
        "providers-slack",
    ] * 2
    assert rows[0].result.endswith(" modules")
    assert all("modules" in row.result or row.result.startswith("not run: ") for row in rows[:4])


def test_a_provider_that_is_not_there_is_not_run() -> None:
    costs = imports.Costs(missing="No module named 'x'")

    assert costs.row("airflow.providers.x", imports.IMPORT).result == "not run: No module named 'x'"


def test_the_table_names_what_is_measured_once_and_marks_what_is_missed() -> None:
    rows = [Row("ms", "ours", spread([3, 1, 2]), aimed("≤ 1", met=False)), Row("ms", "theirs", "1.0", "")]

    lines = markdown(rows).splitlines()

    assert lines[2:] == ["| ms | ours | 2.0 (1.0 to 3.0) | ≤ 1: **missed** |", "|  | theirs | 1.0 |  |"]


def test_the_page_takes_the_table_between_its_markers(tmp_path: Path) -> None:
    page = Path(shutil.copy(PAGE, tmp_path))
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]

    write(page, "first\n")
    write(page, "second\n")

    assert page.read_text() == f"{before}{BEGIN}\nsecond\n\n{END}{after}"


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")

    with pytest.raises(ValueError, match="has not the two lines"):
        write(page, "table\n")

    assert page.read_text() == "nothing\n"
