"""What a leg says while it runs, and once it has ended."""

from __future__ import annotations

import logging

import pytest
from leg_house import LegHouse

from airflow_provider_nusawa.campaign.reporting import Reporter, line_of
from airflow_provider_nusawa.ledger.progress import Equation, Progress

EQUATION = Equation(
    rows_read=1000, doubles=0, bad=0, excluded=0, suppressed=0, accepted=300, refused=2, unknown=1, open=697
)


def progress(equation: Equation = EQUATION) -> Progress:
    return Progress("halo", False, 0.0, equation, {}, {})


@pytest.mark.parametrize(
    ("per_second", "left"),
    [
        pytest.param(0.0, "", id="not-known"),
        pytest.param(20.0, ", about 35 s left", id="seconds"),
        pytest.param(5.0, ", about 2 min 19 s left", id="minutes"),
        pytest.param(0.1, ", about 1 h 56 min left", id="hours"),
    ],
)
def test_the_line_says_how_far_how_fast_and_how_long_still(per_second: float, left: str) -> None:
    line = line_of(progress(), per_second)

    what = "campaign 'halo': 303 of 1000 sent (300 accepted, 2 refused, 1 unknown)"
    assert line == f"{what}, {per_second:.1f} a second{left}"


def test_a_bar_is_drawn_for_who_looks_on(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(bar=True)

    reporter.tell(progress())
    reporter.close()

    assert "303/1000" in capsys.readouterr().err


def test_a_leg_says_where_it_begins_and_how_it_ends(legs: LegHouse, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "airflow_provider_nusawa.campaign"):
        legs.run(legs.campaign(people=3))

    first, *_, last = [record.getMessage() for record in caplog.records]
    assert first.startswith("campaign 'halo': 0 of 3 sent")
    assert last.startswith("campaign finished (everybody is accounted for): 3 rows read = 0 doubles")
