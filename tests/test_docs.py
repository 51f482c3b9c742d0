"""What the documentation shows is run: every Dag to its end, every other Python block, every JSON block read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests
from dag_runs import run, zone_at_noon

from airflow_provider_nusawa.connection_fields import FIELDS
from airflow_provider_nusawa.emulator.fates import FATES, fate_of
from airflow_provider_nusawa.gateway.errors import OutcomeUnknown
from airflow_provider_nusawa.gateway.numbers import normalise_number
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.ledger import states

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.id.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"```(?P<kind>python|json)\n(?P<block>.*?)```", re.DOTALL)
ELSEWHERE = "notifications.md"  # Dags that fail on purpose, or wait for a person: test_docs_notifications.py
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|mailto:)(?P<path>[^)#\s]*)#?(?P<place>[^)\s]*)")
HEADING = re.compile(r"(?m)^#+ (.*)$")


def _blocks(kind):
    for page in PAGES:
        if kind == "python" and page.name == ELSEWHERE:
            continue
        found = [match["block"] for match in FENCE.finditer(page.read_text()) if match["kind"] == kind]
        for number, block in enumerate(found, start=1):
            yield pytest.param(block, id=f"{page.name}-{number}")


@pytest.mark.parametrize("block", list(_blocks("python")))
def test_a_python_block_runs(airflow_db, nusawa_gateway, tmp_path, block):
    nusawa_gateway.use(timezone=zone_at_noon())
    nusawa_gateway.use("nusawa_v1", api_version="v1")
    nusawa_gateway.backend.rules.step_seconds = 0.0  # delivered at once, so that no wait has to be waited out
    file = tmp_path / "block.py"
    file.write_text(block)

    names: dict[str, object] = {"__name__": "block", "__file__": str(file)}
    exec(compile(block, str(file), "exec"), names)

    for dag in _dags(names):
        assert set(run(dag).values()) == {"success"}


def test_every_campaign_that_is_shown_goes_out_by_day():
    examples = [(file.name, file.read_text()) for file in (ROOT / "example_dags").glob("*.py")]
    blocks = [(block.id, block.values[0]) for block in _blocks("python")]
    campaigns = [(name, text) for name, text in [*examples, *blocks] if "NusaWaCampaignOperator(" in text]

    assert len(campaigns) >= 5
    assert [name for name, text in campaigns if "08:00-20:00" not in text] == []


def _dags(names):
    from airflow.providers.common.compat.sdk import DAG

    called = {name: value for name, value in names.items() if callable(value) and hasattr(value, "__wrapped__")}
    made = [value() for name, value in called.items() if not isinstance(value, type)]
    return [value for value in [*made, *names.values()] if isinstance(value, DAG)]


@pytest.mark.parametrize("block", list(_blocks("json")))
def test_a_json_block_is_json(block):
    json.loads(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_within_the_project_leads_somewhere(page):
    assert [
        match[0] for match in LINK.finditer(page.read_text()) if not _leads(page, match["path"], match["place"])
    ] == []


def _leads(page, path, place):
    target = page.parent / path if path else page
    return target.exists() and (not place or place in [_anchor(words) for words in HEADING.findall(target.read_text())])


def _anchor(heading):
    """As GitHub makes it: lower case, without punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_states_of_a_recipient_are_drawn_as_in_the_code():
    page = (ROOT / "docs" / "reliability.md").read_text()
    (drawing,) = [block for block in re.findall(r"```\n(.*?)```", page, re.DOTALL) if "──claim──►" in block]

    assert drawing in states.__doc__
    assert all(state.value in drawing for state in states.Sending)


def test_what_a_magic_number_does_is_told_for_each():
    page = (ROOT / "docs" / "emulator.md").read_text()
    told = dict(re.findall(r"(?m)^\| `(\d\d)` \| (.*) \|$", page))
    others = {family: fate.about for family, fate in FATES.items() if not fate.about.startswith("refused with")}
    examples = re.findall(r"`(0840-\d{4}-\d{3})`.*?\(NN\s=\s(\d\d)\)", page, re.DOTALL)

    assert told == others
    assert [fate_of(normalise_number(number)) for number, _ in examples] == [FATES[family] for _, family in examples]
    assert len(examples) == 2


def test_every_page_can_be_reached_from_the_first():
    readme = (ROOT / "README.md").read_text()

    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name}" not in readme] == []


def test_every_package_and_module_has_its_line_in_the_plan_of_the_house():
    plan = (ROOT / "docs" / "architecture.md").read_text()
    house = ROOT / "airflow_provider_nusawa"
    names = [path.name for path in house.glob("*.py")]
    names += [f"{path.parent.name}/" for path in house.glob("*/__init__.py")]
    names += [path.stem for room in ("gateway", "ledger", "campaign") for path in (house / room).glob("*.py")]
    of_many = re.compile(r"connection_\w+\.py|__\w+__(\.py)?")

    assert [name for name in names if not of_many.match(name) and not re.search(rf"(?<!\w){name}(?!\w)", plan)] == []


def test_the_fault_that_the_emulators_page_orders_strikes(nusawa_gateway):
    ((address, name, value, body),) = re.findall(
        r"curl -s (\S+) -H '(.*): (.*)' -d '(.*)'", (ROOT / "docs" / "emulator.md").read_text()
    )
    address = address.replace("http://127.0.0.1:8025", nusawa_gateway.url)

    assert requests.post(address, headers={name: value}, data=body, timeout=10).ok

    with pytest.raises(OutcomeUnknown):
        NusaWaHook().send_message("6281234567890", "Halo")


def test_the_json_and_the_uri_of_the_connections_page_say_the_same(monkeypatch):
    page = (ROOT / "docs" / "connection.md").read_text().partition("## As JSON, as a URI, or in the form")[2]
    settings = []
    for text in re.findall(r"(?m)^\$ export AIRFLOW_CONN_NUSAWA_DEFAULT='(.*)'$", page):
        monkeypatch.setenv("AIRFLOW_CONN_NUSAWA_DEFAULT", text)
        settings.append(NusaWaHook().settings)

    assert len(settings) == 2
    assert settings[0] == settings[1]


def test_form_and_pages_tell_the_same_of_the_rate():
    (rate,) = (field for field in FIELDS if field.name == "rate_per_second")
    sentence = re.match(r".*?\.", rate.help)[0]

    for name in ("connection.md", "sending.md"):
        assert sentence in " ".join((ROOT / "docs" / name).read_text().split())


def test_what_the_pages_run_exists():
    """Commands that other tests run (make's by CI), and that nothing else is asked of a reader's shell."""
    known = ("make demo", "make test", "make check", "make coverage", "make matrix", "make bench", "make browser")
    known += ("make dist", "pip install", "curl -s", "export ")
    known += ("python -m airflow_provider_nusawa.emulator", "airflow connections test", "#")
    known += (
        "python -m airflow_provider_nusawa.gateway check",
        "python -m airflow_provider_nusawa.ledger",
        "python -m airflow_provider_nusawa.receiver",
        "python -c",
    )
    pages = [*PAGES, ROOT / "CONTRIBUTING.md"]
    lines = [line[2:] for page in pages for block in CONSOLE.findall(page.read_text()) for line in block.splitlines()]

    assert [line for line in lines if not line.startswith(known)] == []
