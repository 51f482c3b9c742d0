"""The test-connection button: a sentence of its own for each way to end, naming who asked, and never a secret."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from airflow_provider_nusawa.connection_check import BY_CAUSE, ask_balance, hurried
from airflow_provider_nusawa.gateway.errors import Cause
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.testing import NusaWaGateway

PASSWORD = "p@ss w&rd/1"
HOST = socket.gethostname()


@pytest.fixture(autouse=True)
def no_secret_is_ever_told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    told: list[str] = []
    yield told
    for spelling in {PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), quote_plus(PASSWORD), "demo-password"}:
        assert spelling not in "".join(told)


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch, no_secret_is_ever_told: list[str]) -> Any:
    """Press the button on a connection with these fields; without any, on the one that is set already."""

    def pressed(**fields: Any) -> tuple[bool, str]:
        if fields:
            value = {"conn_type": "nusawa", "login": "budi", "password": PASSWORD, **fields}
            monkeypatch.setenv("AIRFLOW_CONN_NUSAWA_DEFAULT", json.dumps(value))
        well, sentence = NusaWaHook().test_connection()
        no_secret_is_ever_told.append(sentence)
        return well, sentence

    return pressed


@contextmanager
def stranger(status: int, body: bytes = b"", **headers: str) -> Iterator[str]:
    """A server that is not the gateway; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_good_connection_tells_balance_and_expiry(nusawa_gateway: NusaWaGateway, press: Any) -> None:
    nusawa_gateway.backend.account.balance = 1500

    well, sentence = press()

    assert well
    assert sentence.startswith("The account has 1500 credits, to be used until 2099-12-31.")
    assert sentence.endswith(f" Asked by {HOST} at {nusawa_gateway.url}.")


def test_a_good_connection_without_expiry_says_so(nusawa_gateway: NusaWaGateway, press: Any) -> None:
    nusawa_gateway.backend.account.expires = None

    well, sentence = press()

    assert well
    assert "no expiry was told" in sentence


def test_a_balance_that_cannot_be_used_is_not_well(nusawa_gateway: NusaWaGateway, press: Any) -> None:
    nusawa_gateway.backend.account.expires = date(2020, 12, 31)
    expired = press()
    nusawa_gateway.backend.account.balance = 0
    empty = press()

    assert (expired[0], empty[0]) == (False, False)
    assert "its balance expired on 2020-12-31" in expired[1]
    assert "the account has no credits" in empty[1]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        pytest.param(-5, "does not accept this login and password (-5)", id="login"),
        pytest.param(-7, "the balance has expired (-7)", id="expired"),
        pytest.param(-2, "the account has no credits (-2)", id="no-credits"),
        pytest.param(-40, "white list", id="ip"),
        pytest.param(-34, "-34 SENDER_NOT_ALLOWED", id="another-code"),
        pytest.param(-99, "-99 GENERAL_ERROR", id="transient"),
        pytest.param(-1234, "-1234", id="unlisted"),
    ],
)
def test_a_refusal_says_what_to_mend(code: int, says: str, nusawa_gateway: NusaWaGateway, press: Any) -> None:
    nusawa_gateway.fail_next(code, call="credits")

    well, sentence = press()

    assert not well
    assert says in sentence
    assert sentence.endswith(f" Asked by {HOST} at {nusawa_gateway.url}.")


def test_a_wrong_password_and_a_foreign_address_are_told_by_the_gateway(
    nusawa_gateway: NusaWaGateway, press: Any
) -> None:
    wrong_login = press(host=nusawa_gateway.url)
    nusawa_gateway.backend.account.allowed_ips = frozenset({"10.9.9.9"})
    nusawa_gateway.use()
    foreign = press()

    assert "(-5)" in wrong_login[1]
    assert "(-40)" in foreign[1]


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        pytest.param(401, b"", "does not accept this login (HTTP 401)", id="401"),
        pytest.param(403, b"", "white list", id="403"),
        pytest.param(404, b"", "no gateway at this address", id="404"),
        pytest.param(407, b"", "proxy wants a login", id="407"),
        pytest.param(302, b"", "redirect", id="redirect"),
        pytest.param(503, b"", "HTTP 5xx", id="503"),
        pytest.param(200, b"<html><h1>It works!</h1></html>", "not the gateway", id="html"),
        pytest.param(200, b'{"ok": true}', "not the gateway", id="json-of-another"),
        pytest.param(200, b"x" * 1_100_000, "not the gateway", id="huge"),
        pytest.param(200, b'{"results": [{"status": "-5"}]}', "(-5)", id="wrong-login"),
        pytest.param(403, b'{"results": [{"status": "-34"}]}', "-34 SENDER_NOT_ALLOWED", id="code-over-http-status"),
    ],
)
def test_an_answer_of_somebody_else_is_told_apart(status: int, body: bytes, says: str, press: Any) -> None:
    with stranger(status, body, Location="https://elsewhere.example/") as url:
        well, sentence = press(host=url)

    assert not well
    assert says in sentence
    assert f"Asked by {HOST} at {url}." in sentence
    assert "It works" not in sentence


def test_a_closed_port_is_told(press: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))

        well, sentence = press(host=f"http://127.0.0.1:{closed.getsockname()[1]}")

    assert not well
    assert "refused" in sentence


def test_an_unknown_name_is_told(press: Any) -> None:
    well, sentence = press(host="https://gateway.invalid")

    assert not well
    assert "name cannot be resolved" in sentence


