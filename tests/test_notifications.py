"""The notifier over a real socket: whom it tells what, and that nothing that goes wrong is raised."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from alerts import BOTH_WAYS, ON_CALL, SECOND, failed_task

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.notifications import NusaWaNotifier, send_nusawa_notification


@BOTH_WAYS
def test_a_failed_task_is_told_with_the_default_text(told, tell):
    tell(NusaWaNotifier(to=ON_CALL), failed_task(exception=ValueError("no such table\nLINE 1")))

    [message] = told.sent_to(ON_CALL)
    assert message.text.splitlines() == [
        "Airflow: task failed",
        "DAG etl, task load",
        "run r1",
        "try 1 of 3",
        "ValueError: no such table",
        "https://airflow.example/log",
    ]


@BOTH_WAYS
def test_an_empty_context_is_told_too(told, tell):
    tell(NusaWaNotifier(to=ON_CALL), {})

    assert [message.text for message in told.sent_to(ON_CALL)] == ["Airflow: an alert without details"]


@BOTH_WAYS
def test_one_bad_recipient_does_not_keep_the_others_from_being_told(told, tell, caplog):
    to = ["letters", ON_CALL, magic_number("11"), magic_number("60"), SECOND, "+62 812 3456 7890"]

    tell(NusaWaNotifier(to=to, text="Halo"), {})

    assert sorted(message.number for message in told.messages) == ["6281234567890", "6281298765432"]
    assert caplog.text.count("left out of an alert") == 1
    assert caplog.text.count("did not get through") == 2


@BOTH_WAYS
def test_the_recipients_do_not_wait_for_each_others_time_out(told, tell):
    told.use(read_timeout_seconds=5, total_timeout_seconds=5)
    begin = datetime.now()

    tell(NusaWaNotifier(to=[*(magic_number("62", member) for member in range(1, 6)), ON_CALL], text="Halo"), {})

    assert len(told.sent_to(ON_CALL)) == 1
    assert (datetime.now() - begin).total_seconds() < 5 * 5 / 2  # one after another, five would take 25 seconds


def test_the_log_shows_the_last_four_digits_only(told, caplog):
    NusaWaNotifier(to=[ON_CALL, "0812-3456-78x"], text="Halo")({})

    assert "…7890 was told" in caplog.text
    assert "34567890" not in caplog.text.replace("-", "")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        pytest.param(-5, "login or the password", id="wrong-password"),
        pytest.param(500, "may have been sent", id="no-answer"),
    ],
)
@BOTH_WAYS
def test_a_gateway_that_says_no_stands_in_the_log_and_raises_nothing(told, tell, caplog, code, sentence):
    told.fail_next(code)

    tell(NusaWaNotifier(to=ON_CALL, text="Halo"), failed_task())

    assert sentence in caplog.text


@BOTH_WAYS
@pytest.mark.parametrize("conn_id", ["missing", "{{ no_such_name }}"], ids=["no-connection", "no-name"])
def test_a_connection_that_is_not_there_raises_nothing(told, monkeypatch, tell, caplog, conn_id):
    monkeypatch.delenv("AIRFLOW_CONN_NUSAWA_DEFAULT")

    tell(NusaWaNotifier(to=ON_CALL, text="Halo", nusawa_conn_id=conn_id), failed_task())

    assert "An alert was not sent: " in caplog.text


def test_a_gateway_that_is_gone_raises_nothing(told, monkeypatch, caplog):
    monkeypatch.setenv("AIRFLOW_CONN_NUSAWA_DEFAULT", "nusawa://user:pass-word@127.0.0.1:1/?connect_timeout_seconds=1")

    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task())

    assert "Nothing was sent" in caplog.text


def test_a_text_that_is_too_long_is_cut_at_a_word(told):
    NusaWaNotifier(to=ON_CALL, text="satu dua " * 200)({})

    text = told.sent_to(ON_CALL)[0].text
    assert 990 <= len(text) <= 1000
    assert text.endswith((" dua…", " satu…"))


def test_a_text_with_control_characters_is_sent_without_them(told):
    NusaWaNotifier(to=ON_CALL, text="\x1b[31mHalo\x00\ttab")({})

    assert told.sent_to(ON_CALL)[0].text == "[31mHalo\ttab"


def test_the_error_can_be_left_out(told):
    context = failed_task(exception=ValueError("patient Siti"))

    NusaWaNotifier(to=ON_CALL, include_error=False)(context)
    NusaWaNotifier(to=SECOND, include_error=False, text="{{ 1 / 0 }}")(context)

    assert "ValueError" not in told.sent_to(ON_CALL)[0].text
    assert "template failed: ZeroDivisionError\n" in told.sent_to(SECOND)[0].text


def test_the_error_loses_what_airflow_masks(told):
    from airflow.providers.common.compat.sdk import redact

    from airflow_provider_nusawa.masking import mask

    mask("hunter2-and-more")
    if redact("hunter2-and-more") != "***":
        pytest.skip("this Airflow masks nothing outside of its own processes")
    NusaWaNotifier(to=ON_CALL)(failed_task(exception=OSError("cannot log in as hunter2-and-more at h?k=v")))

    assert "OSError: cannot log in as *** at h?…" in told.sent_to(ON_CALL)[0].text.splitlines()


def test_an_error_that_cannot_be_printed_still_has_a_class(told):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    NusaWaNotifier(to=ON_CALL)(failed_task(exception=Mute()))

    assert "Mute" in told.sent_to(ON_CALL)[0].text.splitlines()


def test_success_tells_no_error(told):
    NusaWaNotifier(to=ON_CALL)(failed_task(state="success", exception=ValueError("of an earlier try")))

    assert told.sent_to(ON_CALL)[0].text.startswith("Airflow: task succeeded\n")
    assert "ValueError" not in told.sent_to(ON_CALL)[0].text


def test_the_safe_mode_of_the_connection_holds(told, caplog):
    told.use(only_to=SECOND)

    NusaWaNotifier(to=[ON_CALL, SECOND], text="Halo")({})

    assert [message.number[-4:] for message in told.messages] == ["5432"]
    assert "safe mode" in caplog.text


@pytest.mark.parametrize("interval", [-1, "soon", float("nan"), float("inf"), timedelta(seconds=-1), True])
def test_a_min_interval_that_makes_no_sense_is_refused_where_the_dag_is_written(interval):
    with pytest.raises(ValueError, match="min_interval"):
        NusaWaNotifier(to=ON_CALL, min_interval=interval)


def test_a_misspelt_argument_is_refused_where_the_dag_is_written():
    with pytest.raises(TypeError, match="txt"):
        NusaWaNotifier(to=ON_CALL, txt="Halo")


def test_a_deadline_hands_its_context_to_the_constructor(told):
    context = {"dag_run": {"dag_id": "etl", "dag_run_id": "r1"}, "deadline": {"id": "1", "deadline_time": "10:00"}}
    notifier = NusaWaNotifier(to=ON_CALL, text="{{ dag_run.dag_id }} by {{ deadline.deadline_time }}", context=context)

    async def wait_for():
        await notifier

    asyncio.run(wait_for()) if hasattr(notifier, "__await__") else notifier(context)

    assert told.sent_to(ON_CALL)[0].text == "etl by 10:00"


def test_the_alias_is_the_notifier():
    assert send_nusawa_notification is NusaWaNotifier
