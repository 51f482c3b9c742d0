"""Sending to many without Airflow: what only shows from inside, such as an intent that has grown too old."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

import pytest
from sends import remembers
from tries import TaskState, Ti

from airflow_provider_nusawa.gateway.client import Client
from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.gateway.pace import pace_of
from airflow_provider_nusawa.gateway.settings import Secret, Settings
from airflow_provider_nusawa.journal import Forgetful
from airflow_provider_nusawa.sending import INTENT_SECONDS, Sending
from airflow_provider_nusawa.task_state import TaskStateStore

MESSAGES = [Message(f"6281234567{n:03d}", "Halo") for n in range(5)]


@pytest.fixture
def settings(nusawa_gateway):
    account = nusawa_gateway.backend.account
    return Settings(account.login, Secret(account.password), nusawa_gateway.url, rate_per_second=2)


@pytest.fixture
def client(settings):
    with Client(settings) as client:
        yield client


def _outcomes(sending: Sending) -> list[Outcome]:
    sending.start()
    assert sending.wait(30)
    return [attempt.receipt.outcome for attempt in sending.attempts]


def test_an_intent_that_has_grown_too_old_is_not_sent_on(client, nusawa_gateway):
    """As in a process that was frozen between the record and the request: another try may live by now."""
    outcomes = _outcomes(Sending(client, nullcontext(Forgetful()), MESSAGES, intent_seconds=-1))

    assert outcomes == [Outcome.NOT_TRIED] * 5
    assert nusawa_gateway.requests == []


@pytest.mark.parametrize(
    ("rate", "slowed"), [pytest.param(2, False, id="slow"), pytest.param(4, True, id="slowed-down-by-429")]
)
def test_an_intent_is_written_when_its_moment_comes_however_slow_the_pace(settings, nusawa_gateway, rate, slowed):
    settings = replace(settings, rate_per_second=rate)
    if slowed:
        pace_of(settings.account, rate).slow_down()

    with Client(settings) as client:
        outcomes = _outcomes(Sending(client, nullcontext(Forgetful()), MESSAGES[:4], intent_seconds=0.4))

    assert outcomes == [Outcome.ACCEPTED] * 4
    times = sorted(request.arrived for request in nusawa_gateway.requests)
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.25


def test_whom_our_own_safe_mode_refuses_takes_no_moment_of_the_pace(settings):
    settings = replace(settings, rate_per_second=0.01, only_to=frozenset({"6281234567890"}))

    with Client(settings) as client:
        outcomes = _outcomes(Sending(client, nullcontext(Forgetful()), MESSAGES))

    assert outcomes == [Outcome.REFUSED] * 5


def test_an_intents_time_runs_from_before_its_record(client, nusawa_gateway, suspend):
    class Slow(Forgetful):
        def intend(self, intents):
            suspend(INTENT_SECONDS + 1)
            return super().intend(intents)

    outcomes = _outcomes(Sending(client, nullcontext(Slow()), MESSAGES[:1]))

    assert outcomes == [Outcome.NOT_TRIED]
    assert nusawa_gateway.requests == []


@remembers
def test_a_group_is_no_larger_than_a_seconds_worth(client):
    state = TaskState()

    _outcomes(Sending(client, nullcontext(TaskStateStore(state, Ti())), MESSAGES))

    sizes = [len(json.loads(value)) for key, value in state.rows.items() if key.endswith("intents")]
    assert sizes == [2, 2, 1]


def test_a_stop_before_anything_is_under_way_is_in_order(client):
    """What is on record of hundreds in small groups may take longer to read than a stop may last."""
    read, may_go_on = threading.Event(), threading.Event()

    class Long(Forgetful):
        def recorded(self, intents):
            read.set()
            may_go_on.wait(10)
            return super().recorded(intents)

    sending = Sending(client, nullcontext(Long()), MESSAGES)
    sending.start()
    read.wait(10)

    assert sending.stop(0.1)

    assert sending.attempts == []
    may_go_on.set()
    assert sending.wait(10)
    assert {attempt.receipt.outcome for attempt in sending.attempts} == {Outcome.NOT_TRIED}


def test_nobody_is_left_without_an_outcome_when_it_is_stopped_at_once(client, nusawa_gateway):
    sending = Sending(client, nullcontext(Forgetful()), MESSAGES)
    sending.start()

    assert sending.stop(3)

    assert len(sending.attempts) == 5
    accepted = [attempt for attempt in sending.attempts if attempt.receipt.outcome is Outcome.ACCEPTED]
    assert len(accepted) <= len(nusawa_gateway.messages) <= 5
    assert all(attempt.why for attempt in sending.attempts if attempt not in accepted)
