"""The notifier over a real socket, called as Airflow calls it: with whatever a context holds."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.notifications import NusaWaNotifier, send_nusawa_notification
from airflow_provider_nusawa.notifications.memory import ProcessStore

ON_CALL, SECOND = "0812-3456-7890", "081298765432"


@pytest.fixture
def told(nusawa_gateway, caplog):
    """The gateway; with the notifier's own log, because what it cannot do it says only there."""
    caplog.set_level(logging.INFO, logger="airflow_provider_nusawa")
    return nusawa_gateway


def _context(**more):
    """A failed task of its own DAG, as the task's process has it."""
    ti = SimpleNamespace(
        dag_id="etl", task_id="load", run_id="r1", map_index=-1, try_number=1, max_tries=2,
        state="failed", log_url="https://airflow.example/log", start_date=datetime.now(timezone.utc),
    )  # fmt: skip
    for name in set(more) & set(vars(ti)):
        setattr(ti, name, more.pop(name))
    return {"dag": DAG("etl", schedule=None), "ti": ti, "task_state_store": ProcessStore(), **more}


def _await(notifier, context):
    asyncio.run(notifier.async_notify(context))


BOTH_WAYS = pytest.mark.parametrize(
    "tell", [pytest.param(lambda notifier, context: notifier(context), id="sync"), pytest.param(_await, id="async")]
)


@BOTH_WAYS
def test_a_failed_task_is_told_with_the_default_text(told, tell):
    tell(NusaWaNotifier(to=ON_CALL), _context(exception=ValueError("no such table\nLINE 1")))

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
    told.use(read_timeout_seconds=1, total_timeout_seconds=1)
    begin = datetime.now()

    tell(NusaWaNotifier(to=[*(magic_number("62", member) for member in range(1, 6)), ON_CALL], text="Halo"), {})

    assert len(told.sent_to(ON_CALL)) == 1
    assert (datetime.now() - begin).total_seconds() < 3


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
    NusaWaNotifier(to=to, text="Halo")(_context(numbers=[ON_CALL, SECOND]))

    assert sorted(message.number for message in told.messages) == ["6281234567890", "6281298765432"]


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

    tell(NusaWaNotifier(to=ON_CALL, text="Halo"), _context())

    assert sentence in caplog.text


@BOTH_WAYS
@pytest.mark.parametrize("conn_id", ["missing", "{{ no_such_name }}"], ids=["no-connection", "no-name"])
def test_a_connection_that_is_not_there_raises_nothing(told, monkeypatch, tell, caplog, conn_id):
    monkeypatch.delenv("AIRFLOW_CONN_NUSAWA_DEFAULT")

    tell(NusaWaNotifier(to=ON_CALL, text="Halo", nusawa_conn_id=conn_id), _context())

    assert "An alert was not sent: " in caplog.text


def test_a_gateway_that_is_gone_raises_nothing(told, monkeypatch, caplog):
    monkeypatch.setenv("AIRFLOW_CONN_NUSAWA_DEFAULT", "nusawa://user:pass-word@127.0.0.1:1/?connect_timeout_seconds=1")

    NusaWaNotifier(to=ON_CALL, text="Halo")(_context())

    assert "Nothing was sent" in caplog.text


BROKEN = [
    pytest.param("Halo {{ no_such_name }}", "UndefinedError: 'no_such_name' is undefined", id="undefined"),
    pytest.param("Halo {{ ti.", "TemplateSyntaxError: expected name or number", id="syntax"),
    pytest.param("{% include 'gone.txt' %}", "TemplateNotFound: ", id="include"),
    pytest.param("{{ 1 / 0 }}", "ZeroDivisionError: division by zero", id="expression"),
]


@BOTH_WAYS
@pytest.mark.parametrize(("text", "why"), BROKEN)
def test_an_alert_is_not_lost_to_its_own_template(told, tell, text, why, caplog):
    tell(NusaWaNotifier(to=ON_CALL, text=text), _context())

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
    NusaWaNotifier(to=["{{ no_such_name }}", ON_CALL], text="Halo")(_context())

    assert [message.text for message in told.messages] == ["Halo"]
    assert "The template of 'to' failed: UndefinedError" in caplog.text


@pytest.mark.parametrize("to", ["{{ no_such_name }}", "", [], None], ids=["template", "empty", "no-list", "none"])
def test_where_nobody_can_be_told_the_log_says_so(told, caplog, to):
    NusaWaNotifier(to=to, text="Halo")(_context())

    assert "Nobody is told" in caplog.text


