"""Python's search for garbage beside a leg."""

from __future__ import annotations

import gc

from leg_house import LegHouse

from airflow_provider_nusawa.gateway.messages import Message
from airflow_provider_nusawa.ledger.work import Claimed


def test_python_looks_for_garbage_rarely_while_a_leg_runs(legs: LegHouse) -> None:
    usual, seen = gc.get_threshold(), []

    def compose(claimed: Claimed) -> Message:
        seen.append(gc.get_threshold()[0])
        return Message(claimed.number, "Halo")

    legs.leg(legs.campaign(people=1), compose=compose).run()

    assert seen[0] > 10 * usual[0]
    assert gc.get_threshold() == usual
