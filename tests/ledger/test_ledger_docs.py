"""Every command of the ledger that a page shows is typed, on a ledger that has the campaign it names.

``resolve`` needs more to decide about: test_resolving.py types what reports.md shows of it.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from ledger_house import House

from airflow_provider_nusawa.ledger.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
COMMAND = "$ python -m airflow_provider_nusawa.ledger "
OF_A_CAMPAIGN = ("show", "export", "retry")


def _commands():
    for page in PAGES:
        for block in CONSOLE.findall(page.read_text()):
            lines = [line for line in block.splitlines() if line.startswith(COMMAND) and " resolve " not in line]
            yield from (pytest.param(line.removeprefix(COMMAND), id=f"{page.name}: {line[2:]}") for line in lines)


@pytest.mark.parametrize("command", list(_commands()))
def test_a_command_that_a_page_shows_works(house: House, url: str, tmp_path: Path, monkeypatch, command: str) -> None:
    words = shlex.split(command, comments=True)
    if words[0] in OF_A_CAMPAIGN:
        house.campaign(words[1])
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, ["--ledger", url, *words])

    assert result.exit_code == 0, result.output


def test_pages_show_commands() -> None:
    assert list(_commands())