def test_a_connection_id_whose_template_fails_gives_way_to_the_default(told, caplog):
    NusaWaNotifier(to=ON_CALL, text="Halo", nusawa_conn_id="{{ no_such_name }}")(_context())

    assert len(told.sent_to(ON_CALL)) == 1
    assert "nusawa_default is used instead" in caplog.text


def test_a_connection_id_may_be_a_template(told, monkeypatch):
    told.use("staging")
    monkeypatch.delenv("AIRFLOW_CONN_NUSAWA_DEFAULT")

    NusaWaNotifier(to=ON_CALL, text="Halo", nusawa_conn_id="{{ which }}")(_context(which="staging"))

    assert len(told.sent_to(ON_CALL)) == 1


@pytest.mark.parametrize("text", ["lihat catatan.txt", "1e5", "[1, 2]", "62812"])
def test_a_text_is_never_a_file_nor_a_number(told, text):
    context = _context()
    context["dag"] = DAG("etl", schedule=None, render_template_as_native_obj=True)

    NusaWaNotifier(to=ON_CALL, text="{{ words }}")({**context, "words": text})

    assert [message.text for message in told.messages] == [text]


def test_a_number_in_a_text_is_text_even_where_the_dag_renders_natively(told):
    context = {**_context(), "dag": DAG("etl", schedule=None, render_template_as_native_obj=True)}

    NusaWaNotifier(to=ON_CALL, text="{{ 5 }} rows")(context)

    assert [message.text for message in told.messages] == ["5 rows"]


@pytest.mark.parametrize("text", ["", " \n", "{{ '' }}", "\x00"])
def test_an_empty_text_gives_way_to_the_default(told, text):
    NusaWaNotifier(to=ON_CALL, text=text)(_context())

    assert told.sent_to(ON_CALL)[0].text.startswith("Airflow: task failed")


def test_a_text_that_is_too_long_is_cut_at_a_word(told):
    NusaWaNotifier(to=ON_CALL, text="satu dua " * 200)({})

    text = told.sent_to(ON_CALL)[0].text
    assert 990 <= len(text) <= 1000
    assert text.endswith((" dua…", " satu…"))


def test_a_text_with_control_characters_is_sent_without_them(told):
    NusaWaNotifier(to=ON_CALL, text="\x1b[31mHalo\x00\ttab")({})

    assert told.sent_to(ON_CALL)[0].text == "[31mHalo\ttab"


def test_the_error_can_be_left_out(told):
    context = _context(exception=ValueError("patient Siti"))

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
    NusaWaNotifier(to=ON_CALL)(_context(exception=OSError("cannot log in as hunter2-and-more at h?k=v")))

    assert "OSError: cannot log in as *** at h?…" in told.sent_to(ON_CALL)[0].text.splitlines()


def test_an_error_that_cannot_be_printed_still_has_a_class(told):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    NusaWaNotifier(to=ON_CALL)(_context(exception=Mute()))

    assert "Mute" in told.sent_to(ON_CALL)[0].text.splitlines()


def test_success_tells_no_error(told):
    NusaWaNotifier(to=ON_CALL)(_context(state="success", exception=ValueError("of an earlier try")))

    assert told.sent_to(ON_CALL)[0].text.startswith("Airflow: task succeeded\n")
    assert "ValueError" not in told.sent_to(ON_CALL)[0].text


def test_the_same_notifier_can_be_called_again_with_another_context(told):
    notifier = NusaWaNotifier(to="{{ who }}", text="{{ ti.task_id }}")

    notifier(_context(who=ON_CALL))
    notifier(_context(who=SECOND, task_id="other"))

    assert [(message.number[-4:], message.text) for message in told.messages] == [("7890", "load"), ("5432", "other")]
    assert notifier.text == "{{ ti.task_id }}"


def test_notify_alone_renders_too(told):
    notifier = NusaWaNotifier(to="{{ who }}", text="{{ ti.task_id }}")

    notifier(_context(who=ON_CALL))
    notifier.notify(_context(who=SECOND, task_id="other"))

    assert [(message.number[-4:], message.text) for message in told.messages] == [("7890", "load"), ("5432", "other")]


