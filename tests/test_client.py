"""Every way in which an answered or unanswered call can end, over a real socket, as a table; the clients must agree."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from clients import AISHA, HALO, PASSWORD, QUERIES, failure
from faults import UNKNOWN, details_of

from airflow_provider_nusawa.gateway.async_transport import AsyncTransport
from airflow_provider_nusawa.gateway.client import AsyncClient
from airflow_provider_nusawa.gateway.errors import (
    Cause,
    InvalidMessage,
    OutcomeUnknown,
    Refused,
    Scope,
    Unreachable,
)
from airflow_provider_nusawa.gateway.exchange import Request
from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.gateway.pace import pace_of
from airflow_provider_nusawa.gateway.transport import Transport


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


# What each dialect makes of it: v1.0 has words and HTTP statuses where v3 has codes.
REFUSALS = [
    pytest.param(-5, (Scope.ACCOUNT, -5), (Scope.ACCOUNT, None), id="wrong-password"),
    pytest.param(-40, (Scope.ACCOUNT, -40), (Scope.ACCOUNT, None), id="foreign-address"),
    pytest.param(-2, (Scope.ACCOUNT, -2), (Scope.ACCOUNT, None), id="no-credits"),
    pytest.param(-13, (Scope.RECIPIENT, -13), (Scope.RECIPIENT, None), id="bad-number"),
    pytest.param(-12, (Scope.MESSAGE, -12), (Scope.MESSAGE, None), id="no-text"),
    pytest.param(-99, (Scope.TRANSIENT, -99), (Scope.MESSAGE, None), id="general-error"),
    pytest.param(-45, (Scope.UNLISTED, -45), (Scope.MESSAGE, None), id="not-in-the-table"),
    *(
        pytest.param(fault, (scope, None), (scope, None), id=str(fault))
        for fault, scope in {
            "redirect": Scope.ACCOUNT,
            401: Scope.ACCOUNT,
            403: Scope.ACCOUNT,
            404: Scope.ACCOUNT,
            413: Scope.MESSAGE,
        }.items()
    ),
]


@pytest.mark.parametrize(("fault", "by_v3", "by_v1"), REFUSALS)
def test_a_refusal_is_certain_and_asked_once(ask, settings, dialect, nusawa_gateway, fault, by_v3, by_v1):
    strike = nusawa_gateway.fail_next(fault)

    error = failure(ask, settings, lambda client: client.send(HALO))

    assert type(error) is Refused
    assert (error.scope, error.code) == {"v3": by_v3, "v1": by_v1}[dialect]
    assert strike.fired == 1
    assert nusawa_gateway.messages == []


def test_a_429_is_asked_again_and_slows_the_account_down(ask, settings, nusawa_gateway):
    settings = replace(settings, login="demo", rate_per_second=999)  # a pace of its own
    strike = nusawa_gateway.fail_next(429, times=2, retry_after=0)

    ask(settings, lambda client: client.send(HALO))

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


@pytest.mark.parametrize(("name", "call"), QUERIES)
@pytest.mark.parametrize("fault", ["drop_before", "hang_before", "truncated", "html", "empty", "huge", "xml_bomb", 503])
def test_a_question_without_an_answer_may_be_asked_again(ask, settings, nusawa_gateway, name, call, fault):
    nusawa_gateway.fail_next(fault, call=name)

    error = failure(ask, settings, call)

    assert type(error) is Unreachable
    assert not error.never_asked


def test_only_to_refuses_everybody_else_here(ask, settings, nusawa_gateway):
    error = failure(ask, replace(settings, only_to=frozenset({"6281200000000"})), lambda client: client.send(HALO))

    assert (type(error), error.scope, error.last_four) == (Refused, Scope.SAFE_MODE, "7890")
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


def test_a_message_is_checked_before_any_request():
    with pytest.raises(InvalidMessage):
        Message(AISHA, "")


def test_calls_are_spaced_by_the_account_and_not_by_the_client(ask, settings, nusawa_gateway):
    paced = replace(settings, rate_per_second=20)

    for _ in range(6):
        ask(paced, lambda client: client.credits())

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


def test_a_key_is_known_by_its_owner_and_where_there_are_none_nothing_is_asked(ask, settings, dialect, nusawa_gateway):
    owner = ask(settings, lambda client: client.key_check())

    assert (owner, [request.call for request in nusawa_gateway.requests]) == {
        "v3": ("", []),
        "v1": ("demo", ["check"]),
    }[dialect]
