"""A second dialect is a module of pure functions and rows in tables: nothing else asks for the version."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import airflow_provider_nusawa
from airflow_provider_nusawa.gateway.dialects import DIALECTS, Dialect

ROOT = Path(airflow_provider_nusawa.__file__).parent
CHOOSES = ROOT / "gateway" / "dialects.py"
VERSIONS = set(DIALECTS)
# The emulator is the other side of the wire, and shares nothing with this one.
OURS = [path for path in sorted(ROOT.rglob("*.py")) if "emulator" not in path.parts and path != CHOOSES]


def branches_by_version(source: str) -> list[str]:
    """Return the places that compare something with a version, or match on one."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.match_case):
            sides = [node.pattern]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith":
            sides = list(node.args)
        else:
            continue
        if any(is_version(inner) for side in sides for inner in ast.walk(side)):
            found.append(ast.unparse(node))
    return found


def is_version(node: ast.AST) -> bool:
    is_word = isinstance(node, ast.Constant) and node.value in VERSIONS
    return is_word or (isinstance(node, ast.Attribute) and node.attr in ("api_version", "NAME"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_branches_by_version(path: Path) -> None:
    assert branches_by_version(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "if settings.api_version == 'v1': pass",
        "x = 1 if 'v3' != api else 2",
        "if api in ('v1',): pass",
        "match api:\n    case 'v1': pass",
        "if api.startswith('v1'): pass",
        "if dialect.NAME == name: pass",
    ],
)
def test_a_branch_by_version_would_be_found(source: str) -> None:
    assert branches_by_version(source)


def test_the_clients_know_no_dialect() -> None:
    for name in ("client", "transport", "async_transport", "questions"):
        source = (ROOT / "gateway" / f"{name}.py").read_text(encoding="utf-8")
        assert not [version for version in VERSIONS if f"gateway.{version}" in source or f"import {version}" in source]


def test_a_dialect_is_all_that_is_asked_of_one() -> None:
    asked = {name for name in vars(Dialect) if not name.startswith("_")} | set(Dialect.__annotations__)

    for dialect in DIALECTS.values():
        assert [name for name in asked if not hasattr(dialect, name)] == []
