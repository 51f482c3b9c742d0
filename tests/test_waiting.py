"""The rule of waiting, without gateway or Airflow: what is awaited, which share is there, and how a wait is told."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome, Receipt
from airflow_provider_nusawa.waiting.awaited import MAX_MESSAGES, read_awaited
from airflow_provider_nusawa.waiting.end import MAX_EVENT_BYTES, WaitEnd, clause, some
from airflow_provider_nusawa.waiting.share import MessageWatch, WaitVerdict, check_required, needed_of

AT = datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=7)))


def report(message_id: str, letter: str, **more: object) -> DeliveryReport:
    return DeliveryReport(message_id, DeliveryStatus.of(letter), letter=letter, **more)


def receipt(outcome: Outcome = Outcome.ACCEPTED, message_id: str = "", **more: object) -> dict[str, object]:
    return Receipt("6281234567890", "v3", outcome, message_id, **more).to_xcom()


ACCEPTED = receipt(message_id="01", code=0)


@pytest.mark.parametrize(
    ("messages", "ids"),
    [
        pytest.param("012345678901234567", ("012345678901234567",), id="an-id"),
        pytest.param(123456789012345678, ("123456789012345678",), id="an-id-rendered-natively"),
        pytest.param(ACCEPTED, ("01",), id="a-receipt"),
        pytest.param(["01", ACCEPTED, "02"], ("01", "02"), id="each-message-once"),
        pytest.param([[ACCEPTED], (["02"], "03")], ("01", "02", "03"), id="nested"),
        pytest.param(iter([["01"], ["02"]]), ("01", "02"), id="lazy"),
    ],
)
def test_ids_are_found_wherever_they_stand(messages, ids):
    assert read_awaited(messages).message_ids == ids


def test_receipts_of_nothing_sent_are_awaited_in_vain():
    awaited = read_awaited(
        [ACCEPTED, receipt(Outcome.REFUSED, code=-13), receipt(Outcome.UNKNOWN), receipt(Outcome.NOT_TRIED)]
    )

    assert awaited.total == 4
    assert awaited.apis == {"v3"}
    assert awaited.undeliverable == (
        "recipient …7890: refused, code -13",
        "recipient …7890: unknown",
        "recipient …7890: not tried",
    )


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        pytest.param([], "messages is empty", id="empty"),
        pytest.param([[], [[]]], "messages is empty", id="nested-empty"),
        pytest.param("[{'message_id': '01'}]", "a template has made text of: pass the XCom itself", id="list-as-text"),
        pytest.param(' {"message_id": "01"}', "render_template_as_native_obj", id="json-as-text"),
        pytest.param("01, 02", "no message id", id="ids-as-text"),
        pytest.param("x" * 129, "129 characters", id="far-too-long"),
        pytest.param(None, "returned nothing", id="none"),
        pytest.param("None", "returned nothing", id="none-as-text"),
        pytest.param([""], "returned nothing", id="empty-id"),
        pytest.param(True, "a bool, which is neither", id="bool"),
        pytest.param(1.5, "a float, which is neither", id="float"),
        pytest.param({"id": "01"}, "a dict without an outcome", id="another-dict"),
        pytest.param(receipt(), "returned nothing", id="accepted-without-id"),
        pytest.param([str(n) for n in range(MAX_MESSAGES + 1)], "at most 2000", id="too-many"),
    ],
)
def test_what_cannot_be_awaited_is_named(messages, says):
    with pytest.raises(ValueError, match=says):
        read_awaited(messages)


@pytest.mark.parametrize(
    ("required", "total", "needed"),
    [(1.0, 3, 3), (1, 3, 3), (0.5, 3, 2), (0.7, 10, 7), (0.9, 10, 9), (0.001, 10, 1), (1 / 3, 3, 1), (2 / 3, 3, 2)],
)
def test_a_share_is_so_many_messages(required, total, needed):
    assert needed_of(required, total) == needed


@given(st.floats(0, 1, exclude_min=True), st.integers(1, MAX_MESSAGES))
def test_a_share_is_never_none_and_never_more_than_all(required, total):
    assert 1 <= needed_of(required, total) <= total


@pytest.mark.parametrize("required", [0, -0.1, 1.01, 90, float("nan"), True])
def test_a_share_out_of_range_is_named(required):
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        check_required(required)


@pytest.mark.parametrize(
    ("looks", "needed", "verdict"),
    [
        pytest.param("", 2, WaitVerdict.PENDING, id="no-look"),
        pytest.param("aS bS", 2, WaitVerdict.PENDING, id="sent"),
        pytest.param("aX bX", 2, WaitVerdict.PENDING, id="undocumented"),
        pytest.param("aD bR", 2, WaitVerdict.MET, id="all"),
        pytest.param("aD", 1, WaitVerdict.MET, id="enough"),
        pytest.param("aD aD", 2, WaitVerdict.PENDING, id="one-counts-once"),
        pytest.param("aD aS aF aF bD", 2, WaitVerdict.MET, id="never-back"),
        pytest.param("aF", 2, WaitVerdict.PENDING, id="failed-once"),
        pytest.param("aF aF", 2, WaitVerdict.UNREACHABLE, id="failed-twice"),
        pytest.param("aA aA", 2, WaitVerdict.UNREACHABLE, id="aborted-twice"),
        pytest.param("aF aA", 2, WaitVerdict.UNREACHABLE, id="failed-then-aborted"),
        pytest.param("aF aS", 2, WaitVerdict.UNREACHABLE, id="failed-then-an-older-letter"),
        pytest.param("aF aD bD", 2, WaitVerdict.MET, id="failed-then-delivered"),
        pytest.param("aF aF aD bD", 2, WaitVerdict.MET, id="delivered-after-all"),
        pytest.param("aF bF", 1, WaitVerdict.PENDING, id="each-failed-once"),
        pytest.param("aF aF", 1, WaitVerdict.PENDING, id="the-other-may-still"),
        pytest.param("aF aF bF bF", 1, WaitVerdict.UNREACHABLE, id="neither"),
    ],
)
def test_the_verdict_after_some_looks(looks, needed, verdict):
    watch = MessageWatch(["a", "b"], needed)

    for look in looks.split():
        watch.take(report(look[0], look[1]))

    assert watch.verdict is verdict


def test_more_needed_than_there_are_is_unreachable_at_once():
    assert MessageWatch(["a"], 2).verdict is WaitVerdict.UNREACHABLE


def test_only_what_may_still_change_is_open():
    watch = MessageWatch(["delivered", "lost", "suspect", "sent"], 4)

    for name, letter in [("delivered", "D"), ("lost", "F"), ("lost", "F"), ("suspect", "A"), ("sent", "S")]:
        watch.take(report(name, letter))

    assert [name for name in watch.message_ids if watch.is_open(name)] == ["suspect", "sent"]
    assert watch.suspects == ["suspect"]


def test_the_last_word_on_each_message_is_kept_in_order():
    watch = MessageWatch(["a", "b"], 2)

    watch.take(report("b", "S", sent_at=AT))
    watch.take(report("b", "D", sent_at=AT, delivered_at=AT))
    watch.take(report("b", "S"))

    assert watch.reports == [report("a", ""), report("b", "D", sent_at=AT, delivered_at=AT)]


LETTERS = st.sampled_from(["", "S", "D", "R", "F", "A", "X"])


@given(st.lists(st.tuples(st.sampled_from("abc"), LETTERS)), st.integers(1, 3))
def test_what_is_met_stays_met_and_delivered_is_never_lost(looks, needed):
    watch = MessageWatch("abc", needed)
    met = False
    for message_id, letter in looks:
        watch.take(report(message_id, letter))
        met = met or watch.verdict is WaitVerdict.MET

    delivered = {message_id for message_id, letter in looks if letter in "DR" and letter}
    assert met is (len(delivered) >= needed) is (watch.verdict is WaitVerdict.MET)


END = WaitEnd(
    WaitVerdict.TIMED_OUT,
    [report("01", "R", sent_at=AT, delivered_at=AT, read_at=AT), report("02", "F", err_code="27"), report("03", "")],
    "no route",
)


def test_an_end_survives_the_trip_through_json():
    assert WaitEnd.from_event(json.loads(json.dumps(END.to_event()))) == END


def test_the_xcom_is_plain_json_with_ids_letters_and_times():
    xcom = json.loads(json.dumps(END.to_xcom()))

    at = AT.isoformat()
    assert xcom == [
        {"message_id": "01", "letter": "R", "delivered": True, "err_code": "",
         "sent_at": at, "delivered_at": at, "read_at": at},
        {"message_id": "02", "letter": "F", "delivered": False, "err_code": "27",
         "sent_at": None, "delivered_at": None, "read_at": None},
        {"message_id": "03", "letter": "", "delivered": False, "err_code": "",
         "sent_at": None, "delivered_at": None, "read_at": None},
    ]  # fmt: skip


def test_an_event_of_the_most_messages_stays_small_and_keeps_every_letter():
    ids = [f"{random.randrange(10**18):018d}" for _ in range(MAX_MESSAGES)]
    end = WaitEnd(
        WaitVerdict.MET, [report(one, "D", sent_at=AT, delivered_at=AT, err_code="0") for one in ids], "x" * 5000
    )

    event = end.to_event()

    assert len(json.dumps(event)) < MAX_EVENT_BYTES + 2000
    assert [(one.message_id, one.letter) for one in WaitEnd.from_event(event).reports] == [(one, "D") for one in ids]


def test_words_of_the_gateway_are_cut():
    event = WaitEnd(WaitVerdict.MET, [report("01", "Z" * 1000, err_code="9" * 1000)]).to_event()

    assert len(json.dumps(event)) < 200


def test_an_end_is_told_message_by_message():
    assert [clause(one) for one in END.reports] == [
        "message 01: letter R",
        "message 02: letter F, err_code 27",
        "message 03: no report yet",
    ]
    assert (END.delivered, [one.message_id for one in END.failed]) == (1, ["02"])
    assert [one.message_id for one in END.pending] == ["03"]


def test_only_the_first_few_are_told():
    assert some("abc", most=3) == "a; b; c"
    assert some("abcde", most=3) == "a; b; c; and 2 more"
    assert some("") == ""


def test_nothing_here_knows_airflow():
    modules = ["awaited", "share", "end", "agenda", "polling", "looks", "funds"]
    code = "; ".join([*(f"import airflow_provider_nusawa.waiting.{name}" for name in modules), "import sys"])
    heavy = "{'airflow', 'requests', 'aiohttp', 'sqlalchemy', 'phonenumbers'} & set(sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", f"{code}; print({heavy})"], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "set()"
