"""NusaWaCampaignOperator in real Dag runs: whom it messages, what it returns, and that later runs go on."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from airflow.providers.common.compat.sdk import task
from campaign_tasks import number, people, tasks
from dag_runs import run

from airflow_provider_nusawa.emulator.fates import magic_number

__all__ = ["tasks"]


def test_everybody_on_the_list_gets_the_text_filled_with_the_row(tasks):
    values = {"toko": "{{ dag.dag_id }}"}

    state = tasks.run(recipients=people(3), values=values, text="Halo {{ nama }} dari {{ values.toko }}")

    assert state == "success"
    texts = {message.number: message.text for message in tasks.gateway.messages}
    assert texts == {number(place): f"Halo N{place} dari {tasks.dag_id}" for place in range(3)}


def test_the_xcom_counts_and_names_nobody(tasks):
    tasks.run(recipients=[*people(3), *people(1), {"number": "abc", "nama": "x"}], max_bad_share=0.5)

    (told,) = tasks.xcoms
    none = dict.fromkeys(("excluded", "suppressed", "refused", "unknown", "open"), 0)
    counts = {"rows_read": 5, "doubles": 1, "bad": 1, "accepted": 3, **none}
    assert told == {"campaign_id": "halo", "redirected": False, **counts, "refused_by_code": {}}


def test_another_run_messages_nobody_again(tasks):
    assert [tasks.run(), tasks.run()] == ["success", "success"]

    assert len(tasks.sent) == 5
    assert [tasks.xcoms[1][name] for name in ("accepted", "doubles")] == [5, 5]


def test_people_who_are_new_in_a_later_run_are_refused_unless_they_may_be_added(tasks):
    tasks.run(recipients=people(3))

    assert tasks.run(recipients=people(5)) == "failed"
    assert "on_new_recipients='add'" in tasks.error
    assert len(tasks.sent) == 3

    assert tasks.run(recipients=people(5), on_new_recipients="add") == "success"
    assert sorted(tasks.sent) == [number(place) for place in range(5)]


def test_a_list_may_come_from_the_task_before(tasks):
    with tasks.dag() as dag:

        @task
        def load():
            return people(2)

        tasks.campaign(recipients=load())

    assert run(dag)["blast"] == "success"
    assert sorted(tasks.sent) == [number(0), number(1)]


def test_a_second_try_goes_on_with_the_list_that_the_first_one_read(tasks, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"number,nama\n{number(0)},N0\n")
    tasks.execute(recipients_path=str(file))

    file.write_text(f"number,nama\n{number(0)},N0\n{number(1)},N1\n")
    told = tasks.execute(recipients_path=str(file))

    assert tasks.sent == [number(0)]
    assert told["rows_read"] == 1


def test_mapped_campaigns_have_each_a_list_of_their_own(tasks):
    from airflow_provider_nusawa.operators import NusaWaCampaignOperator

    with tasks.dag() as dag:
        one = NusaWaCampaignOperator.partial(
            task_id="blast", text="Halo {{ nama }}", nusawa_conn_id=tasks.conn_id, max_active_tis_per_dagrun=1
        )
        one.expand_kwargs([{"campaign_id": f"c{n}", "recipients": people(2, 10 * n)} for n in range(2)])

    assert set(run(dag).values()) == {"success"}
    assert sorted(tasks.sent) == [number(place) for place in (0, 1, 10, 11)]


def test_a_rehearsal_goes_to_one_number_and_leaves_everybody_to_be_messaged(tasks):
    own = number(777)
    tasks.use(redirect_to=own)
    assert tasks.run(recipients=people(3)) == "success"
    assert tasks.xcoms[0]["redirected"] is True
    assert set(tasks.sent) == {own}

    tasks.use()
    assert tasks.run(recipients=people(3)) == "success"
    assert sorted(set(tasks.sent)) == [number(0), number(1), number(2), own]


@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        pytest.param({}, "failed", id="by-default-none"),
        pytest.param({"max_refused_share": 0.25}, "success", id="a-share"),
        pytest.param({"max_refused_share": 0.2}, "failed", id="less-than-that"),
        pytest.param({"on_partial": "succeed"}, "success", id="succeed"),
        pytest.param({"on_partial": "succeed", "max_refused_share": 0.2}, "failed", id="succeed-within-a-share"),
        pytest.param({"on_partial": "skip"}, "skipped", id="skip"),
    ],
)
def test_refusals_end_a_campaign_as_its_author_chose(tasks, arguments, state):
    refused = {"number": magic_number("11"), "nama": "x"}

    assert tasks.run(recipients=[*people(3), refused], **arguments) == state
    assert len(tasks.sent) == 3


@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        pytest.param({"on_partial": "succeed"}, "failed", id="succeed-does-not-cover-them"),
        pytest.param({"max_unknown_share": 0.25}, "success", id="a-share"),
    ],
)
def test_a_person_decides_about_what_was_perhaps_sent(tasks, arguments, state):
    lost = {"number": magic_number("61"), "nama": "x"}

    assert tasks.run(recipients=[*people(3), lost], **arguments) == state
    assert tasks.states() == {"accepted": 3, "unknown": 1}


def test_an_empty_list_is_a_campaign_that_is_done(tasks):
    assert tasks.run(recipients=[]) == "success"


def test_succeeding_needs_somebody_who_was_accepted(tasks):
    refused = [{"number": magic_number("11", member), "nama": "x"} for member in range(3)]

    assert tasks.run(recipients=refused, on_partial="succeed") == "failed"
    assert "nobody was accepted" in tasks.error


def test_a_refusal_of_the_account_leaves_the_rest_planned_until_it_is_mended(tasks):
    tasks.gateway.backend.account.balance = 0

    assert tasks.run(recipients=people(30)) == "failed"
    assert "stay planned" in tasks.error
    assert json.dumps(tasks.states()) == '{"planned": 30}'

    tasks.gateway.backend.account.balance = 1000
    assert tasks.run(recipients=people(30)) == "success"
    assert len(set(tasks.sent)) == len(tasks.sent) == 30


def test_a_run_that_is_a_day_late_sends_nothing_unless_it_may(tasks):
    old = {"logical_date": datetime.now(timezone.utc) - timedelta(hours=49)}

    with tasks.dag(schedule=timedelta(days=1)) as dag:
        tasks.campaign()
    assert run(dag, **old)["blast"] == "failed"
    assert "allow_late" in tasks.error

    with tasks.dag(schedule=timedelta(days=1)) as dag:
        tasks.campaign(allow_late=True)
    assert run(dag, logical_date=old["logical_date"] + timedelta(minutes=1))["blast"] == "success"
