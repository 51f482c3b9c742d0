"""The emulator's state, without a socket: clock, letters, books, accounts, rules."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import datetime, timezone

import pytest

from airflow_provider_nusawa.emulator import Account, Backend, Clock, Message, Rules, fates
from airflow_provider_nusawa.emulator.books import Books, Received
from airflow_provider_nusawa.emulator.reports import sent_date
from airflow_provider_nusawa.emulator.submission import Submission

NUMBER = "6281234567890"


def accept(backend: Backend, number: str = NUMBER, text: str = "Halo") -> Message:
    message = backend.submit(Submission("v3", backend.account, number, text)).message
    assert message is not None
    return message


def letter(backend: Backend, message: Message) -> str:
    return message.letter(backend.clock.seconds())


def test_the_clock_follows_real_time_until_told_otherwise() -> None:
    clock = Clock()
    assert abs(clock.seconds() - time.time()) < 1

    clock.advance(3600)
    assert 3599 < clock.seconds() - time.time() < 3601
    clock.set(datetime(2026, 1, 2, 3, 4, 5))
    assert clock.now().isoformat()[:19] == "2026-01-02T03:04:05"
    clock.set(datetime(2026, 1, 2, tzinfo=timezone.utc))
    assert clock.now().isoformat()[:19] == "2026-01-02T07:00:00"


def test_a_frozen_clock_only_moves_when_moved() -> None:
    clock = Clock()
    clock.freeze()
    clock.freeze()
    begin = clock.seconds()
    time.sleep(0.01)
    assert clock.seconds() == begin
    clock.advance(5)
    assert clock.seconds() == begin + 5
    time.sleep(0.1)
    clock.resume()
    clock.resume()
    assert 5 <= clock.seconds() - begin < 5.1  # the time that passed while it stood is not caught up
    assert not clock.is_frozen


def test_times_are_written_as_on_the_vendors_page() -> None:
    assert sent_date(datetime(2017, 9, 25, 10, 49, 5, tzinfo=timezone.utc).timestamp()) == "2017-09-25 17:49:05.0"
    assert sent_date(None) == ""


def test_a_letter_set_by_hand_overrules_the_plan_and_keeps_the_past() -> None:
    backend = Backend()
    backend.clock.freeze()
    message = accept(backend)
    backend.clock.advance(1.5)
    backend.set_letter(message.id, "F", "69")
    backend.clock.advance(60)

    assert letter(backend, message) == "F"
    assert [got for _, got in message.history()] == ["S", "F"]
    backend.set_letter(message.id, "D")
    assert letter(backend, message) == "D"


def test_rules_changed_later_leave_earlier_messages_alone() -> None:
    backend = Backend()
    backend.clock.freeze()
    first = accept(backend)
    backend.rules.letters, backend.rules.step_seconds = "SF", 100.0
    second = accept(backend)
    backend.clock.advance(2)

    assert (letter(backend, first), letter(backend, second)) == ("D", "")


def test_the_books_know_who_got_more_than_one() -> None:
    backend = Backend()
    accept(backend)
    accept(backend, number="6281111111111")
    assert backend.accepted_twice() == {}

    accept(backend, text="Again")
    accept(backend, text="And again")

    twice = backend.accepted_twice()
    assert {number: [message.text for message in messages] for number, messages in twice.items()} == {
        NUMBER: ["Halo", "Again", "And again"]
    }
    assert backend.books.twice == 1
    assert "Again" not in repr(backend.sent_to(NUMBER)[0])


def test_a_reset_forgets_what_happened_and_keeps_what_was_set() -> None:
    backend = Backend(Account("a", "b", balance=5))
    first = accept(backend)
    backend.fail_next(-1)
    backend.rules.letters = "S"
    backend.reset()

    assert (backend.books.messages, backend.faults.all, backend.account.balance) == ({}, [], 4)
    assert accept(backend).id != first.id
    assert backend.rules.letters == "S"


def test_ids_depend_on_the_start_alone() -> None:
    assert accept(Backend()).id == accept(Backend()).id
    assert accept(Backend(first_serial=7)).id != accept(Backend()).id


def test_old_requests_are_let_go_and_still_counted() -> None:
    books = Books(keep_requests=4)
    for serial in range(5):
        books.enter(Received(serial, "v3", "send", "GET", "/", {}, NUMBER, "::1", 0.4 * serial, 0.0))

    assert [request.serial for request in books.requests] == [1, 2, 3, 4]
    assert (books.received, books.counts["send"]) == (5, 5)
    assert books.busiest_second("send") == 3
    assert books.busiest_second("dr") == 0


def test_a_million_messages_would_stay_below_a_kilobyte_each() -> None:
    backend = Backend(Account(balance=10**6))
    before = _memory_bytes()
    for turn in range(20_000):
        accept(backend, number=f"62812{turn:08d}", text=f"Halo {turn}, pesanan Anda sudah dikirim")

    assert (_memory_bytes() - before) / 20_000 < 1000


def _memory_bytes() -> int:
    with open("/proc/self/statm") as pages:  # noqa: PTH123  # a file of the kernel
        return int(pages.read().split()[1]) * 4096


def test_the_limit_of_equal_texts_can_be_lifted() -> None:
    backend = Backend()
    backend.rules.equal_texts_a_day = None

    assert len({accept(backend).id for _ in range(12)}) == 12


def test_threads_may_submit_at_once_and_no_credit_is_lost() -> None:
    backend = Backend(Account(balance=1000))

    def work(worker: int) -> None:
        for turn in range(250):
            backend.submit(Submission("v3", backend.account, f"62812{worker}{turn:06d}", "Halo"))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert backend.account.balance == 0
    assert len(backend.books.messages) == 1000


@pytest.mark.parametrize(
    "values",
    [{"letters": 1}, {"messages_a_day": "3"}, {"messages_a_day": True}, {"step_seconds": None}, {"colour": "red"}],
)
def test_a_rule_refuses_what_it_cannot_take_and_changes_nothing(values: dict[str, object]) -> None:
    rules = Rules()
    with pytest.raises(ValueError, match=next(iter(values))):
        rules.change({"content_type": "text/plain", **values})

    assert rules == Rules()


def test_every_rule_can_be_changed() -> None:
    rules = Rules()
    rules.change({name: getattr(rules, name) for name in Rules.__slots__})

    assert rules == Rules()


def test_an_account_changes_by_json_and_shows_no_secret() -> None:
    account = Account("a", "s3cret").changed({"expires": "2030-01-31", "allowed_ips": ["::1"], "balance": 3})

    assert account.to_json()["expires"] == "2030-01-31"
    assert "s3cret" not in f"{account.to_json()} {account!r}"
    assert account.api_key not in f"{account.to_json()} {account!r}"
    with pytest.raises(ValueError, match="colour"):
        account.changed({"colour": "red"})


def test_magic_numbers_are_one_table() -> None:
    assert fates.fate_of(fates.magic_number("51", 7)) is fates.FATES["51"]
    assert fates.fate_of(fates.magic_number("51") + "0") is None
    assert fates.fate_of("6281234567890") is None
    assert fates.table().count("\n") + 1 == len(fates.FATES)


def test_the_emulator_knows_nothing_of_our_side_nor_of_airflow() -> None:
    program = (
        "import sys, airflow_provider_nusawa.emulator.__main__, airflow_provider_nusawa.emulator.remote; "
        "print([name for name in sys.modules if name.split('.')[0] == 'airflow' or '.gateway' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
