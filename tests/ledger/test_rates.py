"""One rate for an account."""

from __future__ import annotations

import threading

import pytest
from ledger_house import House

from airflow_provider_nusawa.ledger.rates import RECOVERY_SECONDS, Share, reserve, slow_down


def take(house: House, requests: int = 10, account: str = "a") -> Share:
    return house.ledger.write(lambda tx: reserve(tx, account, requests, per_second=20))


def test_stretches_follow_one_another(house: House) -> None:
    assert [take(house).starts_in for _ in range(3)] == pytest.approx([0, 0.5, 1.0])


def test_time_that_nobody_wanted_is_not_saved_up(house: House) -> None:
    take(house)
    house.clock.now += 60

    assert [take(house).starts_in for _ in range(2)] == pytest.approx([0, 0.5])


def test_accounts_do_not_wait_for_each_other(house: House) -> None:
    take(house, 1000)

    assert take(house, account="b").starts_in == 0


def test_too_many_requests_halve_the_rate_for_all_and_it_recovers(house: House) -> None:
    take(house, 1)
    house.ledger.write(lambda tx: slow_down(tx, "a"))

    assert take(house).spacing == pytest.approx(0.1)
    house.clock.now += RECOVERY_SECONDS / 2
    assert take(house).spacing == pytest.approx(0.05 / 0.75)
    house.clock.now += RECOVERY_SECONDS / 2
    assert take(house).spacing == pytest.approx(0.05)


def test_retry_after_holds_for_all(house: House) -> None:
    house.ledger.write(lambda tx: slow_down(tx, "a", wait_seconds=30))

    share = take(house)
    assert (share.starts_in, share.pause) == (30, 30)


def test_a_shorter_pause_does_not_end_a_longer_one(house: House) -> None:
    for seconds in (30, 0):
        house.ledger.write(lambda tx, seconds=seconds: slow_down(tx, "a", wait_seconds=seconds))

    assert take(house).pause == 30
    house.clock.now += 31
    assert take(house).pause == 0


def test_many_at_once_get_stretches_that_do_not_overlap(house: House) -> None:
    shares: list[Share] = []
    threads = [threading.Thread(target=lambda: shares.append(take(house))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(share.starts_in for share in shares) == pytest.approx([0.5 * place for place in range(8)])
