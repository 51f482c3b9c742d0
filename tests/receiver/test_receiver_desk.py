"""What a callback is answered, and what of it is on record then: the vendor's own words, and hostile ones."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from receiver_house import REPORT, TOKEN, House, query

from airflow_provider_nusawa.receiver.desk import FORM, Answered
from airflow_provider_nusawa.receiver.reading import MAX_QUERY
from airflow_provider_nusawa.receiver.tokens import Tokens, TokensUnknown

ID = REPORT["ref_no"]
REST = query().partition("&")[2]
DATA = Path(__file__).parents[1] / "data"


def test_the_callback_that_the_vendor_prints_is_put_on_record(house: House) -> None:
    printed = json.loads((DATA / "vendor_callback.json").read_text())

    assert house.call(query(**printed)).status == 200
    assert house.known() == {printed["ref_no"]: printed["status"]}


@pytest.mark.parametrize(
    ("asked", "rest"),
    [
        pytest.param(query() + "&new=field&new=again", {}, id="fields that are not ours"),
        pytest.param(query(err_code=None, sent_date=None), {}, id="only what is needed"),
        pytest.param(query(status="d"), {}, id="small letter"),
        pytest.param(query().replace("&ref_no", "?ref_no"), {}, id="a second question mark"),
        pytest.param(query().replace("&ref_no", "&?ref_no"), {}, id="and an ampersand"),
        pytest.param(query(), {"method": "POST"}, id="a POST without a body"),
        pytest.param(
            f"token={TOKEN}".replace("+", "%2B"),
            {"method": "POST", "body": REST.encode(), "content_type": f"{FORM}; charset=x"},
            id="a form",
        ),
    ],
)  # fmt: skip
def test_it_is_read_as_leniently_as_vendors_write(house: House, asked: str, rest: dict[str, object]) -> None:
    assert house.call(asked, **rest).status == 200
    assert house.known() == {ID: "D"}


HOSTILE = [
    pytest.param(403, query(token="x" * 20), {}, id="wrong token"),
    pytest.param(403, query(token=""), {}, id="empty token"),
    pytest.param(403, query(token=TOKEN[:-1]), {}, id="token cut short"),
    pytest.param(403, query(token="é" * 20), {}, id="token in other letters"),
    pytest.param(403, REST, {}, id="no token"),
    pytest.param(403, query() + "&token=" + TOKEN.replace("+", "%2B"), {}, id="token twice"),
    pytest.param(403, "", {}, id="nothing"),
    pytest.param(400, query(ref_no=None), {}, id="no ref_no"),
    pytest.param(400, query(ref_no=""), {}, id="empty ref_no"),
    pytest.param(400, query() + "&ref_no=1", {}, id="two ref_no"),
    pytest.param(400, query() + "&status=R", {}, id="two statuses"),
    pytest.param(400, query() + "&err_code=5", {}, id="two err_codes"),
    pytest.param(400, query(ref_no="1" * 65), {}, id="long ref_no"),
    pytest.param(400, query(ref_no="1\0"), {}, id="zero byte"),
    pytest.param(400, query(ref_no="1' OR '1'='1"), {}, id="SQL"),
    pytest.param(400, query(ref_no="<script>"), {}, id="HTML"),
    pytest.param(400, query(ref_no="١٢٣"), {}, id="digits of another script"),
    pytest.param(400, query(ref_no="1\n2"), {}, id="line break"),
    pytest.param(400, query(status=None), {}, id="no status"),
    pytest.param(400, query(status="D" * 17), {}, id="long status"),
    pytest.param(400, query(status="[object Object]"), {}, id="an object for a status"),
    pytest.param(400, query(err_code="x" * 65), {}, id="long err_code"),
    pytest.param(400, query(err_code="a\r\nb"), {}, id="err_code with a header"),
    pytest.param(400, query() + 33 * "&ref_no[]=1", {}, id="many fields"),
    pytest.param(400, query().encode() + b"\xff\xfe", {}, id="binary"),
    pytest.param(400, query() + "&a=%ff", {}, id="binary, escaped"),
    pytest.param(414, query() + "&a=" + "x" * MAX_QUERY, {}, id="huge query"),
    pytest.param(405, query(), {"method": "PUT"}, id="PUT"),
    pytest.param(405, query(), {"method": "DELETE"}, id="DELETE"),
    pytest.param(405, query(), {"method": "HEAD"}, id="HEAD"),
    pytest.param(405, query(), {"method": "OPTIONS"}, id="OPTIONS"),
    pytest.param(404, query(), {"path": "/"}, id="no path"),
    pytest.param(404, query(), {"path": "/callback/"}, id="slash behind"),
    pytest.param(404, query(), {"path": "//callback"}, id="two slashes"),
    pytest.param(404, query(), {"path": "/x/../callback"}, id="dots"),
    pytest.param(404, query(), {"path": "/callback\0"}, id="zero byte in the path"),
    pytest.param(404, query(), {"path": "/CALLBACK"}, id="capitals"),
    pytest.param(413, query(), {"method": "POST", "body": Answered(413, "")}, id="huge body"),
    pytest.param(408, query(), {"method": "POST", "body": Answered(408, "")}, id="a body that does not come"),
    pytest.param(415, query(), {"method": "POST", "body": b"{}", "content_type": "application/json"}, id="JSON"),
    pytest.param(400, query(), {"method": "POST", "body": b"ref_no=2"}, id="ref_no in query and form"),
    pytest.param(400, query(ref_no=None), {"method": "POST", "body": b"\xff\x00\x80"}, id="binary form"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "asked", "rest"), HOSTILE)
def test_what_is_no_callback_is_refused_and_nothing_is_kept_or_shown(
    house: House, caplog: pytest.LogCaptureFixture, status: int, asked: str | bytes, rest: dict[str, object]
) -> None:
    caplog.set_level(logging.DEBUG)

    answer = house.call(asked, **rest)

    assert answer.status == status
    assert house.known() == {}
    shown = answer.body.decode() + json.dumps(answer.headers) + caplog.text
    assert not [word for word in (TOKEN, ID, "script", "object O", "' OR") if word in shown]
    assert answer.body.startswith(b"nusawa: ")


def test_a_strangers_body_is_not_read(house: House) -> None:
    assert house.call(query(token="x" * 20), "POST", body=AssertionError("read")).status == 403


def test_what_nobody_foresaw_is_answered_500_and_quotes_nothing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    assert house.call(query(), "POST", body=LookupError(TOKEN)).status == 500
    assert "LookupError" in caplog.text
    assert TOKEN not in caplog.text


def test_several_tokens_are_valid_at_once_and_change_while_it_runs(open_house: Callable[..., House]) -> None:
    valid = ["old-token-0123456789, new-token-0123456789"]
    house = open_house(lambda: valid[0])

    def statuses() -> list[int]:
        return [house.call(query(token=f"{age}-token-0123456789")).status for age in ("old", "new")]

    assert statuses() == [200, 200]
    valid[0] = "new-token-0123456789"
    assert statuses() == [403, 200]


def test_tokens_are_not_read_for_every_callback() -> None:
    reads = []
    tokens = Tokens(lambda: reads.append(TOKEN) or TOKEN)

    assert [asyncio.run(tokens.admit(TOKEN)) for _ in range(3)] == [True] * 3
    assert len(reads) == 1


@pytest.mark.parametrize("tokens", ["", ",", "short", "a,b,c"])
def test_without_a_token_worth_the_name_all_are_refused(
    open_house: Callable[..., House], caplog: pytest.LogCaptureFixture, tokens: str
) -> None:
    house = open_house(lambda: tokens)

    assert [house.call(query(token=token)).status for token in (tokens, "a", "x" * 20)] == [403] * 3
    assert "no callback_token of 16 characters" in caplog.text


def test_a_token_that_cannot_be_read_is_nobodys_fault_that_calls(
    open_house: Callable[..., House], caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise OSError(TOKEN)

    answer = open_house(fail).call(query())

    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("fails", [True, False], ids=["fails", "answers"])
def test_fifty_who_call_before_any_token_is_known_run_the_secrets_command_once(fails: bool) -> None:
    reads: list[int] = []

    def read() -> str:
        reads.append(len(reads))
        if fails:
            raise OSError(TOKEN)
        return TOKEN

    async def answers() -> set[bool | type[Exception]]:
        calls = [tokens.admit(TOKEN) for _ in range(50)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        return {one if isinstance(one, bool) else type(one) for one in found}

    tokens = Tokens(read)

    for _ in range(2):
        assert asyncio.run(answers()) == {TokensUnknown if fails else True}
    assert len(reads) == 1


def test_what_could_not_be_read_is_read_again_when_it_is_due() -> None:
    said: list[str] = []
    tokens = Tokens(said.pop, retry_seconds=0.0)

    with pytest.raises(TokensUnknown):
        asyncio.run(tokens.admit(TOKEN))
    said.append(TOKEN)

    assert asyncio.run(tokens.admit(TOKEN))


def test_a_secrets_command_that_fails_once_leaves_the_tokens_of_before(open_house: Callable[..., House]) -> None:
    said = [TOKEN]
    house = open_house(said.pop)

    assert [house.call(query()).status for _ in range(2)] == [200, 200]
    assert said == []


@pytest.mark.parametrize(("status", "letter"), [("S", "S"), ("A", "A"), ("", ""), ("Q", "?"), ("-99", "?")])
def test_letters_that_nobody_has_documented_are_kept_as_such(house: House, status: str, letter: str) -> None:
    assert house.call(query(status=status)).status == 200
    assert house.known() == {ID: letter}
