"""The send operator without a ledger named: a file on this machine where that is safe, and a refusal where not."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from sends import AISHA, BUDI, REMEMBERS, Task, name_ledger
from tries import TaskState, Ti

from airflow_provider_nusawa.ledgers import variable_of


@pytest.fixture
def nothing_noted(airflow_db):
    """As before a first send: Dags that other tests ran have noted a ledger."""
    from airflow.models import Variable

    Variable.delete(variable_of("nusawa_default"))


class OlderTask(Task):
    """A task below Airflow 3.3: there is no task state to remember in."""

    def run(self, **changed):
        self.state = None
        return super().run(**changed)


def test_below_3_3_a_second_try_goes_on_by_a_file_on_this_machine(nusawa_gateway, default_ledger):
    nusawa_gateway.fail_next("drop_after", number=AISHA)
    task = OlderTask(to=[AISHA, "0812-3456-7811"])
    task.fails(AirflowFailException)

    task.fails(AirflowFailException)

    assert task.outcomes == ["unknown", "accepted"]
    assert len(nusawa_gateway.requests) == 2


@pytest.mark.parametrize("executor", ["CeleryExecutor", "LocalExecutor,CeleryExecutor", "a.b.KubernetesExecutor"])
def test_where_tasks_run_on_other_machines_a_second_try_refuses_and_names_the_ways_on(
    nusawa_gateway, monkeypatch, executor
):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    task = OlderTask(to=AISHA)
    task.run()

    told = task.fails(AirflowFailException)

    assert "try 2" in told
    assert "ledger_conn_id" in told
    assert "3.3" in told
    assert len(nusawa_gateway.messages) == 1


@pytest.mark.parametrize("wants", [{"idempotency_key": "k"}, {"heed_suppressions": True}])
def test_what_needs_the_ledger_is_refused_where_a_file_would_be_another_on_each_machine(
    nusawa_gateway, monkeypatch, wants
):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")

    told = Task(to=AISHA, **wants).fails(AirflowFailException)

    assert "CeleryExecutor runs tasks on other machines" in told
    assert "ledger_conn_id" in told
    assert nusawa_gateway.requests == []


def test_a_key_needs_no_ledger_to_be_named(nusawa_gateway, default_ledger):
    for run_id in ("r1", "r2"):
        Task(to=AISHA, idempotency_key="invoice 17", ti=Ti(run_id=run_id)).run()

    assert len(nusawa_gateway.messages) == 1


@pytest.mark.skipif(not REMEMBERS, reason="task state came with Airflow 3.3")
def test_from_3_3_on_no_ledger_is_made_unasked(nusawa_gateway, monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    Task(to=AISHA).run()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("nothing_noted")
def test_a_ledger_that_is_named_between_two_tries_messages_nobody_again(nusawa_gateway, monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    task = OlderTask(to=AISHA)
    task.run()
    name_a_new_ledger(nusawa_gateway, monkeypatch, tmp_path)

    told = task.fails(AirflowFailException)

    assert "try 2" in told
    assert len(nusawa_gateway.messages) == 1


@pytest.mark.skipif(not REMEMBERS, reason="task state came with Airflow 3.3")
def test_what_task_state_remembers_counts_also_after_a_ledger_was_named(nusawa_gateway, monkeypatch, tmp_path):
    nusawa_gateway.fail_next(-99, number=BUDI)
    task = Task(to=[AISHA, BUDI])
    task.fails(AirflowException)
    name_a_new_ledger(nusawa_gateway, monkeypatch, tmp_path)

    task.run()

    assert task.outcomes == ["accepted", "accepted"]
    assert [len(nusawa_gateway.sent_to(number)) for number in (AISHA, BUDI)] == [1, 1]


@pytest.mark.skipif(not REMEMBERS, reason="task state came with Airflow 3.3")
@pytest.mark.parametrize("wants", [{"idempotency_key": "k"}, {"heed_suppressions": True}])
def test_what_needs_the_ledger_cannot_be_asked_of_a_second_try(nusawa_gateway, default_ledger, wants):
    task = Task(to=AISHA)
    task.run()

    told = task.fails(AirflowFailException, **wants)

    assert "on record in Airflow's task state" in told
    assert len(nusawa_gateway.messages) == 1


@pytest.mark.skipif(not REMEMBERS, reason="task state came with Airflow 3.3")
def test_what_the_file_remembers_counts_also_after_airflow_has_got_a_task_state(nusawa_gateway, default_ledger):
    task = OlderTask(to=AISHA)
    task.run()
    upgraded = Task(TaskState(), to=AISHA, ti=task.ti)
    upgraded.ti.try_number = 1

    upgraded.run()

    assert upgraded.ti.xcoms["return_value"]["repeated"]
    assert len(nusawa_gateway.messages) == 1


def name_a_new_ledger(gateway, monkeypatch, tmp_path):
    gateway.settings_extra["ledger_conn_id"] = name_ledger(monkeypatch, f"sqlite:///{tmp_path}/new.sqlite")
    gateway.use()
