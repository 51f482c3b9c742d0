"""The test-connection button at an address where no gateway answers, or somebody else."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from button import HOST, KEY, V1, no_secret_is_ever_told, press, stranger

__all__ = ["no_secret_is_ever_told", "press"]


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


def test_a_certificate_file_without_certificates_is_told(press: Any, tmp_path: Path) -> None:
    bundle = tmp_path / "empty.pem"
    bundle.write_text("")

    with stranger(200) as url:
        well, sentence = press(host=url.replace("http:", "https:"), extra={"ca_bundle": str(bundle)})

    assert not well
    assert "ca_bundle" in sentence


@pytest.mark.parametrize("status", [200, 400])
def test_a_password_that_the_answer_repeats_is_not_shown(press: Any, status: int) -> None:
    body = json.dumps({"error": True, "message": "API key rahasia-2026 is not valid"}).encode()
    with stranger(status, body) as url:
        well, sentence = press(host=url, password="rahasia-2026", extra=V1)

    assert not well
    assert '"API key *** is not valid"' in sentence
    assert "rahasia" not in sentence


@pytest.mark.parametrize("status", [200, 401, 403])
@pytest.mark.parametrize("words", ["Client IP Address Not In White List", "Your IP is not whitelisted"])
def test_an_address_that_is_refused_in_words_is_told_so_too(press: Any, words: str, status: int) -> None:
    body = json.dumps({"error": True, "message": words, "description": None}).encode()
    with stranger(status, body) as url:
        well, sentence = press(host=url, password=KEY, extra=V1)

    assert not well
    assert sentence.startswith("NusaSMS does not accept requests from this machine; have this machine's public IP")
    assert "put on the account's white list" in sentence
    assert HOST in sentence
