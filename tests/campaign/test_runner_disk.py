"""Legs whose ledger finds no room on its disk: nothing leaves without a record, and all goes on once there is room."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from ledger_house import House
from leg_house import Ahead, LegHouse
from leg_process import start
from postgres import Postgres, find_binaries
from small_disk import SmallDisk, let_files_grow, let_no_file_grow, small_disk

from airflow_provider_nusawa.emulator import Account, Backend
from airflow_provider_nusawa.emulator.serving import serve
from airflow_provider_nusawa.ledger.store import open_ledger

PEOPLE = 3000
RATE = 500.0


def check(url: str, fill: Callable[[Popen[str]], None], free: Callable[[Popen[str]], None]) -> None:
    """Run a campaign, let its disk be full in the middle until it stands still, and then free again."""
    backend, clock = Backend(Account(balance=1_000_000)), Ahead()
    with serve(backend) as gateway, open_ledger(url, create=True, clock=clock) as ledger:
        legs = LegHouse(House(ledger, clock), clock, backend, gateway)
        campaign = legs.campaign(people=PEOPLE)
        process = start(legs, url, campaign, RATE)
        legs.until(lambda: legs.sends > 200)
        fill(process)
        until_it_stands_still(legs)
        stood_at = legs.sends
        states = legs.states(campaign)
        free(process)

        said, _ = process.communicate(timeout=60)

        assert stood_at < PEOPLE, "it was done before the disk was full"
        assert states.get("accepted", 0) + states.get("sending", 0) >= stood_at, "something left without a record"
        assert (said, legs.states(campaign)) == ("finished\n", {"accepted": PEOPLE})
        assert (legs.sends, backend.accepted_twice()) == (PEOPLE, {})


def until_it_stands_still(legs: LegHouse) -> None:
    end, sends, since = time.monotonic() + 30, -1, time.monotonic()
    while time.monotonic() < since + 1.5:
        assert time.monotonic() < end, "it goes on on a full disk"
        if legs.sends != sends:
            sends, since = legs.sends, time.monotonic()
        time.sleep(0.05)


@pytest.fixture
def disk() -> Iterator[SmallDisk | None]:
    with small_disk("100m") as disk:
        yield disk


def test_a_file_on_a_full_disk(disk: SmallDisk | None) -> None:
    if disk is None:
        pytest.skip("this user may mount nothing; the quota below stands for it")

    check(f"sqlite:///{disk.place}/ledger.sqlite", lambda _: disk.fill(), lambda _: disk.free())


def test_a_file_under_a_quota(tmp_path: Path) -> None:
    def fill(process: Popen[str]) -> None:
        let_no_file_grow(process.pid, 64 * 1024)

    check(f"sqlite:///{tmp_path}/ledger.sqlite", fill, lambda process: let_files_grow(process.pid))


def test_a_server_on_a_full_disk(disk: SmallDisk | None) -> None:
    binaries = find_binaries()
    if disk is None or binaries is None:
        pytest.skip("this user may mount nothing, or there is no PostgreSQL")
    with Postgres(binaries, folder=disk.place) as server:
        check(server.new_place(), lambda _: disk.fill(), lambda _: disk.free())
