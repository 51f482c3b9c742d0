"""The connection form: complete, the same on every Airflow, and telling the defaults that hold."""

from __future__ import annotations

from dataclasses import MISSING, fields
from importlib.util import find_spec
from typing import Any

import airflow
import pytest

from airflow_provider_nusawa.connection_fields import FIELD_NAMES, FIELDS, Kind
from airflow_provider_nusawa.connection_form import connection_type, form_widgets, ui_field_behaviour
from airflow_provider_nusawa.gateway.settings import Settings

STANDARD = {"login", "password", "host"}
by_field = pytest.mark.parametrize("field", FIELDS, ids=[field.name for field in FIELDS])


def setting(name: str) -> Any:
    found = next(field for field in fields(Settings) if field.name == name)
    return found.default if found.default is not MISSING else found.default_factory()  # type: ignore[misc]


def as_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value or "")


def test_the_form_asks_for_every_setting_and_nothing_else() -> None:
    assert {field.name for field in fields(Settings)} == STANDARD | FIELD_NAMES


@by_field
def test_a_field_explains_itself_and_its_default(field: Any) -> None:
    assert field.label
    assert len(field.help) > 30
    assert "Default: " in field.help
    assert field.help.endswith(".")


@by_field
def test_the_default_of_the_form_is_the_one_that_holds(field: Any) -> None:
    assert (field.default or setting(field.name)) == setting(field.name)
    if field.kind is Kind.NUMBER:
        assert f"Default: {field.default:g}." in field.help


@by_field
def test_an_empty_field_never_blocks_saving(field: Any) -> None:
    assert "null" in field.json_schema()["type"]


def test_the_port_stays_visible_and_the_password_is_airflows_own_masked_field() -> None:
    shown = connection_type()["ui-field-behaviour"]

    assert shown["hidden-fields"] == ["schema"]
    assert ui_field_behaviour()["hidden_fields"] == ["schema", "extra"]
    assert shown["relabeling"] == ui_field_behaviour()["relabeling"]
    assert shown["relabeling"]["password"] == "API password or API key"
    assert not any("password" in field.name or "key" in field.name for field in FIELDS)


@pytest.mark.skipif(not find_spec("wtforms"), reason="Airflow 3 brings no form library")
class TestWidgets:
    """What Airflow 2.11 shows, with the real form library."""

    @pytest.fixture
    def form(self) -> Any:
        import wtforms

        return type("Form", (wtforms.Form,), form_widgets())

    def test_an_empty_form_is_valid(self, form: Any) -> None:
        assert form().validate()

    def test_a_new_form_shows_the_defaults(self, form: Any) -> None:
        shown = {field.name: field.data for field in form()}

        assert shown["api_version"] == "v3"
        assert shown["total_timeout_seconds"] == "60"
        assert shown["allow_insecure_http"] is False
        assert shown["only_to"] is None

    def test_an_unknown_api_version_is_refused_by_the_form(self, form: Any) -> None:
        from werkzeug.datastructures import MultiDict

        filled = form(MultiDict({"api_version": "v2"}))

        assert not filled.validate()
        assert set(filled.errors) == {"api_version"}

    def test_every_field_has_its_label_and_help(self, form: Any) -> None:
        shown = {field.name: (field.label.text, field.description) for field in form()}

        assert shown == {field.name: (field.label, field.help) for field in FIELDS}


class TestAirflowsOwnForm:
    """What the installed Airflow's API hands to its UI."""

    @pytest.fixture
    def meta(self) -> Any:
        service = pytest.importorskip("airflow.api_fastapi.core_api.services.ui.connections")
        if airflow.__version__.startswith("3.0.") and not find_spec("flask_appbuilder"):
            pytest.skip("Airflow 3.0 shows no provider's fields without the FAB provider")
        metas = service.HookMetaService.hook_meta_data()
        return next(meta for meta in metas if meta.connection_type == "nusawa")

    def test_it_is_shown_as_nusasms_whatsapp(self, meta: Any) -> None:
        assert meta.hook_name == "NusaSMS WhatsApp"

    def test_every_field_is_shown_with_label_help_and_default(self, meta: Any) -> None:
        shown = {
            name: (field["schema"]["title"], field["description"], field["value"])
            for name, field in meta.extra_fields.items()
        }

        assert set(shown) == FIELD_NAMES
        for field in FIELDS:
            title, description, value = shown[field.name]
            assert (title, description) == (field.label, field.help)
            assert as_text(value) == as_text(field.default)

    def test_the_standard_fields_are_named_for_what_the_gateway_wants(self, meta: Any) -> None:
        shown = meta.standard_fields

        assert shown.url_schema.hidden
        assert not (shown.port and shown.port.hidden)
        assert shown.login.title == "API user"
        assert shown.host.placeholder == "https://api.nusasms.com (the default)"