def test_a_silent_host_is_told(press: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"

        well, sentence = press(host=url, extra={"read_timeout_seconds": 0.2, "connect_timeout_seconds": 0.2})

    assert not well
    assert "did not answer in time" in sentence


def test_tls_to_a_host_without_it_is_told(press: Any) -> None:
    with stranger(200) as url:
        well, sentence = press(host=url.replace("http:", "https:"))

    assert not well
    assert "TLS handshake failed" in sentence


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"host": "http://10.0.0.1"}, "plain http to 10.0.0.1", id="plain-http"),
        pytest.param({"login": ""}, "login is empty", id="no-login"),
        pytest.param({"password": ""}, "password is empty", id="no-password"),
        pytest.param({"extra": {"api_version": PASSWORD}}, "api_version is '***'", id="password-in-a-field"),
        pytest.param({"host": f"https://budi:{PASSWORD}@x"}, "not shown here", id="password-in-host"),
    ],
)
def test_a_bad_setting_is_named_before_anything_is_asked(fields: dict[str, Any], says: str, press: Any) -> None:
    well, sentence = press(**fields)

    assert not well
    assert sentence.startswith("Mend the connection: ")
    assert says in sentence
    assert sentence.endswith(f" Asked by {HOST}.")


def test_a_certificate_file_without_certificates_is_told(press: Any, tmp_path: Path) -> None:
    bundle = tmp_path / "empty.pem"
    bundle.write_text("")

    with stranger(200) as url:
        well, sentence = press(host=url.replace("http:", "https:"), extra={"ca_bundle": str(bundle)})

    assert not well
    assert "ca_bundle" in sentence


def test_a_connection_that_is_not_there_is_told() -> None:
    well, sentence = NusaWaHook("nowhere").test_connection()

    assert (well, sentence) == (False, f"There is no such connection; save it first. Asked by {HOST}.")


def test_an_error_of_no_kind_of_ours_shows_no_more_than_its_name() -> None:
    def read_settings() -> Settings:
        raise OSError(f"cannot open https://x/?password={PASSWORD}")

    well, sentence = ask_balance(read_settings)

    assert not well
    assert sentence == f"The test itself failed with OSError, of which no more can be shown here. Asked by {HOST}."


@pytest.mark.parametrize(("usual", "here"), [(60.0, 20.0), (5.0, 5.0)])
def test_the_button_is_answered_before_a_browser_gives_up(usual: float, here: float) -> None:
    assert hurried(Settings(total_timeout_seconds=usual)).total_timeout_seconds == here


def test_every_cause_has_its_sentence() -> None:
    assert set(Cause) - set(BY_CAUSE) == {Cause.STOPPED, Cause.LATE}  # the button is never told to stop


KEY = "00112233445566778899aabbccddeeff"
V1 = {"api_version": "v1"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param(
            {"login": "demo", "password": KEY},
            ["(-5)", "looks like an API key: set api_version to v1"],
            id="key-with-v3",
        ),
        pytest.param(
            {"login": "demo", "password": "sandi-salah"},
            ["(-5)", "login and password are those of the API user"],
            id="wrong-password-with-v3",
        ),
        pytest.param(
            {"login": "demo", "password": "demo-password", "extra": V1},
            ["HTTP 401", "does not look like one", "would need api_version v3"],
            id="password-with-v1",
        ),
        pytest.param(
            {"password": "dua kata", "extra": V1},
            ["must hold the API key, without spaces", "would need api_version v3"],
            id="password-with-a-space-with-v1",
        ),
        pytest.param(
            {"password": KEY[::-1], "extra": V1},
            ["HTTP 401", "looks like an API key", "still valid"],
            id="wrong-key-with-v1",
        ),
        pytest.param({"password": "", "extra": V1}, ["v1 wants the API key there"], id="no-key-with-v1"),
    ],
)
def test_key_and_password_that_are_mixed_up_are_told_apart(
    nusawa_gateway: NusaWaGateway, press: Any, fields: dict[str, Any], says: list[str]
) -> None:
    well, sentence = press(host=nusawa_gateway.url, **fields)

    assert not well
    assert [piece for piece in says if piece not in sentence] == []
    assert not [secret for secret in (KEY, KEY[::-1], "sandi-salah", "dua kata") if secret in sentence]


def test_v1_has_its_key_checked_before_the_balance_is_asked(nusawa_gateway: NusaWaGateway, press: Any) -> None:
    nusawa_gateway.use(**V1)

    well, sentence = press()

    assert well, sentence
    assert [request.call for request in nusawa_gateway.requests] == ["check", "credits"]


def test_a_caller_whose_address_is_not_on_the_white_list_is_told_so_by_both(
    nusawa_gateway: NusaWaGateway, press: Any
) -> None:
    nusawa_gateway.backend.account.allowed_ips = frozenset({"10.9.9.9"})
    for extra in ({}, V1):
        nusawa_gateway.use(**extra)
        well, sentence = press()

        assert not well
        assert "public IP address put on the account's white list" in sentence


@pytest.mark.parametrize("words", ["Client IP Address Not In White List", "IP not whitelisted"])
def test_an_address_that_is_refused_in_words_is_told_so_too(press: Any, words: str) -> None:
    body = json.dumps({"error": True, "message": words, "description": None}).encode()
    with stranger(200, body) as url:
        well, sentence = press(host=url, password=KEY, extra=V1)

    assert not well
    assert "This machine's IP address is not on the account's white list" in sentence
    assert HOST in sentence
