"""Sending to many without Airflow: what only shows from inside, such as an intent that has grown too old."""

from __future__ import annotations

import json

import pytest
from sends import remembers
from tries import TaskState, Ti

from airflow_provider_nusawa.gateway.client import Client
from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.gateway.settings import Secret, Settings
from airflow_provider_nusawa.journal import Forgetful
from airflow_provider_nusawa.sending import INTENT_SECONDS, Sending
from airflow_provider_nusawa.task_state import TaskStateStore

MESSAGES = [Message(f"6281234567{n:03d}", "Halo") for n in range(5)]


@pytest.fixture
def client(nusawa_gateway):
    account = nusawa_gateway.backend.account
    settings = Settings(account.login, Secret(account.password), nusawa_gateway.url, rate_per_second=2)
    with Client(settings) as client:
        yield client


def _outcomes(sending: Sending) -> list[Outcome]:
    sending.start()
    assert sending.wait(30)
    return [attempt.receipt.outcome for attempt in sending.attempts]


def test_an_intent_that_has_grown_too_old_is_not_sent_on(client, nusawa_gateway):
    """As in a process that was frozen between the record and the request: another try may live by now."""
    outcomes = _outcomes(Sending(client, Forgetful(), MESSAGES, intent_seconds=-1))

    assert outcomes == [Outcome.NOT_TRIED] * 5
    assert nusawa_gateway.requests == []


def test_an_intents_time_runs_from_before_its_record(client, nusawa_gateway, suspend):
    class Slow(Forgetful):
        def intend(self, intents):
            suspend(INTENT_SECONDS + 1)
            return super().intend(intents)

    outcomes = _outcomes(Sending(client, Slow(), MESSAGES[:1]))

    assert outcomes == [Outcome.NOT_TRIED]
    assert nusawa_gateway.requests == []


@remembers
def test_a_group_is_no_larger_than_a_seconds_worth(client):
    state = TaskState()

    _outcomes(Sending(client, TaskStateStore(state, Ti()), MESSAGES))

    sizes = [len(json.loads(value)) for key, value in state.rows.items() if key.endswith("intents")]
    assert sizes == [2, 2, 1]


def test_nobody_is_left_without_an_outcome_when_it_is_stopped_at_once(client, nusawa_gateway):
    sending = Sending(client, Forgetful(), MESSAGES)
    sending.start()

    assert sending.stop(3)

    assert len(sending.attempts) == 5
    accepted = [attempt for attempt in sending.attempts if attempt.receipt.outcome is Outcome.ACCEPTED]
    assert len(accepted) <= len(nusawa_gateway.messages) <= 5
    assert all(attempt.why for attempt in sending.attempts if attempt not in accepted)
