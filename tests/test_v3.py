"""API v3 as the vendor's page prints it: the exchanges byte for byte, and what only this dialect has to tell apart."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from samples import DATA, MESSAGE, V3
from samples import v3_reply as reply
from samples import v3_results as results

from airflow_provider_nusawa.gateway import v3
from airflow_provider_nusawa.gateway.codes import CODES
from airflow_provider_nusawa.gateway.errors import OutcomeUnknown, Refused, Scope
from airflow_provider_nusawa.gateway.exchange import Reply
from airflow_provider_nusawa.gateway.messages import Outcome, Receipt

ID = "175041319203754627"
TO = MESSAGE.to


def as_xml(body: Reply) -> Reply:
    """Return the same answer in the vendor's other format."""
    rows = json.loads(body.body)["results"]
    inner = "".join("<result>" + "".join(f"<{n}>{v}</{n}>" for n, v in row.items()) + "</result>" for row in rows)
    return Reply(body.status, {}, f"<?xml version='1.0'?><results>{inner}</results>".encode())


def test_a_send_posts_what_the_vendors_samples_post() -> None:
    request = v3.send_request(V3.settings, MESSAGE)

    assert (request.method, request.path, request.query) == ("POST", "/api/v3/sendwa/plain", "")
    assert request.headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert dict(parse_qsl(request.body.decode(), strict_parsing=True)) == {
        "username": "budi",
        "password": "s3cret+/ &é",
        "GSM": "6285100803380",
        "text": "testing wa api",
        "output": "json",
    }


def test_a_balance_is_asked_for_as_the_vendor_prints_it() -> None:
    request = v3.credits_request(V3.settings)
    printed = (DATA / "vendor_requests.txt").read_text().splitlines()[2]

    path, _, query = printed.removeprefix("http://api.nusasms.com").partition("?")
    login = {"user": "budi", "password": "s3cret+/ &é"}
    assert (request.method, request.path) == ("GET", path)
    assert dict(parse_qsl(request.query)) == dict(parse_qsl(query)) | login


def test_a_report_is_asked_for_by_ref_no() -> None:
    fields = dict(parse_qsl(v3.report_request(V3.settings, "0533&804").query))

    assert (fields["cmd"], fields["ref_no"], fields["type"], fields["output"]) == ("DR", "0533&804", "wa", "json")


@pytest.mark.parametrize("form", ["json", "xml"])
def test_the_vendors_success_is_a_receipt(form: str) -> None:
    receipt = v3.read_receipt(reply((DATA / f"vendor_success.{form}").read_bytes()), MESSAGE, V3.settings)

    assert receipt == Receipt("6285100803380", "v3", Outcome.ACCEPTED, "175041319203754627", 0)


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    ("name", "code", "scope"),
    [
        pytest.param("wrong_password", -5, Scope.ACCOUNT, id="wrong-password"),
        pytest.param("missing_destination", -13, Scope.RECIPIENT, id="missing-destination"),
    ],
)
def test_the_vendors_errors_are_refusals(name: str, code: int, scope: Scope, form: str) -> None:
    with pytest.raises(Refused) as caught:
        v3.read_receipt(reply((DATA / f"vendor_{name}.{form}").read_bytes()), MESSAGE, V3.settings)

    assert (caught.value.code, caught.value.scope) == (code, scope)


@pytest.mark.parametrize("code", [*CODES, -12345])
def test_every_negative_code_is_a_refusal_that_names_it(code: int) -> None:
    with pytest.raises(Refused) as caught:
        v3.read_receipt(results((str(code), "", TO)), MESSAGE, V3.settings)

    row = CODES.get(code)
    assert caught.value.scope is (row.scope if row else Scope.UNLISTED)
    assert f"{code} {row.name if row else 'UNLISTED'}" in str(caught.value)
    assert caught.value.last_four == "3380"


