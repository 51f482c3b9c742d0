"""Callbacks and the ledger: nobody hears 200 for what is lost, and nobody waits long for a ledger that is away."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from receiver_house import House, call, locked, query

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport
from airflow_provider_nusawa.ledger.errors import LedgerUnavailable
from airflow_provider_nusawa.ledger.hearing import is_hearing
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from airflow_provider_nusawa.receiver.writer import MOST_WAITING, PATIENCE_SECONDS, Writer


async def statuses(house: House, count: int, first: int = 0) -> list[int]:
    calls = (house.desk.handle(call(query(ref_no=f"m{place}"))) for place in range(first, first + count))
    return [answer.status for answer in await asyncio.gather(*calls)]


def test_many_at_once_are_all_on_record_when_they_are_answered(house: House) -> None:
    assert asyncio.run(statuses(house, 1500)) == [200] * 1500
    assert len(house.known()) == 1500
    assert house.ledger.read(is_hearing)


def test_what_comes_in_a_pause_is_put_on_record_in_one_commit(house: House) -> None:
    commits: list[float] = []

    def open_it() -> Ledger:
        ledger = open_ledger(f"sqlite:///{house.path}")
        sa.event.listen(ledger.engine, "commit", lambda _: commits.append(time.monotonic()))
        return ledger

    async def trickle(writer: Writer) -> list[bool]:
        calls = []
        for place in range(20):
            calls.append(asyncio.ensure_future(writer.write(DeliveryReport(f"m{place}", DeliveryStatus.SENT))))
            await asyncio.sleep(0.02)
        return await asyncio.gather(*calls)

    writer = Writer(open_it, pause_seconds=1.0)

    assert asyncio.run(trickle(writer)) == [True] * 20
    assert len(commits) == 2, "the first at once, and one for all that came in the pause"
    writer.close()
    assert len(house.known()) == 20


def test_the_same_callback_many_times_and_backwards_says_the_same(house: House) -> None:
    async def tell() -> None:
        for letter in "RDSSRD":
            await asyncio.gather(*(house.desk.handle(call(query(status=letter))) for _ in range(3)))

    asyncio.run(tell())

    assert list(house.known().values()) == ["R"]


def test_a_locked_ledger_is_503_soon_then_at_once_and_what_waited_is_not_lost(house: House) -> None:
    async def meet_a_lock() -> tuple[list[int], float, list[int], float]:
        assert await statuses(house, 1) == [200]
        with locked(house.path):
            began = time.monotonic()
            first = await statuses(house, 5, first=1)
            waited = time.monotonic()
            second = await statuses(house, 5, first=6)
            return first, waited - began, second, time.monotonic() - waited

    first, first_seconds, second, second_seconds = asyncio.run(meet_a_lock())

    assert (first, second) == ([503] * 5, [503] * 5)
    assert first_seconds < PATIENCE_SECONDS + 2
    assert second_seconds < 1
    house.desk.writer.close()
    assert {f"m{place}" for place in range(6)} <= house.known().keys()


def test_no_more_wait_than_fit_into_bounded_memory(house: House) -> None:
    async def flood() -> list[int]:
        assert await statuses(house, 1) == [200]
        with locked(house.path):
            return await statuses(house, MOST_WAITING + 800, first=1)

    assert asyncio.run(flood()).count(503) == MOST_WAITING + 800
    house.desk.writer.close()
    assert len(house.known()) <= MOST_WAITING + 501  # a batch may be on its way already


def test_a_ledger_that_is_replaced_while_it_is_open_is_not_written_to_as_it_was(house: House) -> None:
    assert asyncio.run(statuses(house, 1)) == [200]
    for path in house.path.parent.glob("ledger.sqlite*"):
        path.rename(path.with_name(path.name.replace("ledger", "old")))

    assert asyncio.run(statuses(house, 1, first=1)) == [503]

    with (
        closing(sqlite3.connect(house.path.with_name("old.sqlite"))) as old,
        closing(sqlite3.connect(house.path)) as new,
    ):
        old.backup(new)
    assert asyncio.run(statuses(house, 1, first=2)) == [200]
    with open_ledger(f"sqlite:///{house.path}") as brought_back:
        assert "m2" in House(house.path, brought_back, house.desk).known()


def test_a_ledger_that_is_not_there_yet_is_found_when_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer(lambda: open_ledger(f"sqlite:///{tmp_path}/later.sqlite"))
    report = DeliveryReport("m", DeliveryStatus.SENT)

    assert asyncio.run(writer.write(report)) is False
    assert asyncio.run(writer.write(report)) is False
    assert caplog.text.count("callbacks are answered 503: there is no ledger") == 1
    open_ledger(f"sqlite:///{tmp_path}/later.sqlite", create=True).close()
    assert asyncio.run(writer.write(report)) is True
    writer.close()


def test_what_a_stranger_raises_is_not_quoted_and_does_not_end_the_writing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url, fails = f"sqlite:///{tmp_path}/ledger.sqlite", [True]
    open_ledger(url, create=True).close()

    def open_it() -> Ledger:
        if fails:
            fails.clear()
            raise KeyError("6281234567890")
        return open_ledger(url)

    writer = Writer(open_it)
    report = DeliveryReport("m", DeliveryStatus.SENT)

    assert [asyncio.run(writer.write(report)) for _ in range(2)] == [False, True]
    assert "KeyError" in caplog.text
    assert "6281234567890" not in caplog.text
    writer.close()


def test_the_chores_are_done_and_one_that_fails_stops_nobody(
    open_house: Callable[..., House], caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()

    def fail(_: Ledger) -> None:
        raise LedgerUnavailable("away")

    house = open_house(chores={"fly": fail, "walk": lambda ledger: done.set()}, chores_every_seconds=0.05)

    assert asyncio.run(statuses(house, 1)) == [200]
    assert done.wait(10)
    assert asyncio.run(statuses(house, 1)) == [200]
    assert caplog.messages == ["The receiver could not fly, and will try again: away."]


def test_orphans_older_than_a_week_are_dropped_by_the_way(open_house: Callable[..., House]) -> None:
    house = open_house(chores_every_seconds=0.0)
    with closing(sqlite3.connect(house.path)) as other:
        other.execute("INSERT INTO nusawa_orphans VALUES ('old', 'D', '', ?)", (time.time() - 8 * 86_400,))
        other.commit()

    assert asyncio.run(statuses(house, 1)) == [200]
    house.desk.writer.close()

    assert list(house.known()) == ["m0"]
