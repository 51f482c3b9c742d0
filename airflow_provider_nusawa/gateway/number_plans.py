"""What the world's numbering plans say of a row of digits, by the phonenumbers library. Load it only where needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from airflow_provider_nusawa.gateway.errors import InvalidMessage, InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from phonenumbers import PhoneNumber

# Indonesia gives 08 to mobiles. The library holds no 084 until somebody issues it and the library learns of it;
# meanwhile the gateway, which knows better, may say no (-11, -13). 080 is for services.
_NEW_PREFIXES = {62: re.compile(r"84[0-9]{7,10}")}
# What Indonesians dial before a foreign country code, beside the 008 and 009 that the library knows.
_DIALLED_ABROAD = {62: ("001", "007")}
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def mobile_digits(cleaned: str, region: str) -> str:
    """Return a mobile number's digits with country code.

    :param cleaned: ASCII digits, led by a plus if they were written so.
    :param region: The country whose numbers may be written without country code.
    :raises InvalidMessage: if the digits are no mobile number, or may be two.
    """
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidSettings(
            f"default_region is {region!r}, and must be two letters such as ID", field="default_region"
        )
    readings = [_parse(written, region) for written in _writings(cleaned, region)]
    found = {phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in readings if _is_mobile(number)}
    if len(found) == 1:
        return found.pop().removeprefix("+")
    # +1 659… to one who dials 00 abroad is +65 9… to one who dials 001: rather nobody than somebody else.
    why = "can be read in two ways: write it with + and country code" if found else _why_not(readings[0])
    raise InvalidMessage(f"the number {why}", destination=cleaned)


def _writings(cleaned: str, region: str) -> Iterator[str]:
    """Yield each way in which the digits may have been meant."""
    country_code = phonenumbers.country_code_for_region(region)
    yield cleaned
    if cleaned.startswith("00"):
        yield "+" + cleaned[2:]
    if cleaned.startswith(_DIALLED_ABROAD.get(country_code, ())):
        yield "+" + cleaned[3:]
    if cleaned.startswith(str(country_code)):
        yield "+" + cleaned


def _parse(written: str, region: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return phonenumbers.PhoneNumber()  # of no country: too short or long for any, or its country does not exist


def _is_mobile(number: PhoneNumber) -> bool:
    new = _NEW_PREFIXES.get(number.country_code or 0)
    if new and new.fullmatch(str(number.national_number)):
        return True
    return phonenumbers.number_type(number) in _MOBILE


def _why_not(number: PhoneNumber) -> str:
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.FIXED_LINE:
        return f"is a landline in country +{number.country_code}, and WhatsApp needs a mobile number"
    if kind != PhoneNumberType.UNKNOWN:
        return f"is no mobile number but of the kind {PhoneNumberType.to_string(kind)}"
    if number.country_code is None:
        return "is too short, too long, or of a country code that does not exist"
    return {
        ValidationResult.TOO_SHORT: "is too short",
        ValidationResult.TOO_LONG: "is too long",
    }.get(
        phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE),
        f"is not in use in country +{number.country_code}; one of another country needs its + and country code",
    )
