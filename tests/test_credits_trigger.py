"""NusaWaCreditsTrigger against the gateway: what it waits for."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from trigger_runs import credits, fired, run


def test_credits_are_awaited_until_they_are_topped_up(nusawa_gateway):
    account = nusawa_gateway.backend.account
    account.balance = 10

    async def top_up_while_it_waits():
        waiting = asyncio.create_task(fired(credits("1000", min_days_left=3)))
        while sum(request.call == "credits" for request in nusawa_gateway.requests) < 2:
            await asyncio.sleep(0.01)
        account.balance = 1500
        return await waiting

    event = asyncio.run(top_up_while_it_waits())

    assert event == {"verdict": "met", "credits": {"credits": "1500", "expires": "2099-12-31"}, "trouble": ""}


@pytest.mark.parametrize(("balance", "days"), [(999, 90), (5000, 6), (5000, -1)])
def test_too_few_credits_or_days_are_waited_out(nusawa_gateway, balance, days):
    account = nusawa_gateway.backend.account
    account.balance = balance
    account.expires = nusawa_gateway.backend.clock.now().date() + timedelta(days=days)

    event = run(credits("1000", min_days_left=7, seconds=0.3))

    assert event["verdict"] == "timed_out"
    assert event["credits"] == {"credits": str(balance), "expires": date.isoformat(account.expires)}
