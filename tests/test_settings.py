"""Settings: where the password may go, and that it never shows itself."""

from __future__ import annotations

import copy
import pickle

import pytest

from airflow_provider_nusawa.gateway.errors import InvalidSettings
from airflow_provider_nusawa.gateway.settings import DEFAULT_HOST, Secret, Settings, is_loopback


@pytest.mark.parametrize(
    "host",
    [
        pytest.param(DEFAULT_HOST, id="default"),
        pytest.param("https://proxy.example:8443/nusasms", id="port-and-path"),
        pytest.param("http://localhost:8025", id="localhost"),
        pytest.param("http://127.0.0.1:8025", id="loopback"),
        pytest.param("http://[::1]:8025", id="loopback-6"),
        pytest.param("http://gateway.localhost", id="below-localhost"),
    ],
)
def test_a_host_that_may_have_the_password(host: str) -> None:
    assert Settings(host=host).host == host


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("api.nusasms.com", id="no-scheme"),
        pytest.param("ftp://api.nusasms.com", id="ftp"),
        pytest.param("https://", id="no-name"),
        pytest.param("https://[::1", id="half-an-address"),
        pytest.param("https://budi:pw@api.nusasms.com", id="login-inside"),
        pytest.param("https://api.nusasms.com/?a=b", id="query"),
        pytest.param("http://api.nusasms.com", id="plain-http"),
        pytest.param("http://10.0.0.1", id="plain-http-to-a-private-address"),
        pytest.param("http://127.0.0.1.evil.example", id="looks-like-loopback"),
        pytest.param("http://localhost.evil.example", id="looks-like-localhost"),
    ],
)
def test_a_host_that_may_not_have_the_password(host: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings(host=host)

    assert caught.value.field == "host"
    assert "pw" not in str(caught.value)


def test_plain_http_is_allowed_where_the_connection_says_so() -> None:
    assert Settings(host="http://10.0.0.1", allow_insecure_http=True).host == "http://10.0.0.1"


def test_an_account_is_its_host_and_its_login() -> None:
    assert Settings(login="budi").account == "https://api.nusasms.com|budi"


@pytest.mark.parametrize("host", ["0.0.0.0", "8.8.8.8", "", "loopback"])
def test_what_is_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


def test_a_secret_shows_itself_on_request_only() -> None:
    secret = Secret("s3cret")
    settings = Settings(password=secret, only_to=frozenset({"6281234567890"}), redirect_to="6281234567890")

    assert secret.reveal() == "s3cret"
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>30}", repr(settings)):
        assert "s3cret" not in shown
        assert "6281234567890" not in shown


def test_a_secret_is_a_value() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != "a"
    assert (bool(Secret("a")), bool(Secret(""))) == (True, False)
    assert copy.deepcopy(Secret("a")) == pickle.loads(pickle.dumps(Secret("a"))) == Secret("a")
