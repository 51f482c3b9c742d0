"""The switch of one call, where a test over a socket could only hope to meet the moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from airflow_provider_nusawa.gateway.call import Call, Withheld, intent_clock
from airflow_provider_nusawa.gateway.errors import Cause
from airflow_provider_nusawa.gateway.exchange import Request


@pytest.fixture
def call() -> Call:
    return Call(Request("GET", "/"), limit_seconds=60)


@pytest.mark.parametrize("cut_first", [pytest.param(True, id="cut-before"), pytest.param(False, id="cut-after")])
def test_whoever_waits_for_a_connection_hears_of_a_cut(call: Call, cut_first: bool) -> None:
    waiting = threading.Event()
    steps = [lambda: call.wakes(waiting), lambda: call.cut(Cause.STOPPED)]

    for step in reversed(steps) if cut_first else steps:
        step()

    assert waiting.is_set()


def test_no_byte_leaves_after_a_cut(call: Call) -> None:
    call.cut(Cause.TIMEOUT)

    with pytest.raises(Withheld):
        call.leave()
    assert not call.bytes_left


def test_the_first_cause_stands(call: Call) -> None:
    call.cut(Cause.STOPPED)
    call.cut(Cause.TIMEOUT)

    assert call.cut_by is Cause.STOPPED


def test_a_request_begins_once_its_bytes_have_not_left(call: Call) -> None:
    call.begin()
    call.leave()

    with pytest.raises(Withheld):
        call.begin()


def test_no_byte_leaves_once_the_machine_was_suspended_for_too_long(suspend: Callable[[float], None]) -> None:
    call = Call(Request("GET", "/"), limit_seconds=60, leave_before=intent_clock() + 2)
    call.begin()

    suspend(2.5)

    with pytest.raises(Withheld):
        call.leave()
    assert (call.cut_by, call.bytes_left) == (Cause.LATE, False)


@pytest.mark.parametrize("cause", [Cause.DNS, Cause.CONNECT, Cause.TLS])
def test_what_fails_after_the_first_byte_is_a_broken_connection(call: Call, cause: Cause) -> None:
    before = call.lost(cause, OSError())
    call.leave()
    after = call.lost(cause, OSError())

    assert (before.cause, before.bytes_left) == (cause, False)
    assert (after.cause, after.bytes_left) == (Cause.DROPPED, True)
