"""Forms are written as the standard library writes them, whatever is in the text."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_nusawa.gateway.forms import encode_form


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("Halo, dunia: ½ 👋 & = + % ~ * / \n\t")
@example("")
def test_a_form_is_written_as_urlencode_would(text: str) -> None:
    form = {"GSM": "62811", "text": text, "output": "json"}

    body = encode_form(form)

    assert body == urlencode(form).encode("ascii")
    assert dict(parse_qsl(body.decode("ascii"), keep_blank_values=True)) == form


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode_form({"text": "\ud83d"})
