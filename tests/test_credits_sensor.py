"""NusaWaCreditsSensor in both modes against the gateway: what it waits for, and what ends the wait."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout
from sensor_runs import IN_BOTH_MODES, once, run, top_up


@IN_BOTH_MODES
def test_credits_are_awaited_until_they_are_topped_up(nusawa_gateway, mode):
    account = nusawa_gateway.backend.account
    account.balance = 10

    def looked_twice():
        return sum(request.call == "credits" for request in nusawa_gateway.requests) >= 2

    with once(looked_twice, lambda: setattr(account, "balance", 1500)):
        balance = run(top_up("1000", min_days_left="3", **mode))

    assert balance == {"credits": "1500", "expires": "2099-12-31"}


@IN_BOTH_MODES
@pytest.mark.parametrize("fault", [-2, -7, -99, 503])
def test_an_account_without_credits_and_an_outage_are_waited_out(nusawa_gateway, mode, fault):
    nusawa_gateway.fail_next(fault, times=3, call="credits")

    assert run(top_up(1, **mode))["credits"] == "100000"


@IN_BOTH_MODES
def test_credits_that_never_come_time_out(nusawa_gateway, mode):
    with pytest.raises(AirflowSensorTimeout):
        run(top_up(1_000_000, timeout=0.3, **mode))


def test_a_deferred_wait_for_credits_says_what_there_is(nusawa_gateway):
    says = "the balance is 100000 credits, 1000000 needed"
    with pytest.raises(AirflowSensorTimeout, match=says):
        run(top_up(1_000_000, timeout=0.3, deferrable=True))


@IN_BOTH_MODES
@pytest.mark.parametrize("fault", [-5, -40, 401])
def test_an_account_that_may_not_ask_for_credits_fails_at_once(nusawa_gateway, mode, fault):
    nusawa_gateway.fail_next(fault, times=-1, call="credits")

    with pytest.raises(AirflowFailException, match=str(fault)):
        run(top_up(1, **mode))


@IN_BOTH_MODES
def test_a_minimum_that_is_no_number_fails_without_a_request(nusawa_gateway, mode):
    with pytest.raises(AirflowFailException, match=r"^wait: minimum must be a number"):
        run(top_up("1.500,00", **mode))

    assert nusawa_gateway.requests == []
