"""Who may import what: the borders of docs/architecture.md, executed; and what a Dag file pays for our names."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import airflow_provider_nusawa

NAME, OURSELVES = airflow_provider_nusawa.__name__, "airflow-provider-nusawa"
ROOT = Path(airflow_provider_nusawa.__file__).parent

FORM = {"connection_fields", "connection_form"}
READING = {f"connection_{name}" for name in ("host", "text", "values", "settings", "check", "lookup")} | {"masking"}
FACES = {"operators", "sensors", "triggers", "notifications"}  # what Dags import

# Room: the rooms of ours that it may know. A module that is not named here is one of the plain rooms.
ROOMS: dict[str, set[str]] = {
    "gateway": {"gateway"},
    "emulator": {"emulator"},
    "journal": {"gateway"},
    "ledger": {"ledger", "gateway", "journal"},  # it is the journal's second store
    "ledger.cli": {"ledger", "gateway", "campaign", "connection_lookup"},
    "gateway.__main__": {"gateway", "connection_lookup"},
    "campaign": {"campaign", "gateway", "ledger"},
    "report": {"report", "gateway", "ledger"},
    "receiver": {"receiver", "gateway", "ledger"},
    "receiving": {"receiver", "ledger", "ledgers", "masking", "metrics", "site_config"},  # the receiver's Airflow side
    "pages": {"pages", "report", "gateway", "ledger", "ledgers", "site_config"},
    "plugin": {"pages", "receiving", "site_config"},
    "links": {"pages"},
    "testing": {"emulator"},
    "get_provider_info": FORM,
    **dict.fromkeys(FORM, FORM),
    **dict.fromkeys(READING, READING | FORM | {"gateway"}),
    "ledgers": READING | {"gateway", "ledger", "metrics"},
    "paces": {"gateway", "ledger", "ledgers"},
    "hooks": FORM | READING | {"gateway", "paces"},
}
COMMAND_LINES = ("ledger.cli", "gateway.__main__")  # each stands above the room that it looks into
OUTSIDE = {"emulator", "testing", "receiver", "receiving", "plugin", "get_provider_info"}  # nobody's to import

KNOW_AIRFLOW = FACES | READING | {"hooks", "ledgers", "paces", "airflow_errors", "task_state", "receiving", "plugin"}
KNOW_AIRFLOW |= {"links", "metrics", "pages", "site_config"}
AIRFLOW = ("airflow.providers.common.compat", "airflow.triggers.base")  # the same names on 2.11 and on 3
# Behind a question for the version.
OF_ONE_AIRFLOW = {
    "task_state": "airflow.sdk",
    "connection_lookup": "airflow.models.connection",  # on all of them, where no task runs
    **dict.fromkeys(("receiving", "plugin", "pages", "site_config"), "airflow"),
}

LIBRARIES = {
    "requests": {"gateway.transport", "gateway.connections"},
    "urllib3": {"gateway.transport", "gateway.connections"},
    "aiohttp": {"gateway.async_transport", "emulator", "receiver.server"},
    "sqlalchemy": {"ledger", "paces"},
    "markupsafe": {"report", "pages"},
    "fastapi": {"pages"},
    "starlette": {"pages"},
    "phonenumbers": {"gateway.numbers", "gateway.number_plans"},
    "defusedxml": {"gateway.bodies"},
    "pytest": {"testing"},
}
BROUGHT_BY = {
    "markupsafe": "jinja2",
    "urllib3": "requests",
    "yarl": "aiohttp",
    **dict.fromkeys(("fastapi", "starlette"), "the API server, in which they are used"),
    **dict.fromkeys(("flask_appbuilder", "wtforms"), "an Airflow that shows forms by them"),
    "pyarrow": "the extra parquet",
    "pytest": "who writes tests",
}
HEAVY = {"requests", "aiohttp", "sqlalchemy", "phonenumbers"}


@dataclass(frozen=True)
class Import:
    """One import statement: by which of our modules, of what, and whether it runs when the module is imported."""

    by: str
    of: str
    at_once: bool

    @property
    def room(self) -> str:
        return next((line for line in COMMAND_LINES if self.by.startswith(line)), self.by.split(".")[0])

    @property
    def our_room(self) -> str:
        """The room of ours that is imported; empty for anybody else's."""
        return self.of.removeprefix(f"{NAME}.").split(".")[0] if self.of.startswith(f"{NAME}.") else ""


def imports_in(path: Path) -> Iterator[Import]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    def walk(node: ast.AST, at_once: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from (Import(module, alias.name, at_once) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert not child.level, f"{module} imports relatively"
                yield from (Import(module, f"{child.module}.{alias.name}", at_once) for alias in child.names)
            inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from walk(child, at_once and not inside)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), True)


