"""What a campaign may lack and still be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_nusawa.campaign.shares import Shares
from airflow_provider_nusawa.ledger.progress import Equation

HUNDRED = Equation(100, doubles=0, bad=0, excluded=0, suppressed=0, accepted=100, refused=0, unknown=0, open=0)


def after(**counts: int) -> Equation:
    """Return the equation of a hundred of whom these were not accepted."""
    return replace(HUNDRED, accepted=100 - sum(counts.values()), **counts)


@pytest.mark.parametrize(
    ("shares", "now", "is_well"),
    [
        pytest.param(Shares(), HUNDRED, True, id="all"),
        pytest.param(Shares(), after(refused=1), False, id="refused"),
        pytest.param(Shares(max_refused=0.29), after(refused=29), True, id="exactly-the-share"),
        pytest.param(Shares(max_refused=0.29), after(refused=30), False, id="more-than-the-share"),
        pytest.param(Shares(max_refused=0.3), after(refused=29, suppressed=10), False, id="of-those-tried"),
        pytest.param(Shares(max_refused=1), after(unknown=1), False, id="unknown"),
        pytest.param(Shares(max_unknown=0.01), after(unknown=1), True, id="unknown-within-the-share"),
        pytest.param(Shares(), after(open=1), False, id="left-out"),
        pytest.param(Shares(may_leave_open=True), after(open=1), True, id="may-be-left-out"),
        pytest.param(Shares(may_leave_open=True), after(open=100), False, id="nobody-but-left-out"),
        pytest.param(Shares(max_refused=1), after(refused=100), False, id="nobody-accepted"),
        pytest.param(Shares(), after(excluded=60, bad=20, suppressed=20), True, id="nobody-to-send-to"),
        pytest.param(Shares(1, 1, may_leave_open=True), replace(HUNDRED, accepted=99), False, id="does-not-add-up"),
    ],
)
def test_a_campaign_is_done_if_it_lacks_nothing(shares: Shares, now: Equation, is_well: bool) -> None:
    assert (shares.lacks(now) == []) is is_well
