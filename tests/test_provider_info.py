"""The provider's metadata: valid by the installed Airflow's own schemas, and true."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import pkgutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager

import airflow_provider_nusawa
from airflow_provider_nusawa.connection_fields import FIELD_NAMES
from airflow_provider_nusawa.get_provider_info import get_provider_info
from airflow_provider_nusawa.hooks import NusaWaHook

INFO = get_provider_info()
AIRFLOW = Path(airflow.__file__).parent
ROOT = Path(__file__).parent.parent
MODULES = [module for key in ("operators", "sensors", "hooks", "triggers") for module in INFO[key][0]["python-modules"]]
CLASSES = [
    *INFO["notifications"],
    *INFO["extra-links"],
    *(kind["hook-class-name"] for kind in INFO["connection-types"]),
]


def schema(name: str) -> Any:
    return json.loads((AIRFLOW / name).read_text())


def test_it_fits_the_schema_that_airflow_reads_it_by() -> None:
    jsonschema.validate(INFO, schema("provider_info.schema.json"))


@pytest.mark.skipif(not (AIRFLOW / "provider.yaml.schema.json").exists(), reason="this Airflow lacks it")
@pytest.mark.parametrize("key", sorted(INFO))
def test_each_part_fits_the_schema_that_apaches_own_providers_are_written_by(key: str) -> None:
    written_by = schema("provider.yaml.schema.json")
    if key == "connection-types" and "conn-fields" not in json.dumps(written_by):
        pytest.skip("before Airflow 3.2")
    if key not in written_by["properties"]:
        pytest.skip("before Airflow 3")

    jsonschema.validate(INFO[key], {**written_by["properties"][key], "definitions": written_by.get("definitions", {})})


def test_the_form_of_old_fits_its_schema() -> None:
    jsonschema.validate(NusaWaHook.get_ui_field_behaviour(), schema("customized_form_field_behaviours.schema.json"))


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(INFO)) == INFO


@pytest.mark.parametrize("name", MODULES)
def test_every_module_named_is_there(name: str) -> None:
    assert importlib.import_module(name).__doc__


@pytest.mark.parametrize("path", CLASSES)
def test_every_class_named_is_there(path: str) -> None:
    module, name = path.rsplit(".", 1)

    assert isinstance(getattr(importlib.import_module(module), name), type)


def test_every_room_that_dags_import_from_is_named() -> None:
    rooms = {module.name for module in pkgutil.iter_modules(airflow_provider_nusawa.__path__)}
    told = {name.removeprefix("airflow_provider_nusawa.") for name in MODULES}

    assert rooms & {"operators", "sensors", "hooks", "triggers", "transfers"} == told


def test_guides_and_logo_are_there() -> None:
    integration = INFO["integrations"][0]

    assert [
        path for path in [*integration["how-to-guide"], integration["logo"]] if not (ROOT / path.lstrip("/")).is_file()
    ] == []


def test_all_parts_belong_to_the_one_integration() -> None:
    (integration,) = INFO["integrations"]
    parts = [part for key in ("operators", "sensors", "hooks", "triggers") for part in INFO[key]]

    assert {part["integration-name"] for part in parts} == {integration["integration-name"]} == {INFO["name"]}


def test_the_name_is_the_distributions_own() -> None:
    # Airflow refuses all providers of a machine if one is misnamed.
    assert importlib.metadata.metadata(INFO["package-name"])["Name"] == INFO["package-name"]


def test_the_plugin_is_left_to_its_entry_point() -> None:
    assert "plugins" not in INFO


def test_airflow_discovers_the_provider_and_its_hook() -> None:
    manager = ProvidersManager()

    assert INFO["package-name"] in manager.providers
    hook: Any = manager.hooks["nusawa"]
    assert hook.hook_class_name == INFO["connection-types"][0]["hook-class-name"]
    assert hook.hook_name == NusaWaHook.hook_name == "NusaSMS WhatsApp"
    assert NusaWaHook.conn_type == INFO["connection-types"][0]["connection-type"]
    assert hook.connection_id_attribute_name == NusaWaHook.conn_name_attr


@pytest.mark.skipif(not find_spec("flask_appbuilder"), reason="test_connection_form asks this of Airflow 3")
def test_airflow_2_knows_every_field_of_the_connection() -> None:
    widgets = ProvidersManager().connection_form_widgets

    assert {name.split("__")[2] for name in widgets if name.startswith("extra__nusawa__")} == FIELD_NAMES
