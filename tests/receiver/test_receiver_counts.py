"""Whoever asked is told the status of each answer, whatever the call was."""

from __future__ import annotations

import asyncio

from receiver_house import House, call, query

from airflow_provider_nusawa.receiver.desk import Desk


def test_each_answers_status_is_told(house: House) -> None:
    told: list[int] = []
    desk = Desk(house.desk.tokens, house.desk.writer, told.append)

    for asked in (query(), query(token="x" * 20), query(ref_no="")):
        asyncio.run(desk.handle(call(asked)))
    asyncio.run(desk.handle(call(query(), path="/elsewhere")))

    assert told == [200, 403, 400, 404]
