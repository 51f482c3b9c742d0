"""Runners as real processes, killed at any moment: nobody is asked for twice, and everybody is accounted for."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from ledger_house import Clock, House, accepted

from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.leases import LEASE_SECONDS
from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.ledger.tx import postgresql_clock, sqlite_clock

PEOPLE = 400
ROUNDS = 6
processes = multiprocessing.get_context("fork")


def _house(url: str, later: float) -> House:
    """Open the ledger at a time when all that was killed before has lost its lease."""
    real = sqlite_clock if url.startswith("sqlite") else postgresql_clock
    clock: Any = lambda: real() + later  # noqa: E731
    return House(open_ledger(url, create=True, clock=clock), Clock())


def _work(url: str, campaign: Campaign, books: Path, later: float, pause: float, freeze_after: int = 0) -> None:
    """Send to all that can be had. A request is a line in the gateway's books.

    :param freeze_after: Stop like a machine that sleeps, once so many requests have left.
    """
    house = _house(url, later)
    gateway = os.open(books, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    runner = house.runner(campaign)
    claimed, begun = runner.turn(claim=5).claimed, {}
    left = 0
    while claimed or begun:
        turn = runner.turn(accepted(begun), begin=[one.id for one in claimed], claim=5)
        claimed, begun = turn.claimed, turn.begun
        for key in begun:
            os.write(gateway, f"{key}\n".encode())
            time.sleep(pause)
            left += 1
            if left == freeze_after:
                os.kill(os.getpid(), signal.SIGSTOP)
    runner.end()


def _start(*args: object) -> BaseProcess:
    process = processes.Process(target=_work, args=args)
    process.start()
    return process


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_is_asked_for_twice_however_often_runners_are_killed(url: str, tmp_path: Path, seed: int) -> None:
    moments, books = random.Random(seed), tmp_path / "books"
    house = _house(url, 0)
    campaign = house.campaign(people=PEOPLE)

    for round_number in range(ROUNDS):
        runners = [_start(url, campaign, books, round_number * (LEASE_SECONDS + 1), 0.001) for _ in range(2)]
        for runner in runners:
            time.sleep(moments.uniform(0.05, 0.2))
            os.kill(runner.pid or 0, signal.SIGKILL)
            runner.join()
    last = _start(url, campaign, books, ROUNDS * (LEASE_SECONDS + 1), 0)
    last.join(120)

    posted = Counter(books.read_text().split())
    balance = house.equation(campaign)
    assert last.exitcode == 0
    assert set(posted.values()) == {1}
    assert balance.adds_up
    assert balance.open == 0
    assert balance.accepted + balance.unknown == PEOPLE
    assert balance.unknown <= 5 * 2 * ROUNDS, "only what was under way at a kill is unknown"
    assert house.progress(campaign).equation == balance


def test_runners_at_once_share_the_work(url: str, tmp_path: Path) -> None:
    books = tmp_path / "books"
    house = _house(url, 0)
    campaign = house.campaign(people=PEOPLE)

    runners = [_start(url, campaign, books, 0.0, 0.0) for _ in range(4)]
    for runner in runners:
        runner.join(120)

    assert [runner.exitcode for runner in runners] == [0] * 4
    assert Counter(Counter(books.read_text().split()).values()) == {1: PEOPLE}
    assert house.equation(campaign).accepted == PEOPLE


def test_a_runner_stopped_past_its_lease_does_no_harm_when_it_wakes(url: str, tmp_path: Path) -> None:
    books = tmp_path / "books"
    house = _house(url, 0)
    campaign = house.campaign(people=PEOPLE)
    frozen = _start(url, campaign, books, 0.0, 0.0, 18)
    pid = frozen.pid or 0
    os.waitpid(pid, os.WUNTRACED)

    other = _start(url, campaign, books, LEASE_SECONDS + 1, 0.0)
    other.join(120)
    os.kill(pid, signal.SIGCONT)
    frozen.join(120)

    posted = Counter(books.read_text().split())
    balance = house.equation(campaign)
    assert (other.exitcode, frozen.exitcode) == (0, 1), "whoever was taken for dead is told so"
    assert (len(posted), set(posted.values())) == (PEOPLE, {1})
    assert (balance.accepted, balance.adds_up) == (PEOPLE, True), "its late answers overrule unknown"
