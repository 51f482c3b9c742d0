"""The media operator over a real socket: what is sent, what is refused before any request, and never twice."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, ObjectStoragePath
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS
from dag_runs import run
from tries import TaskState, Ti, context_of

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.operators import NusaWaSendMediaOperator, NusaWaSendMessageOperator

pytestmark = pytest.mark.usefixtures("default_ledger")

AISHA, BUDI = "6281234567810", "6281234567811"
URL = "https://example.com/brosur.png"
PDF = b"%PDF-1.4 tagihan"


@pytest.fixture
def gateway(nusawa_gateway):
    nusawa_gateway.use(api_version="v1")
    return nusawa_gateway


@pytest.fixture
def invoice(tmp_path) -> Path:
    path = tmp_path / "tagihan 42.pdf"
    path.write_bytes(PDF)
    return path


def send(try_number: int = 1, state: TaskState | None = None, operator: Any = None, **arguments: Any) -> Any:
    made = (operator or NusaWaSendMediaOperator)(task_id="send", **{"to": AISHA, **arguments})
    return made.execute(context_of(Ti(try_number), state))


def test_a_url_goes_with_its_caption(gateway):
    receipt = send(media_url=URL, caption="Brosur kami")

    (stored,) = gateway.sent_to(AISHA)
    assert (stored.text, stored.media.url, stored.api) == ("Brosur kami", URL, "v1")
    assert (receipt["outcome"], receipt["api"], receipt["message_id"]) == ("accepted", "v1", stored.id)


@pytest.mark.parametrize(
    "file_of",
    [
        pytest.param(lambda path: path, id="path"),
        pytest.param(str, id="text"),
        pytest.param(lambda path: f"file://{path}", id="address"),
        pytest.param(lambda path: ObjectStoragePath(f"file://{path}"), id="object-storage"),
    ],
)
def test_a_file_goes_inside_the_request_with_its_name(gateway, invoice, file_of):
    send(file=file_of(invoice))

    (stored,) = gateway.sent_to(AISHA)
    assert (stored.media.content, stored.media.file_name, stored.text) == (PDF, "tagihan 42.pdf", "")


def test_a_file_may_lie_in_the_users_home(gateway, invoice, monkeypatch):
    monkeypatch.setenv("HOME", str(invoice.parent))

    send(file=f"~/{invoice.name}")

    assert gateway.sent_to(AISHA)[0].media.content == PDF


def test_a_file_may_have_another_name_for_people(gateway, invoice):
    send(file=invoice, file_name="Tagihan Juli.pdf", to=[AISHA, BUDI])

    assert {message.media.file_name for message in gateway.messages} == {"Tagihan Juli.pdf"}
    assert [message.number for message in gateway.messages] in ([AISHA, BUDI], [BUDI, AISHA])


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        pytest.param(b"%PDF".ljust(512 * 1024 + 1), "a.pdf", "524289 bytes", id="too-large"),
        pytest.param(b"", "a.pdf", "empty", id="empty"),
        pytest.param(b"MZ", "a.exe", "no type that WhatsApp shows", id="type"),
        pytest.param(b"<html>404</html>", "a.pdf", "does not begin as such a file", id="not-what-it-says"),
        pytest.param(PDF, "tagihan", "a name with an ending", id="no-ending"),
    ],
)
def test_a_file_that_cannot_be_sent_fails_at_once_and_before_any_request(gateway, tmp_path, content, name, says):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(AirflowFailException, match=says):
        send(file=tmp_path / name)

    assert gateway.requests == []


def test_a_file_that_is_too_large_is_not_even_read(gateway, tmp_path):
    path = tmp_path / "film.mp4"
    with path.open("wb") as sparse:
        sparse.truncate(2**40)

    with pytest.raises(AirflowFailException, match="1099511627776 bytes"):
        send(file=path)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"media_url": "ftp://example.com/a.png"}, id="no-http"),
        pytest.param({"media_url": "http://10.0.0.5/a.png"}, id="private"),
        pytest.param({"media_url": URL, "caption": "x" * 1001}, id="caption-too-long"),
    ],
)
def test_what_the_gateway_could_not_take_fails_before_any_request(gateway, arguments):
    with pytest.raises(AirflowFailException):
        send(**arguments)

    assert gateway.requests == []


def test_a_file_that_is_not_there_may_be_there_for_a_retry(gateway, tmp_path):
    with pytest.raises(FileNotFoundError):
        send(file=tmp_path / "a.pdf")

    assert gateway.requests == []


@pytest.mark.parametrize("arguments", [{}, {"media_url": URL, "file": "a.pdf"}, {"media_url": URL, "file_name": "a"}])
def test_an_author_hears_of_wrong_arguments_when_the_dag_is_parsed(arguments):
    with pytest.raises(ValueError, match="media_url"):
        NusaWaSendMediaOperator(task_id="send", to=AISHA, **arguments)


ONLY_V1 = [
    pytest.param(NusaWaSendMediaOperator, {"media_url": URL}, id="media"),
    pytest.param(NusaWaSendMessageOperator, {"text": "Halo", "sender": "628110"}, id="sender"),
    pytest.param(NusaWaSendMessageOperator, {"text": "Halo", "gateway_queue": "slow"}, id="queue"),
    pytest.param(NusaWaSendMessageOperator, {"text": "Halo", "include_unsubscribe": False}, id="unsubscribe"),
]


@pytest.mark.parametrize(("operator", "arguments"), ONLY_V1)
def test_with_v3_a_clear_error_says_that_v1_is_needed(nusawa_gateway, operator, arguments):
    with pytest.raises(AirflowFailException, match="set api_version to v1 in the connection"):
        send(operator=operator, **arguments)

    assert nusawa_gateway.requests == []


@pytest.mark.parametrize(
    ("operator", "content"),
    [
        pytest.param(NusaWaSendMessageOperator, {"text": "Halo"}, id="message"),
        pytest.param(NusaWaSendMediaOperator, {"media_url": URL}, id="media"),
    ],
)
def test_the_options_of_v1_are_asked_for(gateway, operator, content):
    send(operator=operator, sender=628110, gateway_queue="slow", include_unsubscribe=True, **content)
    send(operator=operator, to=BUDI, **content)

    asked, plain = (request.fields for request in gateway.requests)
    assert (asked["sender"], asked["queue"], asked["include_unsubscribe"]) == ("628110", "slow", "True")
    assert not {"sender", "queue", "include_unsubscribe"} & set(plain)


def test_airflows_own_queue_keeps_its_meaning():
    operator = NusaWaSendMediaOperator(task_id="send", to=AISHA, media_url=URL, queue="big-workers")

    assert (operator.queue, operator.gateway_queue) == ("big-workers", None)


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="task state came with Airflow 3.3")
@pytest.mark.parametrize("fault", ["drop_after", "hang_after", 503])
def test_a_lost_answer_is_not_repeated_by_a_retry(gateway, invoice, fault):
    gateway.use(api_version="v1", read_timeout_seconds=0.3, total_timeout_seconds=0.9)
    strike = gateway.fail_next(fault, times=9)
    state = TaskState()

    for try_number in (1, 2):
        with pytest.raises(AirflowFailException, match=r"perhaps sent|may have been sent"):
            send(try_number, state, file=invoice)

    assert strike.fired == 1


def test_two_files_with_one_caption_to_one_person_from_one_map_are_two_messages(gateway, default_ledger, tmp_path):
    for place, name in enumerate(("a.pdf", "b.pdf", "b.pdf")):
        (tmp_path / name).write_bytes(PDF + name.encode())
        operator = NusaWaSendMediaOperator(
            task_id="send", to=AISHA, file=tmp_path / name, caption="Tagihan", sender="628110"
        )
        operator.execute(context_of(Ti(1, map_index=place), None))

    assert [message.media.file_name for message in gateway.messages] == ["a.pdf", "b.pdf"]


def test_who_has_unsubscribed_is_a_reason_of_its_own(gateway):
    with pytest.raises(AirflowFailException, match="this person has unsubscribed"):
        send(to=magic_number("70"), media_url=URL)


def test_templates_fill_caption_url_and_file(airflow_db, gateway, invoice):
    from airflow.providers.common.compat.sdk import DAG

    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    dag = DAG("media", schedule=None, start_date=start, params={"n": "42", "folder": str(invoice.parent)})
    common = {"dag": dag, "caption": "Tagihan {{ params.n }}", "sender": "62811{{ params.n }}"}
    file, url = "{{ params.folder }}/tagihan {{ params.n }}.pdf", "https://example.com/{{ params.n }}.pdf"
    NusaWaSendMediaOperator(task_id="file", to=AISHA, file=Path(file), **common)
    NusaWaSendMediaOperator(task_id="url", to=BUDI, media_url=url, **common)

    assert run(dag) == {"file": "success", "url": "success"}

    (to_aisha,), (to_budi,) = gateway.sent_to(AISHA), gateway.sent_to(BUDI)
    assert (to_aisha.text, to_aisha.media.file_name) == ("Tagihan 42", "tagihan 42.pdf")
    assert (to_budi.text, to_budi.media.url) == ("Tagihan 42", "https://example.com/42.pdf")
    assert {request.fields["sender"] for request in gateway.requests} == {"6281142"}
