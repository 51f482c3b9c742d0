"""Phone numbers: what people type, what the gateway takes, and what is refused with which reason."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_nusawa.gateway.errors import InvalidMessage, InvalidSettings
from airflow_provider_nusawa.gateway.numbers import _COMMON, _by_library, normalise_number

SPACING = st.sampled_from(
    ["", "", "", " ", "-", "\N{NO-BREAK SPACE}", ". ", "\N{NON-BREAKING HYPHEN}", "(", ")", "\u200e"]
)
WIDE = {ord(char): ord(char) + 0xFEE0 for char in "0123456789+()."}


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("0812-3456-7890", id="dashes"),
        pytest.param("+62 812 3456 7890", id="plus"),
        pytest.param("6281234567890", id="country-code"),
        pytest.param(6281234567890, id="int"),
        pytest.param(81234567890, id="int-without-zero"),
        pytest.param("81234567890", id="without-zero"),
        pytest.param("(0812) 3456 7890", id="parentheses"),
        pytest.param("+62 (0)812 3456 7890", id="country-code-and-zero"),
        pytest.param("00 62 812 3456 7890", id="double-zero"),
        pytest.param("0812.3456.7890", id="dots"),
        pytest.param("0812\N{NO-BREAK SPACE}3456\N{NO-BREAK SPACE}7890", id="nbsp"),
        pytest.param("081234567890".translate(WIDE), id="full-width"),
        pytest.param("+62(812)3456.7890".translate(WIDE), id="full-width-signs"),
        pytest.param("\u202a+62 812\u20113456\u20117890\u202c", id="pasted-from-contacts"),
        pytest.param("  0812\t34567890\r\n", id="ends-of-a-line"),
    ],
)
def test_what_indonesians_type_becomes_what_the_gateway_takes(written: str | int) -> None:
    assert normalise_number(written) == "6281234567890"


@pytest.mark.parametrize(
    ("written", "region", "digits"),
    [
        pytest.param("62812345678", "ID", "62812345678", id="nine-digits-look-like-a-landline-of-nine-digits-more"),
        pytest.param("+65 8123 4567", "ID", "6581234567", id="abroad"),
        pytest.param("+1 202-555-0123", "ID", "12025550123", id="either-landline-or-mobile"),
        pytest.param("001 65 8123 4567", "ID", "6581234567", id="abroad-as-dialled-from-indonesia"),
        pytest.param("8123 4567", "SG", "6581234567", id="national-in-another-region"),
        pytest.param("8123 4567", "sg", "6581234567", id="region-in-lower-case"),
        pytest.param("6581234567", "SG", "6581234567", id="country-code-in-another-region"),
        pytest.param("0812 3456 7890", "id", "6281234567890", id="indonesia-in-lower-case"),
        pytest.param("+62 812 3456 7890", "SG", "6281234567890", id="indonesian-from-another-region"),
        pytest.param("0841 234 5678", "ID", "628412345678", id="a-prefix-that-the-library-does-not-know"),
        pytest.param("+39 312 345 6789", "ID", "393123456789", id="italy"),
    ],
)
def test_a_number_is_read_in_its_country(written: str, region: str, digits: str) -> None:
    assert normalise_number(written, region) == digits


@pytest.mark.parametrize(
    ("written", "why"),
    [
        pytest.param("021 555 1234", "is a landline in country +62", id="landline"),
        pytest.param("0812345", "is too short", id="too-short"),
        pytest.param("0841 2345 6", "is too short", id="too-short-for-a-new-prefix"),
        pytest.param("112", "is too short", id="emergency"),
        pytest.param("081234567890123", "is too long", id="too-long"),
        pytest.param("9" * 300, "is too short, too long, or", id="far-too-long"),
        pytest.param("+999 1234 5678", "of a country code that does not exist", id="no-such-country"),
        pytest.param("0804 123 4567", "but of the kind SHARED_COST", id="service"),
        pytest.param("0800 123 45678", "is not in use in country +62", id="not-in-use"),
        pytest.param("001 65 9623 4567", "can be read in two ways", id="singapore-or-alabama"),
        pytest.param("0812 3456 789O", "holds the letter 'O'", id="letter"),
        pytest.param("0812\N{SUPERSCRIPT TWO}345678", "holds the character '²'", id="superscript"),
        pytest.param("0812+34567890", "a + that does not lead it", id="plus-inside"),
        pytest.param("++6281234567890", "a + that does not lead it", id="two-plusses"),
        pytest.param("081234567890,081234567891", "as if it were several", id="comma"),
        pytest.param("081234567890\n081234567891", "as if it were several", id="newline"),
        pytest.param("0812345678/9", "as if it were several", id="slash"),
        pytest.param("6281234567890.0", "read its column as text", id="float-of-a-table"),
        pytest.param("---", "holds no digits", id="no-digits"),
        pytest.param("", "is empty", id="empty"),
        pytest.param(" \N{NO-BREAK SPACE}", "is empty", id="blank"),
        pytest.param("\u200b", "holds no digits", id="invisible"),
        pytest.param(None, "is missing", id="none"),
        pytest.param(True, "of type bool", id="bool"),
        pytest.param(6281234567890.0, "of type float", id="float"),
        pytest.param(["0812"], "of type list", id="list"),
        pytest.param(0, "without sense", id="zero"),
        pytest.param(-6281234567890, "without sense", id="negative"),
        pytest.param(10**5000, "without sense", id="more-digits-than-python-prints"),
    ],
)
def test_what_cannot_be_messaged_is_refused_and_says_why(written: Any, why: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        normalise_number(written)

    assert why in str(caught.value)


def test_a_refusal_shows_four_digits_and_no_more() -> None:
    with pytest.raises(InvalidMessage) as caught:
        normalise_number("0812-3456-789O12")

    assert "(recipient …8912)" in str(caught.value)
    assert "3456" not in str(caught.value)


def test_a_region_that_does_not_exist_is_the_connections_fault() -> None:
    with pytest.raises(InvalidSettings, match="'XX'") as caught:
        normalise_number("0812 3456 7890", "XX")

    assert caught.value.field == "default_region"


@given(st.from_regex(_COMMON, fullmatch=True))
@example("62812345678")
@example("+62812345678")
@example("812345678")
@example("0899123456789")
def test_the_fast_path_answers_as_the_library_does(written: str) -> None:
    assert normalise_number(written) == _by_library(written, "ID")


@given(st.from_regex(r"(\+?62|0)?8[0-9]{6,14}", fullmatch=True), st.data())
def test_spacing_and_width_never_change_a_number(written: str, data: st.DataObject) -> None:
    spaced = "".join(char + data.draw(SPACING) for char in written.translate(WIDE))

    assert _result(spaced) == _result(written)


@given(st.text(max_size=30) | st.text("+0123456789 -().", max_size=25))
def test_any_text_becomes_digits_or_a_reason(written: str) -> None:
    result = _result(written)

    assert result is None or (result.isascii() and result.isdecimal() and 7 <= len(result) <= 15)


@given(st.from_regex(_COMMON, fullmatch=True))
def test_a_number_once_made_stays_as_it_is(written: str) -> None:
    number = normalise_number(written)

    assert normalise_number(number) == normalise_number(int(number)) == number


@pytest.mark.parametrize("region", ["ID", "SG", "MY", "US", "GB", "IN", "IT", "BR", "AR", "MX"])
def test_the_library_s_own_example_of_each_country_is_taken(region: str) -> None:
    sample = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    e164 = phonenumbers.format_number(sample, phonenumbers.PhoneNumberFormat.E164)

    assert normalise_number(e164) == normalise_number(e164, region) == e164.removeprefix("+")


def test_common_numbers_are_read_without_loading_the_library() -> None:
    code = (
        "import sys; from airflow_provider_nusawa.gateway.numbers import normalise_number as n; "
        "n('0812-3456-7890'); sys.exit('phonenumbers' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _result(written: str) -> str | None:
    try:
        return normalise_number(written)
    except InvalidMessage:
        return None
