"""What holds for every dialect: the three outcomes of a send, failed looks of a question, and no secret in sight."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import UnionType
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import ALL, MESSAGE, REPORT_ID, Samples, each_dialect, each_unreadable

from airflow_provider_nusawa.gateway.dialects import DIALECTS, dialect_of
from airflow_provider_nusawa.gateway.errors import (
    Cause,
    InvalidSettings,
    NusaWaError,
    OutcomeUnknown,
    Refused,
    Scope,
    Unreachable,
)
from airflow_provider_nusawa.gateway.exchange import Reply
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport, Message, Outcome, Receipt
from airflow_provider_nusawa.gateway.settings import Settings


def _read_receipt(samples: Samples, reply: Reply) -> Receipt:
    return samples.dialect.read_receipt(reply, MESSAGE, samples.settings)


def test_every_dialect_is_tested_here() -> None:
    assert {name: samples.dialect for name, samples in ALL.items()} == DIALECTS
    assert [dialect.NAME for dialect in DIALECTS.values()] == list(DIALECTS)


def test_an_unknown_version_names_those_that_are_spoken() -> None:
    with pytest.raises(InvalidSettings, match="api_version is 'v2', and must be v3") as caught:
        dialect_of(Settings(api_version="v2"))

    assert caught.value.field == "api_version"


@each_dialect
def test_the_version_chooses_the_dialect(samples: Samples) -> None:
    assert dialect_of(Settings(api_version=samples.dialect.NAME)) is samples.dialect


@each_dialect
def test_an_accepted_message_has_a_receipt(samples: Samples) -> None:
    receipt = _read_receipt(samples, Reply(200, {}, samples.accepted))

    assert receipt.outcome is Outcome.ACCEPTED
    assert (receipt.message_id, receipt.api, receipt.destination) == (
        samples.message_id,
        samples.dialect.NAME,
        MESSAGE.to,
    )


@each_dialect
@pytest.mark.parametrize(
    ("status", "scope", "names"),
    [
        pytest.param(301, Scope.ACCOUNT, "host", id="301"),
        pytest.param(307, Scope.ACCOUNT, "host", id="307"),
        pytest.param(400, Scope.MESSAGE, "host", id="400"),
        pytest.param(401, Scope.ACCOUNT, "password", id="401"),
        pytest.param(403, Scope.ACCOUNT, "white list", id="403"),
        pytest.param(404, Scope.ACCOUNT, "host", id="404"),
        pytest.param(405, Scope.ACCOUNT, "host", id="405"),
        pytest.param(407, Scope.ACCOUNT, "proxy settings", id="407"),
        pytest.param(411, Scope.ACCOUNT, "host", id="411"),
        pytest.param(413, Scope.MESSAGE, "too large", id="413"),
        pytest.param(414, Scope.MESSAGE, "too long", id="414"),
        pytest.param(415, Scope.ACCOUNT, "host", id="415"),
        pytest.param(429, Scope.TRANSIENT, "rate_per_second", id="429"),
    ],
)
def test_http_refuses_a_send_and_names_what_to_look_at(samples: Samples, status: int, scope: Scope, names: str) -> None:
    with pytest.raises(Refused, match=f"HTTP {status}") as caught:
        _read_receipt(samples, Reply(status, {}, b"<html>no</html>"))

    assert (caught.value.scope, caught.value.code, caught.value.http_status) == (scope, None, status)
    assert names in caught.value.what
    assert caught.value.last_four == "3380"


@each_dialect
@pytest.mark.parametrize("status", [408, 500, 501, 502, 503, 504, 599])
def test_a_server_that_fails_leaves_a_send_unknown(samples: Samples, status: int) -> None:
    with pytest.raises(OutcomeUnknown, match=f"HTTP {status}") as caught:
        _read_receipt(samples, Reply(status, {}, b"<html>oops</html>"))

    assert caught.value.cause is Cause.SERVER


@each_dialect
@pytest.mark.parametrize("status", [402, 406, 409, 410, 418, 421, 451])
def test_a_status_that_proves_nothing_leaves_a_send_unknown(samples: Samples, status: int) -> None:
    with pytest.raises(OutcomeUnknown, match=f"HTTP {status}") as caught:
        _read_receipt(samples, Reply(status, {}, b""))

    assert caught.value.cause is Cause.UNREADABLE


@each_dialect
@each_unreadable
def test_an_unreadable_answer_leaves_a_send_unknown(samples: Samples, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        _read_receipt(samples, Reply(200, {"content-type": "application/json"}, body))

    assert caught.value.cause is Cause.UNREADABLE
    assert not caught.value.retryable


@each_dialect
def test_an_answer_cut_off_anywhere_leaves_a_send_unknown(samples: Samples) -> None:
    for length in range(len(samples.accepted)):
        with pytest.raises(OutcomeUnknown):
            _read_receipt(samples, Reply(200, {}, samples.accepted[:length]))


@each_dialect
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "30"}, 30.0, id="seconds"),
        pytest.param({"retry-after": " 0 "}, 0.0, id="at-once"),
        pytest.param({}, None, id="unsaid"),
        pytest.param({"retry-after": "-5"}, None, id="negative"),
        pytest.param({"retry-after": "1.5"}, None, id="fraction"),
        pytest.param({"retry-after": "soon"}, None, id="garbage"),
        pytest.param({"retry-after": "²"}, None, id="superscript"),
        pytest.param({"retry-after": "9" * 400}, None, id="for-ever"),
        pytest.param(
            {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "Fri, 31 Dec 1999 23:59:29 GMT"}, 30.0, id="date"
        ),
        pytest.param(
            {"retry-after": "Fri, 31 Dec 1999 23:59:59 -0000", "date": "Fri, 31 Dec 1999 23:59:29 GMT"},
            30.0,
            id="naive",
        ),
        pytest.param({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, None, id="date-long-gone"),
        pytest.param({"retry-after": "Fri, 99 Dec 1999 23:59:59 GMT"}, None, id="no-such-date"),
    ],
)
def test_too_many_requests_say_how_long_to_wait(
    samples: Samples, headers: dict[str, str], seconds: float | None
) -> None:
    with pytest.raises(Refused) as caught:
        _read_receipt(samples, Reply(429, headers, b""))

    assert caught.value.retry_after == seconds
    assert caught.value.retryable


@each_dialect
@given(text=st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=50).filter(str.strip))
def test_a_text_arrives_whole(samples: Samples, text: str) -> None:
    request = samples.dialect.send_request(samples.settings, Message("6281234567890", text))

    assert samples.fields(request) == ("6281234567890", text)


@each_dialect
def test_only_a_send_says_that_it_sends(samples: Samples) -> None:
    dialect, settings = samples.dialect, samples.settings

    assert dialect.send_request(settings, MESSAGE).sends
    assert not dialect.credits_request(settings).sends
    assert not dialect.report_request(settings, REPORT_ID).sends


@each_dialect
def test_no_request_shows_its_secret(samples: Samples) -> None:
    secret, settings = samples.settings.password.reveal(), samples.settings
    dialect = samples.dialect
    requests = [
        dialect.send_request(settings, MESSAGE),
        dialect.credits_request(settings),
        dialect.report_request(settings, REPORT_ID),
    ]

    for request in requests:
        for form in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), MESSAGE.to):
            assert form not in repr(request) + request.path


@given(status=st.sampled_from([200, 204, 302, 401, 404, 422, 429, 500]), body=st.binary(max_size=200))
@each_dialect
def test_any_bytes_become_a_value_or_one_of_our_errors(samples: Samples, status: int, body: bytes) -> None:
    _read_all(samples, Reply(status, {}, body))


_TEXTS = st.text(max_size=20) | st.sampled_from(["0", "-5", "-99", "1", "D", MESSAGE.to, REPORT_ID])
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS
_NAMES = st.sampled_from(
    ["results", "status", "messageid", "destination", "ref_no", "value", "error", "message", "data", "detail"]
)
_JSON = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6))


@given(status=st.sampled_from([200, 400, 401, 422, 429, 500]), data=_JSON)
@each_dialect
def test_any_json_becomes_a_value_or_one_of_our_errors(samples: Samples, status: int, data: Any) -> None:
    _read_all(samples, Reply(status, {}, json.dumps(data).encode()))


def _read_all(samples: Samples, reply: Reply) -> None:
    """Ask all readers; a send may end unknown, a question may not, and no error shows the number."""
    dialect, settings = samples.dialect, samples.settings
    for value in (
        _outcome(lambda: dialect.read_receipt(reply, MESSAGE, settings), Receipt | Refused | OutcomeUnknown),
        _outcome(lambda: dialect.read_credits(reply, settings), Credits | Refused | Unreachable),
        _outcome(lambda: dialect.read_report(reply, REPORT_ID, settings), DeliveryReport | Refused | Unreachable),
    ):
        assert not (isinstance(value, NusaWaError) and MESSAGE.to in str(value))


def _outcome(read: Callable[[], Any], kinds: UnionType) -> Any:
    try:
        value = read()
    except NusaWaError as error:
        value = error
    assert isinstance(value, kinds)
    return value
