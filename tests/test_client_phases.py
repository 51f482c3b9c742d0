"""What is certain before the first byte leaves, and what cuts a call: the phase decides, not the exception."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from clients import HALO, closed_port, failure, until_asked

from airflow_provider_nusawa.gateway.call import intent_clock
from airflow_provider_nusawa.gateway.client import AsyncClient, Client
from airflow_provider_nusawa.gateway.errors import (
    Cause,
    OutcomeUnknown,
    Unreachable,
)
from airflow_provider_nusawa.gateway.pace import pace_of


@contextmanager
def _deaf() -> Iterator[str]:
    """A port whose connections are never made: its queue is full."""
    with closing(socket.socket()) as listener, closing(socket.socket()) as first, closing(socket.socket()) as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def _nameless() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", _no_such_name)  # a real resolver would ask the network
        yield "https://gateway.invalid"


def _no_such_name(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@contextmanager
def _impossible_name() -> Iterator[str]:
    yield "https://no..such.host.invalid"


@pytest.mark.parametrize(
    ("nowhere", "cause"),
    [
        pytest.param(closed_port, Cause.CONNECT, id="refused"),
        pytest.param(_deaf, Cause.TIMEOUT, id="no-handshake"),
        pytest.param(_nameless, Cause.DNS, id="no-such-name"),
        pytest.param(_impossible_name, Cause.DNS, id="no-possible-name"),
    ],
)
def test_a_connection_that_never_was_is_tried_three_times_and_certainly_sent_nothing(ask, settings, nowhere, cause):
    with nowhere() as host:
        error = failure(
            ask, replace(settings, host=host, connect_timeout_seconds=0.2), lambda client: client.send(HALO)
        )

    assert (type(error), error.cause, error.never_asked, error.retryable) == (Unreachable, cause, True, True)


def test_what_does_not_speak_tls_was_sent_nothing(ask, settings, nusawa_gateway):
    https = settings.host.replace("http://", "https://")

    error = failure(ask, replace(settings, host=https), lambda client: client.send(HALO))

    assert (type(error), error.cause, error.never_asked) == (Unreachable, Cause.TLS, True)
    assert nusawa_gateway.requests == []


def test_a_proxy_that_refuses_a_tunnel_was_sent_nothing(ask, settings, nusawa_gateway, monkeypatch):
    monkeypatch.setenv("https_proxy", nusawa_gateway.url)

    error = failure(ask, replace(settings, host="https://gateway.invalid"), lambda client: client.send(HALO))

    assert (type(error), error.cause, error.never_asked) == (Unreachable, Cause.PROXY, True)


def test_a_resolver_that_hangs_is_left_at_the_time_limit(ask, settings, monkeypatch):
    left = threading.Event()

    def hang(*_: Any, **__: Any) -> Any:
        left.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "too late")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    settings = replace(settings, host="https://slow.invalid", total_timeout_seconds=0.4)
    threading.Timer(5, left.set).start()

    error = failure(ask, settings, lambda client: _until_failed(client, left))

    assert (type(error), error.cause, error.never_asked) == (Unreachable, Cause.LATE, True)


def _until_failed(client: Any, left: threading.Event) -> Any:
    # Late from the second attempt on, so that one is all it takes.
    limit = intent_clock() + 0.3
    if isinstance(client, AsyncClient):

        async def send() -> None:
            try:
                await client.send(HALO, leave_before=limit)
            finally:
                assert not left.is_set(), "it waited for the resolver"
                left.set()

        return send()
    try:
        return client.send(HALO, leave_before=limit)
    finally:
        assert not left.is_set(), "it waited for the resolver"
        left.set()


@pytest.mark.parametrize("after", [pytest.param(-0.1, id="already-late"), pytest.param(-60.0, id="long-late")])
def test_what_is_late_does_not_leave(ask, settings, nusawa_gateway, after):
    limit = intent_clock() + after

    error = failure(ask, settings, lambda client: client.send(HALO, leave_before=limit))

    assert (type(error), error.cause, error.never_asked) == (Unreachable, Cause.LATE, True)
    assert nusawa_gateway.requests == []


def test_a_stop_cuts_a_call_in_flight_in_threads(settings, nusawa_gateway):
    nusawa_gateway.fail_next("hang_after")
    client = Client(replace(settings, read_timeout_seconds=30, total_timeout_seconds=30))
    stopper = threading.Thread(target=lambda: (until_asked(nusawa_gateway), client.stop()))
    stopper.start()

    with pytest.raises(OutcomeUnknown) as caught:
        client.send(HALO)

    stopper.join()
    assert caught.value.cause is Cause.STOPPED


def test_a_stop_cuts_a_call_in_flight_in_a_loop(settings, nusawa_gateway):
    nusawa_gateway.fail_next("hang_after")
    patient = replace(settings, read_timeout_seconds=30, total_timeout_seconds=30)

    async def run() -> None:
        async with AsyncClient(patient) as client:
            sending = asyncio.create_task(client.send(HALO))
            await asyncio.to_thread(until_asked, nusawa_gateway)
            client.stop()
            await sending

    with pytest.raises(OutcomeUnknown) as caught:
        asyncio.run(run())

    assert caught.value.cause is Cause.STOPPED


def test_a_stopped_client_sends_nothing(ask, settings, nusawa_gateway):
    def call(client):
        client.stop()
        return client.send(HALO)

    error = failure(ask, settings, call)

    assert (type(error), error.cause, error.never_asked) == (Unreachable, Cause.STOPPED, True)
    assert nusawa_gateway.requests == []


def test_cancelling_from_outside_stays_a_cancellation(settings, nusawa_gateway):
    nusawa_gateway.fail_next("hang_before")

    async def run() -> None:
        async with AsyncClient(settings) as client:
            await asyncio.wait_for(client.send(HALO), 0.1)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(run())


@pytest.mark.parametrize("fault", ["drop_before", "reset_before"])
def test_a_question_whose_old_connection_breaks_is_no_fault_of_ours(ask, settings, nusawa_gateway, caplog, fault):
    nusawa_gateway.fail_next(fault, call="dr")

    error = failure(ask, settings, _credits_then_report)

    assert (error.cause, error.never_asked) == (Cause.DROPPED, False)
    assert [request.call for request in nusawa_gateway.requests] == ["credits", "dr"]
    assert not caplog.records


def _credits_then_report(client: Any) -> Any:
    if isinstance(client, AsyncClient):
        return _one_after_the_other(client)
    client.credits()
    return client.delivery_report("0123")


async def _one_after_the_other(client: AsyncClient) -> Any:
    await client.credits()
    return await client.delivery_report("0123")


def test_a_stop_wakes_a_call_that_waits_to_be_repeated(settings, nusawa_gateway):
    strike = nusawa_gateway.fail_next(429, times=9, retry_after=60)
    pace = pace_of(settings.account, settings.rate_per_second)

    async def run() -> None:
        async with AsyncClient(settings) as client:
            sending = asyncio.create_task(client.send(HALO))
            while pace.rate == pace.full_rate:  # until the 429 has been heard
                await asyncio.sleep(0.01)
            client.stop()
            await asyncio.wait_for(sending, 10)

    with pytest.raises(Unreachable) as caught:
        asyncio.run(run())

    assert caught.value.cause is Cause.STOPPED
    assert strike.fired == 1
