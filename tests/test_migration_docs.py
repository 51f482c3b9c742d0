"""docs/migrate-to-v1.md: its commands are run, and each place that it names to correct something exists."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest

from airflow_provider_nusawa.gateway.__main__ import main
from airflow_provider_nusawa.gateway.expectations import EXPECTED

PAGE = (Path(__file__).parent.parent / "docs" / "migrate-to-v1.md").read_text(encoding="utf-8")
IN_PAGE = re.findall(r"`gateway/(\w+)\.py: (\w+)`", PAGE)
IN_REPORT = [tuple(field.mend.split(".py: ")) for fields in EXPECTED.values() for field in fields]


@pytest.mark.parametrize(("module", "name"), sorted({*IN_PAGE, *IN_REPORT}))
def test_there_is_a_place_to_correct_an_assumption(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(f"airflow_provider_nusawa.gateway.{module}"), name)


def test_the_page_names_places() -> None:
    assert len(IN_PAGE) > 12


def test_the_checks_of_the_page_find_all_as_expected(nusawa_gateway, monkeypatch, capsys) -> None:
    nusawa_gateway.use("nusawa_v1", api_version="v1")
    nusawa_gateway.backend.rules.step_seconds = 0.5
    commands = re.findall(r"\$ python -m airflow_provider_nusawa\.gateway (.*)", PAGE)

    assert [main(shlex.split(command)) for command in commands] == [0, 0], capsys.readouterr().out
    assert [message.number for message in nusawa_gateway.messages] == ["6281234567890"]
