"""The test-connection button: a sentence of its own for each way to end, naming who asked, and never a secret."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from button import HOST, KEY, PASSWORD, V1, no_secret_is_ever_told, press

from airflow_provider_nusawa.connection_check import BY_CAUSE, ask_balance, hurried
from airflow_provider_nusawa.gateway.errors import Cause
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.testing import NusaWaGateway

__all__ = ["no_secret_is_ever_told", "press"]


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


def test_the_button_asks_once(nusawa_gateway: NusaWaGateway, press: Any) -> None:
    strike = nusawa_gateway.fail_next(429, times=3, retry_after=0, call="credits")

    well, sentence = press()

    assert not well
    assert "too many calls just now (HTTP 429)" in sentence
    assert strike.fired == 1


def test_every_cause_has_its_sentence() -> None:
    assert set(Cause) - set(BY_CAUSE) == {Cause.STOPPED, Cause.LATE}  # the button is never told to stop


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