def test_the_same_event_is_not_told_twice(told, caplog):
    store = ProcessStore()

    for _ in range(2):
        NusaWaNotifier(to=[ON_CALL], text="{{ ti.task_id }}")(_context(task_state_store=store))
    NusaWaNotifier(to=[ON_CALL, SECOND], text="{{ ti.task_id }}")(_context(task_state_store=store))

    assert [message.number[-4:] for message in told.messages] == ["7890", "5432"]
    assert caplog.text.count("is not told of this event again") == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"try_number": 2}, id="another-try"),
        pytest.param({"state": "up_for_retry"}, id="another-kind"),
        pytest.param({"map_index": 1}, id="another-mapped-task"),
        pytest.param({"run_id": "r2"}, id="another-run"),
        pytest.param({"text": "{{ ti.dag_id }}"}, id="another-text"),
    ],
)
def test_another_event_is_told(told, other):
    store = ProcessStore()
    text = other.pop("text", "Halo")

    NusaWaNotifier(to=ON_CALL, text="Halo")(_context(task_state_store=store))
    NusaWaNotifier(to=ON_CALL, text=text)(_context(task_state_store=store, **other))

    assert len(told.messages) == 2


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        pytest.param(-99, 2, id="refused-so-again"),
        pytest.param("drop_after", 1, id="perhaps-sent-so-not"),
    ],
)
def test_what_was_certainly_not_sent_may_be_told_again(told, fault, requests):
    told.fail_next(fault)
    store = ProcessStore()

    for _ in range(2):
        NusaWaNotifier(to=ON_CALL, text="Halo")(_context(task_state_store=store))

    assert len(told.requests) == requests
    assert len(told.messages) == 1


def test_events_without_names_are_never_taken_for_one(told):
    for _ in range(2):
        NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=3600)({})

    assert len(told.messages) == 2


def test_a_store_that_fails_costs_no_alert(told, caplog):
    class Broken:
        def get(self, key, default=None):
            raise RuntimeError

        set = get

    NusaWaNotifier(to=ON_CALL, text="Halo")(_context(task_state_store=Broken()))

    assert len(told.messages) == 1
    assert "could not be read" in caplog.text
    assert "could not be written down" in caplog.text


def test_the_tasks_store_is_never_asked_where_nobody_answers(told):
    class Deaf:
        def get(self, key, default=None):
            pytest.fail("nobody answers: in a DAG processor this would hang")

        set = get

    NusaWaNotifier(to=ON_CALL)(_context(task_state_store=Deaf(), reason="task_failure"))
    NusaWaNotifier(to=SECOND)(_context(task_state_store=Deaf(), start_date=None))
    NusaWaNotifier(to=ON_CALL)(_context(task_state_store=Deaf(), state="up_for_retry"))

    assert len(told.messages) == 3


def test_alerts_within_min_interval_are_held_back_and_counted(told, caplog):
    store = ProcessStore()
    notifier = NusaWaNotifier(to=ON_CALL, text="Halo " * 300, min_interval=timedelta(hours=1))
    for number in (1, 2, 3):
        notifier(_context(task_state_store=store, try_number=number))

    notifier(_context(task_state_store=store, try_number=4, state="success"))

    first, last = (message.text for message in told.messages)
    assert "more since" not in first
    assert last.splitlines()[-1].startswith("+2 more since ")
    assert len(last) <= 1000
    assert caplog.text.count("min_interval holds within this task instance only") == 1


def test_what_was_held_back_is_counted_again_where_the_alert_was_refused(told):
    store = ProcessStore()
    notifier = NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=3600)
    for number in (1, 2):
        notifier(_context(task_state_store=store, try_number=number))
    told.fail_next(-99)

    for _ in range(2):
        notifier(_context(task_state_store=store, try_number=3, state="success"))

    assert told.messages[-1].text.splitlines()[-1].startswith("+1 more since ")


def test_without_a_store_min_interval_holds_within_the_process(told, caplog):
    notifier = NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=3600)
    for run in ("r1", "r2"):
        notifier(_context(task_state_store=None, dag_id="no-store", run_id=run))

    assert len(told.messages) == 1
    assert "min_interval holds within this process only" in caplog.text


def test_task_state_shows_no_number(told):
    store = ProcessStore()

    NusaWaNotifier(to=ON_CALL, text="Halo")(_context(task_state_store=store))

    assert "7890" not in str(store.__dict__)


def test_one_persons_pseudonym_differs_from_run_to_run(told):
    store = ProcessStore()

    for run_id in ("r1", "r2"):
        NusaWaNotifier(to=ON_CALL, text="Halo")(_context(task_state_store=store, run_id=run_id))

    assert len(store._values) == 2


def test_what_was_redirected_was_not_told_to_the_person(told):
    store = ProcessStore()
    told.use(redirect_to=SECOND)
    NusaWaNotifier(to=ON_CALL, text="Halo")(_context(task_state_store=store))
    told.use()

    NusaWaNotifier(to=ON_CALL, text="Halo")(_context(task_state_store=store))

    assert [(message.number[-4:], message.text) for message in told.messages] == [
        ("5432", "[for …7890] Halo"),
        ("7890", "Halo"),
    ]


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
