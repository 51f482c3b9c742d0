"""docs/migrate-to-v1.md: its commands are run, each place that it names exists, and it names all that is assumed."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import airflow_provider_nusawa
from airflow_provider_nusawa.gateway.__main__ import main
from airflow_provider_nusawa.gateway.expectations import EXPECTED

PAGE = (Path(__file__).parent.parent / "docs" / "migrate-to-v1.md").read_text(encoding="utf-8")
ROOT = Path(airflow_provider_nusawa.__file__).parent
IN_PAGE = re.findall(r"`(\w+/\w+)\.py: (\w+)`", PAGE)
IN_REPORT = [tuple(f"gateway/{field.mend}".split(".py: ")) for fields in EXPECTED.values() for field in fields]
MARKED = re.compile(r"#.*\bA(:| for )")


def assumed() -> Iterator[tuple[str, str]]:
    """Yield the module and the name that each comment with the mark A stands in, or right above."""
    for path in [*(ROOT / "gateway").glob("*.py"), *(ROOT / "receiver").glob("*.py")]:
        source = path.read_text(encoding="utf-8")
        for place, line in enumerate(source.splitlines(), 1):
            if MARKED.search(line):
                node: Any = next(node for node in ast.parse(source).body if (node.end_lineno or 0) >= place)
                named = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", node)
                yield path.relative_to(ROOT).with_suffix("").as_posix(), getattr(named, "id", "") or named.name


@pytest.mark.parametrize(("module", "name"), sorted({*IN_PAGE, *IN_REPORT}))
def test_there_is_a_place_to_correct_an_assumption(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(f"airflow_provider_nusawa.{module.replace('/', '.')}"), name)


def test_the_page_names_each_assumption_of_the_code() -> None:
    found = set(assumed())

    assert ("gateway/v1", "read_report") in found
    assert found - set(IN_PAGE) == set()


def test_the_page_names_places() -> None:
    assert len(IN_PAGE) > 12


def test_the_checks_of_the_page_find_all_as_expected(nusawa_gateway, monkeypatch, capsys) -> None:
    nusawa_gateway.use("nusawa_v1", api_version="v1")
    nusawa_gateway.backend.rules.step_seconds = 0.5
    commands = re.findall(r"\$ python -m airflow_provider_nusawa\.gateway (.*)", PAGE)

    assert [main(shlex.split(command)) for command in commands] == [0, 0], capsys.readouterr().out
    assert [message.number for message in nusawa_gateway.messages] == ["6281234567890"]
