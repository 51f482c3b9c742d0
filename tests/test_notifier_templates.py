"""What a notifier makes of its templates, and that none of them costs the alert."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import DAG
from alerts import BOTH_WAYS, ON_CALL, SECOND, failed_task

from airflow_provider_nusawa.notifications import NusaWaNotifier


@pytest.mark.parametrize(
    "to",
    [
        pytest.param(f"{ON_CALL}, {SECOND}", id="commas"),
        pytest.param(f"['{ON_CALL}', '{SECOND}']", id="a-list-that-was-rendered"),
        pytest.param((ON_CALL, SECOND), id="a-tuple"),
        pytest.param(["{{ numbers }}"], id="a-template-of-several"),
        pytest.param(lambda context, jinja_env: context["numbers"], id="a-callable"),
        pytest.param([6281234567890, 6281298765432], id="ints"),
    ],
)
def test_several_recipients_may_be_written_in_several_ways(told, to):
    NusaWaNotifier(to=to, text="Halo")(failed_task(numbers=[ON_CALL, SECOND]))

    assert sorted(message.number for message in told.messages) == ["6281234567890", "6281298765432"]


BROKEN = [
    pytest.param("Halo {{ no_such_name }}", "UndefinedError: 'no_such_name' is undefined", id="undefined"),
    pytest.param("Halo {{ ti.", "TemplateSyntaxError: expected name or number", id="syntax"),
    pytest.param("{% include 'gone.txt' %}", "TemplateNotFound: ", id="include"),
    pytest.param("{{ 1 / 0 }}", "ZeroDivisionError: division by zero", id="expression"),
]


@BOTH_WAYS
@pytest.mark.parametrize(("text", "why"), BROKEN)
def test_an_alert_is_not_lost_to_its_own_template(told, tell, text, why, caplog):
    tell(NusaWaNotifier(to=ON_CALL, text=text), failed_task())

    lines = told.sent_to(ON_CALL)[0].text.splitlines()
    assert lines[0] == "Airflow: task failed"
    assert lines[1].startswith(f"template failed: {why}")
    assert lines[2] == "DAG etl, task load"
    assert "The default text is sent instead" in caplog.text


def test_without_the_dag_a_template_still_fails_softly(told):
    NusaWaNotifier(to=ON_CALL, text="{{ ti.task_id }}")({})

    [message] = told.sent_to(ON_CALL)
    assert message.text.splitlines()[1] == "template failed: UndefinedError: 'ti' is undefined"


def test_a_recipient_whose_template_fails_is_left_out_and_the_others_are_told(told, caplog):
    NusaWaNotifier(to=["{{ no_such_name }}", ON_CALL], text="Halo")(failed_task())

    assert [message.text for message in told.messages] == ["Halo"]
    assert "The template of 'to' failed: UndefinedError" in caplog.text


@pytest.mark.parametrize("to", ["{{ no_such_name }}", "", [], None], ids=["template", "empty", "no-list", "none"])
def test_where_nobody_can_be_told_the_log_says_so(told, caplog, to):
    NusaWaNotifier(to=to, text="Halo")(failed_task())

    assert "Nobody is told" in caplog.text


def test_a_connection_id_whose_template_fails_gives_way_to_the_default(told, caplog):
    NusaWaNotifier(to=ON_CALL, text="Halo", nusawa_conn_id="{{ no_such_name }}")(failed_task())

    assert len(told.sent_to(ON_CALL)) == 1
    assert "nusawa_default is used instead" in caplog.text


def test_a_connection_id_may_be_a_template(told, monkeypatch):
    told.use("staging")
    monkeypatch.delenv("AIRFLOW_CONN_NUSAWA_DEFAULT")

    NusaWaNotifier(to=ON_CALL, text="Halo", nusawa_conn_id="{{ which }}")(failed_task(which="staging"))

    assert len(told.sent_to(ON_CALL)) == 1


@pytest.mark.parametrize("text", ["lihat catatan.txt", "1e5", "[1, 2]", "62812"])
def test_a_text_is_never_a_file_nor_a_number(told, text):
    context = failed_task()
    context["dag"] = DAG("etl", schedule=None, render_template_as_native_obj=True)

    NusaWaNotifier(to=ON_CALL, text="{{ words }}")({**context, "words": text})

    assert [message.text for message in told.messages] == [text]


def test_a_number_in_a_text_is_text_even_where_the_dag_renders_natively(told):
    context = failed_task(dag=DAG("etl", schedule=None, render_template_as_native_obj=True), number=5)

    NusaWaNotifier(to=ON_CALL, text="{{ number }} rows")(context)

    assert [message.text for message in told.messages] == ["5 rows"]


@pytest.mark.parametrize("text", ["", " \n", "{{ '' }}", "\x00"])
def test_an_empty_text_gives_way_to_the_default(told, text):
    NusaWaNotifier(to=ON_CALL, text=text)(failed_task())

    assert told.sent_to(ON_CALL)[0].text.startswith("Airflow: task failed")


def test_the_same_notifier_can_be_called_again_with_anotherfailed_task(told):
    notifier = NusaWaNotifier(to="{{ who }}", text="{{ ti.task_id }}")

    notifier(failed_task(who=ON_CALL))
    notifier(failed_task(who=SECOND, task_id="other"))

    assert [(message.number[-4:], message.text) for message in told.messages] == [("7890", "load"), ("5432", "other")]
    assert notifier.text == "{{ ti.task_id }}"


def test_notify_alone_renders_too(told):
    notifier = NusaWaNotifier(to="{{ who }}", text="{{ ti.task_id }}")

    notifier(failed_task(who=ON_CALL))
    notifier.notify(failed_task(who=SECOND, task_id="other"))

    assert [(message.number[-4:], message.text) for message in told.messages] == [("7890", "load"), ("5432", "other")]
