"""Both clients over a real socket: every way in which a call can end, as a table; the two must agree."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from airflow_provider_nusawa.emulator import Account
from airflow_provider_nusawa.gateway.async_transport import AsyncTransport
from airflow_provider_nusawa.gateway.client import AsyncClient, Client
from airflow_provider_nusawa.gateway.errors import (
    Cause,
    InvalidMessage,
    NusaWaError,
    OutcomeUnknown,
    Refused,
    Scope,
    Unreachable,
)
from airflow_provider_nusawa.gateway.exchange import Request
from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.gateway.settings import Secret, Settings
from airflow_provider_nusawa.gateway.transport import Transport
from tests.faults import UNKNOWN, details_of

AISHA = "6281234567890"
HALO = Message(AISHA, "Halo")
PASSWORD = "p@ss w&rd/1"

Ask = Callable[[Settings, Callable[[Any], Any]], Any]


def _in_threads(settings: Settings, call: Callable[[Any], Any]) -> Any:
    with Client(settings) as client:
        return call(client)


def _in_a_loop(settings: Settings, call: Callable[[Any], Any]) -> Any:
    async def run() -> Any:
        async with AsyncClient(settings) as client:
            return await call(client)

    return asyncio.run(run())


@pytest.fixture(params=[pytest.param(_in_threads, id="threads"), pytest.param(_in_a_loop, id="event-loop")])
def ask(request: pytest.FixtureRequest) -> Ask:
    return request.param


@pytest.fixture
def settings(nusawa_gateway) -> Settings:
    nusawa_gateway.backend.add_account(Account("demo", PASSWORD))
    return Settings(
        "demo",
        Secret(PASSWORD),
        nusawa_gateway.url,
        rate_per_second=1000,
        connect_timeout_seconds=1,
        read_timeout_seconds=0.3,
        total_timeout_seconds=0.9,
    )


def failure(ask: Ask, settings: Settings, call: Callable[[Any], Any]) -> NusaWaError:
    with pytest.raises(NusaWaError) as caught:
        ask(settings, call)
    return caught.value


def test_an_accepted_message_gives_a_receipt_with_the_gateways_id(ask, settings, nusawa_gateway):
    receipt = ask(settings, lambda client: client.send(Message(AISHA, "Halo, dunia: ½ 👋 & = + %")))

    (stored,) = nusawa_gateway.sent_to(AISHA)
    assert (receipt.outcome, receipt.code, receipt.message_id) == (Outcome.ACCEPTED, 0, stored.id)
    assert stored.text == "Halo, dunia: ½ 👋 & = + %"


def test_the_password_is_in_no_url_of_a_send(ask, settings, nusawa_gateway):
    ask(settings, lambda client: client.send(HALO))

    (request,) = nusawa_gateway.requests
    assert request.method == "POST"
    assert "?" not in request.path


def test_credits_and_reports_are_read(ask, settings, nusawa_gateway):
    receipt = ask(settings, lambda client: client.send(HALO))
    nusawa_gateway.advance(3600)

    assert ask(settings, lambda client: client.credits()).amount > 0
    assert ask(settings, lambda client: client.delivery_report(receipt.message_id)).status.is_delivered


@pytest.mark.parametrize("reused", [pytest.param(False, id="fresh"), pytest.param(True, id="reused")])
@pytest.mark.parametrize(("fault", "cause"), UNKNOWN)
def test_a_send_whose_answer_is_lost_is_unknown_and_asked_once(ask, settings, nusawa_gateway, fault, cause, reused):
    strike = nusawa_gateway.fail_next(fault, number=AISHA, **details_of(fault))
    other = Message("6281299999999", "first, so that the connection is an old one")

    def call(client):
        if isinstance(client, AsyncClient):
            return _one_after_another(client, [other] * reused + [HALO])
        for message in [other] * reused + [HALO]:
            client.send(message)
        return None

    error = failure(ask, settings, call)

    assert (type(error), error.cause, error.last_four) == (OutcomeUnknown, cause, "7890")
    assert strike.fired == 1
    assert not error.retryable


async def _one_after_another(client: AsyncClient, messages: list[Message]) -> None:
    for message in messages:
        await client.send(message)


@pytest.mark.parametrize(
    ("fault", "scope", "code"),
    [
        pytest.param(-5, Scope.ACCOUNT, -5, id="wrong-password"),
        pytest.param(-13, Scope.RECIPIENT, -13, id="bad-number"),
        pytest.param(-12, Scope.MESSAGE, -12, id="no-text"),
        pytest.param(-99, Scope.TRANSIENT, -99, id="general-error"),
        pytest.param(-45, Scope.UNLISTED, -45, id="not-in-the-table"),
        pytest.param("redirect", Scope.ACCOUNT, None, id="redirect-is-not-followed"),
        pytest.param(401, Scope.ACCOUNT, None, id="http-401"),
        pytest.param(403, Scope.ACCOUNT, None, id="http-403"),
        pytest.param(404, Scope.ACCOUNT, None, id="http-404"),
        pytest.param(413, Scope.MESSAGE, None, id="http-413"),
    ],
)
def test_a_refusal_is_certain_and_asked_once(ask, settings, nusawa_gateway, fault, scope, code):
    strike = nusawa_gateway.fail_next(fault)

    error = failure(ask, settings, lambda client: client.send(HALO))

    assert (type(error), error.scope, error.code) == (Refused, scope, code)
    assert strike.fired == 1
    assert nusawa_gateway.messages == []


def test_a_429_is_asked_again_and_slows_the_account_down(ask, settings, nusawa_gateway):
    settings = replace(settings, login="demo", rate_per_second=999)  # a pace of its own
    strike = nusawa_gateway.fail_next(429, times=2, retry_after=0)

    ask(settings, lambda client: client.send(HALO))

    from airflow_provider_nusawa.gateway.pace import pace_of

    assert strike.fired == 2
    assert len(nusawa_gateway.messages) == 1
    assert pace_of(settings.account, 999).rate < 999 / 3


def test_a_429_that_stays_is_a_refusal_after_three(ask, settings, nusawa_gateway):
    strike = nusawa_gateway.fail_next(429, times=9, retry_after=0)

    error = failure(ask, settings, lambda client: client.send(HALO))

    assert (error.http_status, error.retryable, strike.fired) == (429, True, 3)


def test_a_retry_after_beyond_a_minute_is_left_to_the_caller(ask, settings, nusawa_gateway):
    strike = nusawa_gateway.fail_next(429, times=9, retry_after=61)

    error = failure(ask, settings, lambda client: client.send(HALO))

    assert (error.retry_after, strike.fired) == (61, 1)


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
def _closed() -> Iterator[str]:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


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
        pytest.param(_closed, Cause.CONNECT, id="refused"),
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
    limit = time.monotonic() + 0.3
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


QUERIES = [
    pytest.param("credits", lambda client: client.credits(), id="credits"),
    pytest.param("dr", lambda client: client.delivery_report("0123"), id="delivery-report"),
]


@pytest.mark.parametrize(("name", "call"), QUERIES)
@pytest.mark.parametrize("fault", ["drop_before", "hang_before", "truncated", "html", "empty", "huge", "xml_bomb", 503])
def test_a_question_without_an_answer_may_be_asked_again(ask, settings, nusawa_gateway, name, call, fault):
    nusawa_gateway.fail_next(fault, call=name)

    error = failure(ask, settings, call)

    assert type(error) is Unreachable
    assert not error.never_asked


@pytest.mark.parametrize("after", [pytest.param(-0.1, id="already-late"), pytest.param(-60.0, id="long-late")])
def test_what_is_late_does_not_leave(ask, settings, nusawa_gateway, after):
    limit = time.monotonic() + after

    error = failure(ask, settings, lambda client: client.send(HALO, leave_before=limit))

    assert (type(error), error.cause, error.never_asked) == (Unreachable, Cause.LATE, True)
    assert nusawa_gateway.requests == []


def test_a_stop_cuts_a_call_in_flight_in_threads(settings, nusawa_gateway):
    nusawa_gateway.fail_next("hang_after")
    client = Client(replace(settings, read_timeout_seconds=30, total_timeout_seconds=30))
    stopper = threading.Thread(target=lambda: (_until_asked(nusawa_gateway), client.stop()))
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
            await asyncio.to_thread(_until_asked, nusawa_gateway)
            client.stop()
            await sending

    with pytest.raises(OutcomeUnknown) as caught:
        asyncio.run(run())

    assert caught.value.cause is Cause.STOPPED


def _until_asked(gateway: Any) -> None:
    while not gateway.requests:
        time.sleep(0.01)


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


def test_only_to_refuses_everybody_else_here(ask, settings, nusawa_gateway):
    error = failure(ask, replace(settings, only_to=frozenset({"6281200000000"})), lambda client: client.send(HALO))

    assert (type(error), error.scope, error.last_four) == (Refused, Scope.RECIPIENT, "7890")
    assert nusawa_gateway.requests == []


def test_redirect_to_takes_everything_and_tells_for_whom(ask, settings, nusawa_gateway):
    office = "6281200000000"

    receipt = ask(replace(settings, redirect_to=office), lambda client: client.send(Message(AISHA, "x" * 1000)))

    (stored,) = nusawa_gateway.messages
    assert receipt.destination == AISHA
    assert stored.number == office
    assert stored.text.startswith("[for …7890] xxx")
    assert len(stored.text) == 1000


def test_only_to_judges_the_person_intended_before_the_redirection(ask, settings):
    safe = replace(settings, only_to=frozenset({"6281200000000"}), redirect_to="6281200000000")

    assert isinstance(failure(ask, safe, lambda client: client.send(HALO)), Refused)


ENCODINGS = {PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), quote_plus(PASSWORD)}
LEAKY = ["drop_before", "hang_before", "truncated", "html", "redirect", 500, 401, -5, None]


@pytest.mark.parametrize("fault", LEAKY, ids=str)
@pytest.mark.parametrize(
    ("name", "call"), [*QUERIES, pytest.param("send", lambda client: client.send(HALO), id="send")]
)
def test_no_log_error_or_traceback_shows_the_password(ask, settings, nusawa_gateway, caplog, name, call, fault):
    caplog.set_level(logging.DEBUG)
    if fault is not None:
        nusawa_gateway.fail_next(fault, call=name)

    told = caplog.text
    try:
        told += repr(ask(settings, call))
    except NusaWaError as error:
        told += "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        told += repr(error) + repr(error.__dict__) + repr(error.__context__)
    told += caplog.text + repr(settings)

    assert not [spelling for spelling in ENCODINGS if spelling in told]
    assert nusawa_gateway.requests, "the canary never sang"


def test_a_closed_port_shows_no_password_either(ask, settings, caplog):
    caplog.set_level(logging.DEBUG)
    with _closed() as host:
        error = failure(ask, replace(settings, host=host), lambda client: client.credits())

    told = caplog.text + "".join(traceback.format_exception(error))
    assert not [spelling for spelling in ENCODINGS if spelling in told]


def test_a_message_is_checked_before_any_request():
    with pytest.raises(InvalidMessage):
        Message(AISHA, "")


def test_calls_are_spaced_by_the_account_and_not_by_the_client(settings, nusawa_gateway):
    paced = replace(settings, rate_per_second=20)

    for _ in range(2):
        with Client(paced) as client:
            for _ in range(3):
                client.credits()

    times = [request.arrived for request in nusawa_gateway.requests]
    assert times[-1] - times[0] > 5 / 20 * 0.9


def test_a_fault_of_ours_is_called_one_and_sends_nothing(settings, nusawa_gateway, caplog):
    nonsense = Request(None, "/", query=f"password={PASSWORD}")

    async def in_a_loop():
        transport = AsyncTransport(settings)
        try:
            return await transport.exchange(nonsense)
        finally:
            await transport.close()

    lost = [Transport(settings).exchange(nonsense), asyncio.run(in_a_loop())]

    assert [(one.cause, one.bytes_left) for one in lost] == [(Cause.FAULT, False)] * 2
    assert "transport.py" in caplog.text
    assert PASSWORD not in caplog.text
    assert nusawa_gateway.requests == []
