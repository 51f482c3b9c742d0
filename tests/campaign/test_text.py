"""The text's template: what a row lacks is an error and no blank, and no row is ever a template."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_nusawa.campaign.errors import TextUnfit
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.gateway.errors import InvalidMessage

ROW = {"nama": "Budi", "kota": "", "usia": 30, "Nama Lengkap": "Budi Santoso", "tamu": None, "anak": [{"nama": "Ani"}]}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        pytest.param("Halo {{ nama }}!", "Halo Budi!", id="column"),
        pytest.param("Halo {{ row['Nama Lengkap'] }}", "Halo Budi Santoso", id="column-that-is-no-word"),
        pytest.param("{{ nama }} {{ usia }} 100%", "Budi 30 100%", id="number-and-percent"),
        pytest.param("{{ nama|upper }}{% if usia > 17 %} dewasa{% endif %}", "BUDI dewasa", id="filter-and-condition"),
        pytest.param("{{ anak[0].nama }}", "Ani", id="nested"),
        pytest.param("{{ nama }}: {{ values.promo }}", "Budi: hemat", id="value"),
        pytest.param("{{ values.items }} buah", "3 buah", id="value-named-like-a-method"),
        pytest.param("{{ values.tanggal }}", "2026-05-01", id="date-as-text"),
        pytest.param("{{ '{:,.0f}'.format(values.harga|float) }}", "15,000", id="decimal-as-text"),
        pytest.param("Halo{% if kota %} di {{ kota }}{% endif %}", "Halo", id="empty-column-asked-for"),
        pytest.param("Halo{% if kota == '' %} kawan{% endif %}", "Halo kawan", id="empty-column-compared"),
        pytest.param("Halo {{ kota or 'kawan' }}", "Halo kawan", id="empty-column-or"),
        pytest.param("Halo {{ tamu | default('kawan') }}", "Halo kawan", id="nothing-has-a-default"),
        pytest.param("Halo {{ salah | default('kawan') }}", "Halo kawan", id="no-such-column-has-a-default"),
        pytest.param("Satu\n{{ nama }}\n", "Satu\nBudi", id="last-line-end"),
    ],
)
def test_a_text_is_filled(template: str, text: str) -> None:
    values = {"promo": "hemat", "items": 3, "tanggal": date(2026, 5, 1), "harga": Decimal("15000.00")}

    assert Text(template, values).render(ROW) == text


@pytest.mark.parametrize(
    ("template", "what"),
    [
        pytest.param("Halo {{ nma }}", "'nma', which the row does not have", id="no-such-column"),
        pytest.param("Halo {{ nma }} {{ nama }}", "'nma'", id="no-such-column-of-two"),
        pytest.param("{% if nma %}Halo{% endif %} hai", "'nma'", id="asked-for-a-misspelt-column"),
        pytest.param("Halo {{ kota }}", "'kota' is empty", id="empty"),
        pytest.param("Halo {{ tamu }}", "'tamu' is empty", id="nothing"),
        pytest.param("Halo {{ kota | upper }}", "'kota' is empty", id="empty-in-a-filter"),
        pytest.param("Halo {{ 'di %s' | format(kota) }}", "'kota' is empty", id="empty-in-a-format"),
        pytest.param("Halo {{ 'di {}'.format(kota) }}", "'kota' is empty", id="empty-in-a-method"),
        pytest.param("Halo {{ 'di ' ~ kota }}", "'kota' is empty", id="empty-joined"),
        pytest.param("Halo {{ values.nma }}", "'nma'", id="no-such-value"),
        pytest.param("Halo {{ values.kosong }}", "'kosong' is empty", id="empty-value"),
        pytest.param("Halo {{ anak[0].usia }}", "'usia'", id="no-such-key"),
        pytest.param("Halo {{ {'a': none}.a }}", "None", id="would-print-none"),
        pytest.param("Halo {{ nama.upper }}", "a function", id="would-print-a-function"),
        pytest.param("Halo {{ lipsum }}{{ cycler }}", "'lipsum'", id="jinjas-own-names"),
        pytest.param("Halo {{ nama + usia }}", r"\(TypeError\)", id="wrong-type"),
        pytest.param("Halo {{ nama.__class__ }}", "SecurityError", id="out-of-the-sandbox"),
        pytest.param("{{ nama|replace('Budi', ' ') }}", "the text is empty", id="empty-text"),
        pytest.param("{{ nama * 251 }}", "1004 characters", id="too-long"),
        pytest.param("{% include 'x' %}", "TypeError", id="include"),
    ],
)
def test_a_row_that_cannot_fill_the_text_says_why(template: str, what: str) -> None:
    with pytest.raises(InvalidMessage, match=what) as caught:
        Text(template, {"kosong": None}).render(ROW)

    assert "Budi" not in str(caught.value)


@pytest.mark.parametrize("template", ["Halo {{ nama", "{% if %}", "{{ nama | tidakada }}", "{% endif %}"])
def test_what_is_no_template_is_refused_at_once(template: str) -> None:
    with pytest.raises(TextUnfit, match="line 1"):
        Text(template)


@pytest.mark.parametrize("values", [{1: {(2, 3): 4}}, {"a": "\ud800"}])
def test_values_that_cannot_be_kept_are_refused(values: Any) -> None:
    with pytest.raises(TextUnfit, match="kept as JSON"):
        Text("Halo", values)


def test_a_row_of_a_thousand_characters_is_the_longest() -> None:
    assert len(Text("{{ nama }}").render({"nama": "x" * 1000})) == 1000


INJECTIONS = ["{{ 7*7 }}", "{% for x in range(9) %}", "{# x #}", "%s %(a)s %%", "{0} {nama}", "{{ values.promo }}"]


@pytest.mark.parametrize("nama", INJECTIONS)
@pytest.mark.parametrize("template", ["Halo {{ nama }}", "Halo {{ nama | trim }}", "Halo {{ row['nama'] }}"])
def test_no_row_is_a_template(nama: str, template: str) -> None:
    assert Text(template, {"promo": "x"}).render({"nama": nama}) == f"Halo {nama}"


@pytest.mark.parametrize("promo", INJECTIONS)
def test_no_value_is_a_template(promo: str) -> None:
    assert Text("{{ values.promo }} {{ nama }}", {"promo": promo}).render({"nama": "Budi"}) == f"{promo} Budi"


PIECES = st.sampled_from(
    ["Halo ", "100% ", "%s", "\n", "{{ a }}", "{{ b }}", "{{ values.c }}", "{{ values.d }}", "{{ e }}"]
)
CELLS = st.one_of(st.none(), st.integers(), st.text("a %{}é", max_size=5), st.booleans())


def outcome(text: Text, fields: dict[str, Any]) -> str:
    try:
        return text.render(fields)
    except InvalidMessage as error:
        return f"! {error.what}"


@given(st.lists(PIECES, max_size=6), st.dictionaries(st.sampled_from("abf"), CELLS), CELLS)
def test_the_quick_way_is_jinjas_way(pieces: list[str], fields: dict[str, Any], value: Any) -> None:
    template = "".join(pieces)
    # A condition that always holds keeps the quick way out.
    slow = Text("{% if true %}" + template.removesuffix("\n") + "{% endif %}", {"c": value})

    assert outcome(Text(template, {"c": value}), fields) == outcome(slow, fields)