PATHS = sorted(ROOT.rglob("*.py"))
IMPORTS = [found for path in PATHS for found in imports_in(path)]
PLAIN = {path.relative_to(ROOT).with_suffix("").parts[0] for path in PATHS} - {"__init__"} - set(ROOMS) - FACES


def allowed(room: str) -> set[str]:
    below = PLAIN | {"gateway", "journal", "ledger"}
    faces = below | FACES | {"hooks", "ledgers", "paces", "campaign", "report", "links"}
    return faces if room in FACES else ROOMS.get(room, below)


def test_every_room_knows_only_the_rooms_below_it() -> None:
    wrong = [
        found
        for found in IMPORTS
        if found.our_room and found.our_room != "__version__" and found.our_room not in allowed(found.room)
    ]

    assert wrong == []
    assert not any(OUTSIDE & allowed(room) for room in FACES | PLAIN | {"hooks", "gateway"})


def test_only_the_airflow_side_knows_airflow() -> None:
    assert {
        found.by for found in IMPORTS if found.of.startswith("airflow.") and found.room not in KNOW_AIRFLOW
    } == set()


def test_airflow_is_imported_by_names_that_every_version_has() -> None:
    wrong = [
        found
        for found in IMPORTS
        if found.of.startswith("airflow.")
        and not found.of.startswith(AIRFLOW)
        and not found.of.startswith(OF_ONE_AIRFLOW.get(found.room, "airflow-none"))
    ]

    assert wrong == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_has_one_home(library: str) -> None:
    homes = tuple(LIBRARIES[library])
    users = {found.by for found in IMPORTS if found.of.split(".")[0] == library}

    assert {user for user in users if not user.startswith(homes)} == set()


def test_every_library_is_required_by_us_or_by_airflow_itself() -> None:
    """What only comes by luck, as one of another library's needs, may be gone tomorrow."""
    names = (
        {found.of.split(".")[0] for found in IMPORTS} - sys.stdlib_module_names - {NAME, "airflow"} - set(BROUGHT_BY)
    )
    sources = metadata.packages_distributions()
    airflows = {name for name in sources["airflow"] if name in ("apache-airflow", "apache-airflow-core")}
    told = {canonicalize_name(need.name) for name in {*airflows, OURSELVES} for need in required_by(name)}

    assert {name for name in names if not told & set(map(canonicalize_name, sources[name]))} == set()


def test_nothing_is_forbidden_to_become_newer() -> None:
    """An upper bound of ours would keep an Airflow's other packages back; only tests may need one."""
    assert [str(need) for need in required_by(OURSELVES) if any("<" in one.operator for one in need.specifier)] == []


def required_by(distribution: str) -> list[Requirement]:
    return [Requirement(line) for line in metadata.requires(distribution) or []]


def test_no_module_needs_itself_to_be_imported() -> None:
    modules = {Import(found.by, "", True).by for found in IMPORTS}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for found in IMPORTS:
        target = found.of.removeprefix(f"{NAME}.")
        for name in (target, target.rpartition(".")[0]):
            if found.at_once and name in graph and name != found.by:
                graph[found.by].add(name)
                break

    while leaves := [module for module, needs in graph.items() if not needs & graph.keys()]:
        for module in leaves:
            del graph[module]

    assert graph == {}


# What any Dag file loads that uses Airflow's own building blocks.
BARE = """
from airflow.providers.common.compat.sdk import DAG, BaseHook, BaseNotifier, BaseOperator, BaseSensorOperator, conf
"""
OURS = """
import importlib, json, sys
before = {name.split(".")[0] for name in sys.modules}
for name in sys.argv[1:]:
    importlib.import_module("airflow_provider_nusawa." + name)
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules} - before)))
"""


def loaded_by(*modules: str, after: str) -> set[str]:
    """The libraries that were not loaded before."""
    command = [sys.executable, "-W", "ignore", "-c", after + OURS, *modules]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return set(json.loads(output.splitlines()[-1]))


def test_a_dag_file_loads_no_heavy_library_for_us() -> None:
    assert loaded_by("operators", "sensors", "notifications", after=BARE) & HEAVY == set()


def test_the_plugin_loads_no_heavy_library_into_every_process_of_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__NUSAWA__RECEIVER", "True")

    assert loaded_by("plugin", after=BARE + "import airflow.plugins_manager") & HEAVY == set()


def test_metadata_loads_nothing_but_the_table_of_fields() -> None:
    assert loaded_by("get_provider_info", after="") - sys.stdlib_module_names == {NAME}


def test_the_gateway_works_where_no_airflow_is() -> None:
    """Every module below Airflow is imported while airflow cannot be."""
    rooms = ("gateway", "ledger", "ledger.cli", "campaign", "report", "receiver", "emulator")
    modules = sorted({found.by for found in IMPORTS if found.room in rooms and not found.by.endswith("__main__")})
    code = f"import sys; sys.modules['airflow'] = None\nfor name in {modules}: __import__('{NAME}.' + name)"

    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
