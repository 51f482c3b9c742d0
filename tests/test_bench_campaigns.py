"""The benchmarks of campaigns run, small, and tell what they measured; how fast anything is, no test says."""

from __future__ import annotations

import pytest

from bench import leg_cost, leg_rate, million, planning
from bench.__main__ import main


def test_a_campaign_is_measured_beside_requests_one_after_another() -> None:
    ours, one_by_one = leg_rate.rows(seconds=1, latencies=(0.01,), tasks=0)

    assert ours.result.endswith("in the busiest second of 100 messages")
    assert ours.target.startswith("≥ 95, and never above 100: ")
    assert float(one_by_one.result) > 0


def test_a_message_of_a_campaign_is_measured_beside_a_bare_loop() -> None:
    rows = leg_cost.rows(rounds=1, count=20)

    assert [row.who for row in rows] == [leg_cost.BARE, leg_cost.OURS] * 2
    assert [row.target.partition(":")[0] for row in rows] == ["", "≤ 1.5 of bare", "", "≥ 1000"]


def test_planning_is_measured_in_time_memory_and_growth() -> None:
    rows = planning.rows(rounds=1, sizes=(10, 20))

    assert rows[0].measured == "20 rows planned, SQLite"
    assert [row.target.partition(":")[0] for row in rows[:4]] == ["", "≤ 8 times", "≤ 100 MB", "linear"]
    assert len(rows) == 8 or rows[4].result == "not run: no PostgreSQL here"


def test_a_large_campaign_is_looked_at_claimed_from_killed_and_gone_on_with() -> None:
    rows = million.rows(sizes=(400, 4000), looks=2)

    twice = [measured for measured in (million.SHOW, million.BY_CODE, million.CLAIM) for _ in range(2)]
    assert [row.measured for row in rows] == [*twice, million.RESUME]
    assert [bool(row.target) for row in rows] == [False, True, False, True, False, True, False]
    assert "Python's start included" in rows[-1].result


@pytest.mark.parametrize("arguments", [["nothing"], ["rate", "--write"]])
def test_what_cannot_be_measured_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)

    assert "bench: error: " in capsys.readouterr().err
