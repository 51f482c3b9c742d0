"""The gateway's vocabulary, against the vendor's printed table, and the rule that a status never goes back."""

from __future__ import annotations

import itertools
import re

import pytest
from samples import DATA

from airflow_provider_nusawa.gateway.codes import ACCEPTED, CODES, DeliveryStatus, code_of, later_status
from airflow_provider_nusawa.gateway.errors import Scope

PRINTED = {
    int(number): name
    for name, number in re.findall(r"^([A-Z_ ]+) (-?\d+) ", (DATA / "vendor_codes.txt").read_text(), re.MULTILINE)
}
D, R, F, A, S, NONE = (DeliveryStatus.of(letter) for letter in ("D", "R", "F", "A", "S", ""))
OTHER = DeliveryStatus.OTHER


def test_every_printed_code_is_in_the_table() -> None:
    assert len(PRINTED) == 24
    assert set(PRINTED) - {ACCEPTED} == set(CODES) - {-9}  # -9 is known from client code only


@pytest.mark.parametrize("number", [number for number in PRINTED if number != ACCEPTED])
def test_a_code_bears_its_printed_name(number: int) -> None:
    assert PRINTED[number].replace(" ", "_").startswith(CODES[number].name)
    assert CODES[number].number == number


@pytest.mark.parametrize(
    ("scope", "numbers"),
    [
        pytest.param(Scope.ACCOUNT, {-2, -5, -7, -34, -40}, id="account"),
        pytest.param(Scope.RECIPIENT, {-3, -6, -9, -11, -13, -77, -78, -88}, id="recipient"),
        pytest.param(Scope.MESSAGE, {-10, -12, -22, -27, -28, -30, -33}, id="message"),
        pytest.param(Scope.TRANSIENT, {-1, -23, -26, -99}, id="transient"),
        pytest.param(Scope.UNLISTED, set(), id="unlisted"),
    ],
)
def test_a_code_says_whom_it_concerns(scope: Scope, numbers: set[int]) -> None:
    assert {number for number, code in CODES.items() if code.scope is scope} == numbers


def test_a_code_that_the_table_lacks_is_a_refusal_all_the_same() -> None:
    code = code_of(-12345)

    assert (code.number, code.scope, code.taken) == (-12345, Scope.UNLISTED, False)


def test_no_error_code_means_taken() -> None:
    assert not any(code.taken for code in CODES.values())


@pytest.mark.parametrize("code", CODES.values(), ids=str)
def test_a_meaning_fits_into_the_middle_of_a_sentence(code: object) -> None:
    meaning = getattr(code, "meaning")  # noqa: B009

    assert meaning
    assert not meaning.endswith(".")


@pytest.mark.parametrize(
    ("status", "delivered", "failed"),
    [
        pytest.param(NONE, False, False, id="none"),
        pytest.param(S, False, False, id="sent"),
        pytest.param(D, True, False, id="delivered"),
        pytest.param(R, True, False, id="read"),
        pytest.param(F, False, True, id="failed"),
        pytest.param(A, False, True, id="aborted"),
        pytest.param(OTHER, False, False, id="other"),
    ],
)
def test_a_letter_says_delivered_failed_or_pending(status: DeliveryStatus, delivered: bool, failed: bool) -> None:
    assert (status.is_delivered, status.is_failed, status.is_final) == (delivered, failed, delivered or failed)


@pytest.mark.parametrize(("raw", "status"), [(" d ", D), ("?", OTHER), ("DELIVERED", OTHER), ("  ", NONE)])
def test_a_letter_is_read_leniently_and_a_word_is_not_a_letter(raw: str, status: DeliveryStatus) -> None:
    assert DeliveryStatus.of(raw) is status


@pytest.mark.parametrize(
    ("known", "told", "then"),
    [
        pytest.param(D, S, D, id="delivered-before-sent"),
        pytest.param(R, D, R, id="read-before-delivered"),
        pytest.param(F, S, F, id="a-failure-is-not-taken-back-by-sent"),
        pytest.param(F, D, D, id="a-failure-is-taken-back-by-delivered"),
        pytest.param(D, F, D, id="delivered-stays-delivered"),
        pytest.param(F, A, F, id="the-first-failure-stays"),
        pytest.param(S, OTHER, S, id="an-unknown-letter-takes-nothing-away"),
        pytest.param(NONE, OTHER, OTHER, id="an-unknown-letter-is-more-than-nothing"),
    ],
)
def test_a_status_never_goes_back(known: DeliveryStatus, told: DeliveryStatus, then: DeliveryStatus) -> None:
    assert later_status(known, told) is then


def test_reports_in_any_order_end_the_same() -> None:
    for told in itertools.permutations([S, D, R, F]):
        known = NONE
        for status in told:
            known = later_status(known, status)
        assert known is R
