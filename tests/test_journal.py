"""The never-twice rule by table, and its first store under tries that die at any moment."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tries import TaskState, Ti

from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.journal import Entry, Forgetful, Intent, JournalUnavailable, intent_of, may_send, stronger
from airflow_provider_nusawa.task_state import TaskStateStore

AISHA = "6281234567890"
INTENT = Intent("person", "text")


def entry(outcome: Outcome, scope: str = "", text: str = "text") -> Entry:
    return Entry(outcome, text, scope=scope)


@pytest.mark.parametrize(
    ("on_record", "sent"),
    [
        pytest.param(None, True, id="nothing"),
        pytest.param(entry(Outcome.NOT_TRIED), True, id="not-tried"),
        pytest.param(entry(Outcome.ACCEPTED), False, id="accepted"),
        pytest.param(entry(Outcome.UNKNOWN), False, id="unknown"),
        pytest.param(entry(Outcome.REFUSED, "transient"), True, id="refused-transient"),
        pytest.param(entry(Outcome.REFUSED, "account"), True, id="refused-account-since-mended"),
        pytest.param(entry(Outcome.REFUSED, "safe_mode"), True, id="refused-by-a-safe-mode-since-changed"),
        pytest.param(entry(Outcome.REFUSED, "recipient"), False, id="refused-recipient"),
        pytest.param(entry(Outcome.REFUSED, "unlisted"), False, id="refused-unlisted"),
        pytest.param(entry(Outcome.REFUSED, "message"), False, id="refused-message"),
        pytest.param(entry(Outcome.REFUSED, "message", text="another"), True, id="refused-message-since-changed"),
    ],
)
def test_what_is_on_record_decides_who_is_sent_to(on_record, sent):
    assert may_send(on_record, INTENT, resend_unknown=False) is sent


@pytest.mark.parametrize("text", ["text", "another"])
def test_a_changed_text_makes_no_second_message(text):
    assert not may_send(entry(Outcome.ACCEPTED, text=text), INTENT, resend_unknown=True)


def test_an_unknown_is_sent_again_only_where_the_author_says_so():
    assert may_send(entry(Outcome.UNKNOWN), INTENT, resend_unknown=True)


@pytest.mark.parametrize(
    ("sooner", "later", "merged"),
    [
        pytest.param(Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.ACCEPTED, id="accepted-stays"),
        pytest.param(Outcome.UNKNOWN, Outcome.ACCEPTED, Outcome.ACCEPTED, id="accepted-wins"),
        pytest.param(Outcome.UNKNOWN, Outcome.REFUSED, Outcome.UNKNOWN, id="a-later-refusal-does-not-clear-an-unknown"),
        pytest.param(Outcome.NOT_TRIED, Outcome.REFUSED, Outcome.REFUSED, id="refused-over-nothing"),
    ],
)
def test_two_tries_merge_to_the_one_that_forbids_more(sooner, later, merged):
    assert stronger(entry(sooner), entry(later)).outcome is merged


def test_of_two_refusals_the_later_tells():
    assert stronger(entry(Outcome.REFUSED, "account"), entry(Outcome.REFUSED, "recipient")).scope == "recipient"


def test_a_person_is_another_under_another_account_or_when_redirected():
    message = Message(AISHA, "Halo")
    settings = [
        Settings(login="one"),
        Settings(login="two"),
        Settings(login="one", redirect_to="6281200000000"),
    ]

    persons = {intent_of(Forgetful(), each, message).person for each in settings}

    assert len(persons) == 3


task_state = pytest.mark.skipif(find_spec("airflow.sdk") is None, reason="task state came with Airflow 3.3")


@task_state
def test_an_intent_without_an_outcome_reads_as_unknown_in_the_next_try():
    state = TaskState()
    TaskStateStore(state, Ti(1)).intend([INTENT])

    (found,) = TaskStateStore(state, Ti(2)).recorded([INTENT])

    assert found is not None
    assert found.outcome is Outcome.UNKNOWN


@task_state
def test_an_outcome_comes_back_whole():
    state, told = TaskState(), Entry(Outcome.ACCEPTED, "text", "0123", "v3", 0)
    store = TaskStateStore(state, Ti(1))
    store.conclude(store.intend([INTENT]), [told])

    assert TaskStateStore(state, Ti(2)).recorded([INTENT, Intent("stranger", "text")]) == [told, None]


@task_state
def test_task_state_shows_neither_number_nor_text():
    state = TaskState()
    store = TaskStateStore(state, Ti())
    intent = intent_of(store, Settings(login="toko"), Message(AISHA, "Kode rahasia"))
    store.conclude(store.intend([intent]), [entry(Outcome.ACCEPTED)])

    rows = str(state.rows)
    assert not [piece for piece in (AISHA, AISHA[2:], "rahasia", "toko") if piece in rows]


def test_a_mark_is_the_same_in_the_next_try_and_another_in_another_run():
    marks = {
        TaskStateStore(TaskState(), Ti(try_number, run_id=run)).mark(AISHA) for try_number in (1, 2) for run in "ab"
    }

    assert len(marks) == 2


@task_state
@pytest.mark.parametrize("use", ["recorded", "intend"])
def test_a_store_that_cannot_be_reached_says_so(use):
    store = TaskStateStore(TaskState(away=True), Ti())

    with pytest.raises(JournalUnavailable) as caught:
        getattr(store, use)([INTENT])

    assert caught.value.retryable
    assert "ConnectionError" in str(caught.value)


PEOPLE = [f"person-{n}" for n in range(6)]
OUTCOMES = st.sampled_from([Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.REFUSED, Outcome.NOT_TRIED])


@task_state
@given(st.data())
def test_nobody_is_posted_to_again_after_an_acceptance_or_an_unknown(data):
    """Tries that die before a post, between post and record, or not at all; groups of any size."""
    state = TaskState()
    posted: dict[str, list[Outcome]] = {person: [] for person in PEOPLE}

    for try_number in range(1, data.draw(st.integers(2, 4), "tries") + 1):
        store = TaskStateStore(state, Ti(try_number))
        intents = [Intent(person, "text") for person in PEOPLE]
        waiting = [
            intent
            for intent, found in zip(intents, store.recorded(intents), strict=True)
            if may_send(found, intent, resend_unknown=False)
        ]
        size = data.draw(st.integers(1, 3), "size")
        for start in range(0, len(waiting), size):
            group = waiting[start : start + size]
            name = store.intend(group)
            if data.draw(st.booleans(), "dies before the post"):
                break
            outcomes = [data.draw(OUTCOMES, intent.person) for intent in group]
            for intent, outcome in zip(group, outcomes, strict=True):
                posted[intent.person].append(outcome)
            if data.draw(st.booleans(), "dies before the record"):
                break
            store.conclude(name, [entry(outcome, "transient") for outcome in outcomes])

    for outcomes in posted.values():
        assert not {Outcome.ACCEPTED, Outcome.UNKNOWN} & set(outcomes[:-1])
