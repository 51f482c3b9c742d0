"""The connection form, from the one field table: as metadata for Airflow 3.2 and later, as widgets for those before."""

from __future__ import annotations

from typing import Any

from airflow_provider_nusawa.connection_fields import FIELDS, Field, Kind

CONN_TYPE = "nusawa"
HOOK_NAME = "NusaSMS WhatsApp"

# Port stays visible, and says what for: Airflow 3.3.1 and 3.3.2 answer "Bad Request" when a connection is tested that
# was saved without one.
HIDDEN = ["schema"]
RELABELLED = {"host": "Gateway URL", "login": "API user", "password": "API password or API key"}
PLACEHOLDERS = {
    "host": "https://api.nusasms.com (the default)",
    "login": "your NusaSMS API user; for v1, any name for the account",
    "password": "v3: the API password; v1: the API key",
    "port": "443, or the URL's own: Airflow 3.3 tests no connection without",
}


def connection_type() -> dict[str, Any]:
    """The connection type for ``get_provider_info``: all that Airflow 3.2 and later show."""
    return {
        "connection-type": CONN_TYPE,
        "hook-class-name": "airflow_provider_nusawa.hooks.NusaWaHook",
        "hook-name": HOOK_NAME,
        "ui-field-behaviour": {
            "hidden-fields": list(HIDDEN),
            "relabeling": dict(RELABELLED),
            "placeholders": dict(PLACEHOLDERS),
        },
        "conn-fields": {
            field.name: {"label": field.label, "description": field.help, "schema": field.json_schema()}
            for field in FIELDS
        },
    }


def ui_field_behaviour() -> dict[str, Any]:
    """The standard fields for Airflow up to 3.1, which spells the keys otherwise."""
    return {
        "hidden_fields": [*HIDDEN, "extra"],
        "relabeling": dict(RELABELLED),
        "placeholders": dict(PLACEHOLDERS),
    }


def form_widgets() -> dict[str, Any]:
    """The extras as form fields for Airflow up to 3.1.

    Only text and boolean fields: 3.0 and 3.1 stand in for the form library, and know few others.
    """
    return {field.name: _widget(field) for field in FIELDS}


def _widget(field: Field) -> Any:
    from flask_appbuilder.fieldwidgets import BS3TextAreaFieldWidget, BS3TextFieldWidget
    from wtforms import BooleanField, StringField
    from wtforms.validators import Optional, any_of

    if field.kind is Kind.FLAG:
        return BooleanField(field.label, description=field.help, default=field.default)
    default = f"{field.default:g}" if field.kind is Kind.NUMBER else field.default
    rules = [Optional()]
    if field.kind is Kind.CHOICE:
        rules.append(any_of([value for value, _ in field.choices]))
    widget = BS3TextAreaFieldWidget() if field.several_lines else BS3TextFieldWidget()
    return StringField(field.label, validators=rules, description=field.help, default=default or None, widget=widget)