@pytest.mark.parametrize(
    ("answer", "message_id"),
    [
        pytest.param(results(("0", ID, TO)), ID, id="texts"),
        pytest.param(results((0, int(ID), int(TO))), ID, id="numbers"),
        pytest.param(results(("0", "012345678901234567", TO)), "012345678901234567", id="leading-zero"),
        pytest.param(results((0, 10**40, TO)), "1" + "0" * 40, id="more-digits-than-any-number-type"),
        pytest.param(results((" 0 ", f" {ID} ", TO)), ID, id="spaces"),
        pytest.param(results(("0", ID, "085100803380")), ID, id="national-echo"),
        pytest.param(results(("0", ID, "+62 851-0080-3380")), ID, id="pretty-echo"),
        pytest.param(results(("0", ID, "")), ID, id="no-echo"),
        pytest.param(reply({"results": [{"status": "0", "messageid": ID}]}), ID, id="no-destination"),
        pytest.param(reply({"results": {"status": "0", "messageid": ID}}), ID, id="results-is-one"),
        pytest.param(reply({"status": 0, "messageid": ID, "destination": TO}), ID, id="flat"),
        pytest.param(reply([{"status": 0, "messageid": ID, "destination": TO}]), ID, id="list"),
        pytest.param(reply({"Status": 0, "MessageID": ID, "extra": {"a": [True]}}), ID, id="other-case-and-more"),
        pytest.param(reply(b"\xef\xbb\xbf \n" + V3.accepted), ID, id="bom"),
        pytest.param(reply(b"\xef\xbb\xbf\n" + (DATA / "vendor_success.xml").read_bytes()), ID, id="xml-bom"),
        pytest.param(
            reply(f"<result><status>0</status><messageid>{ID}</messageid></result>".encode()), ID, id="xml-flat"
        ),
        pytest.param(
            reply(f"<r xmlns='urn:x'><status>0</status><messageid>{ID}</messageid></r>".encode()), ID, id="xml-ns"
        ),
        pytest.param(results(("-13", "", "6281111111111"), ("0", ID, TO)), ID, id="second-of-two"),
        pytest.param(results(("0", "1", "6281111111111"), ("0", ID, TO)), ID, id="each-to-its-number"),
        pytest.param(results(("-1", "", TO), ("0", ID, TO)), ID, id="taken-at-last"),
        pytest.param(results(("0", ID, TO), status=500), ID, id="believed-beside-500"),
        pytest.param(results(("0", ID, TO), status=404), ID, id="believed-beside-404"),
    ],
)
def test_an_accepted_message_is_found_in_any_shape(answer: Reply, message_id: str) -> None:
    receipt = v3.read_receipt(answer, MESSAGE, V3.settings)

    assert (receipt.outcome, receipt.message_id, receipt.code) == (Outcome.ACCEPTED, message_id, 0)


@pytest.mark.parametrize("turned", [pytest.param(lambda same: same, id="json"), pytest.param(as_xml, id="xml")])
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(results(("0", "", TO)), "without a message id", id="zero-without-id"),
        pytest.param(results(("0", "", TO), status=404), "without a message id", id="zero-without-id-beside-404"),
        pytest.param(results(("0", "", TO), ("-1", "", TO)), "without a message id", id="zero-without-id-and-more"),
        pytest.param(results(("0", ID, "6281111111111")), "about another number", id="another-number"),
        pytest.param(results(("0", ID, "3380")), "about another number", id="echo-too-short-to-tell"),
        pytest.param(results(("-5", "", "6281111111111")), "about another number", id="another-number-refused"),
        pytest.param(results(("0", ID, ""), ("0", "2", "")), "about another number", id="two-that-name-nobody"),
        pytest.param(results(("1", ID, TO)), "not one that the gateway gives", id="positive-code"),
        pytest.param(results(("OK", ID, TO)), "not one that the gateway gives", id="word"),
        pytest.param(results(("", ID, TO)), "not one that the gateway gives", id="no-status"),
        pytest.param(results(("0.0", ID, TO)), "not one that the gateway gives", id="fraction"),
        pytest.param(results(("9" * 5000, ID, TO)), "not one that the gateway gives", id="endless-code"),
        pytest.param(results(("-99", ID, TO)), "does not rule out", id="failed-with-an-id"),
        pytest.param(results(("-12345", ID, TO)), "does not rule out", id="unlisted-with-an-id"),
    ],
)
def test_an_answer_that_settles_nothing_is_unknown(answer: Reply, turned: Any, says: str) -> None:
    with pytest.raises(OutcomeUnknown, match=says):
        v3.read_receipt(turned(answer), MESSAGE, V3.settings)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(results(("-5", "", TO), status=401), -5, id="401"),
        pytest.param(results(("-99", "", TO), status=500), -99, id="500"),
        pytest.param(results(("-78", "", TO), status=429), -78, id="429"),
        pytest.param(results(("-33", ID, TO)), -33, id="a-firm-refusal-with-an-id"),
        pytest.param(results(("-13", "", "")), -13, id="no-echo"),
        pytest.param(reply({"status": -5}), -5, id="bare"),
    ],
)
def test_a_refusal_is_believed_whatever_http_says(answer: Reply, code: int) -> None:
    with pytest.raises(Refused) as caught:
        v3.read_receipt(answer, MESSAGE, V3.settings)

    assert (caught.value.code, caught.value.http_status) == (code, answer.status)


def test_a_strangers_bare_status_beside_an_http_error_is_not_believed() -> None:
    with pytest.raises(OutcomeUnknown, match="HTTP 500"):
        v3.read_receipt(reply({"status": -1, "msg": "oops"}, 500), MESSAGE, V3.settings)


def test_a_code_that_may_have_been_taken_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setitem(CODES, -99, replace(CODES[-99], taken=True))

    with pytest.raises(OutcomeUnknown, match="-99 GENERAL_ERROR"):
        v3.read_receipt(results(("-99", "", TO)), MESSAGE, V3.settings)
