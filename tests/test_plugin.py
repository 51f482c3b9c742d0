"""What Airflow's web server is given: nothing unless asked for, and never an import error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_house import Clock, House, answered

from airflow_provider_nusawa import plugin, receiving
from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.site_config import web_server_takes_parts

AS_AIRFLOW_LOADS_IT = """
import json
from airflow_provider_nusawa.plugin import NusaWaPlugin as found
print(json.dumps([len(found.fastapi_apps), len(found.fastapi_root_middlewares), found.name]))
"""
NEW_ENOUGH = web_server_takes_parts()


@pytest.mark.parametrize(
    ("wanted", "parts"), [("True", int(NEW_ENOUGH)), ("False", 0), ("", 0), ("perhaps", 0)], ids=repr
)
def test_it_is_there_where_it_is_wanted_and_can_be(monkeypatch, wanted, parts):
    monkeypatch.setenv("AIRFLOW__NUSAWA__PAGES", "False")
    monkeypatch.setenv("AIRFLOW__NUSAWA__RECEIVER", wanted)

    done = subprocess.run([sys.executable, "-c", AS_AIRFLOW_LOADS_IT], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout.splitlines()[-1]) == [parts, parts, "nusawa"]


def test_airflow_finds_it_by_its_entry_point():
    from importlib.metadata import entry_points

    (found,) = [one for one in entry_points(group="airflow.plugins") if one.name == "nusawa"]

    assert found.load() is plugin.NusaWaPlugin


def test_a_campaigns_assets_are_the_common_one_and_its_own():
    assert receiving.asset_uris("promo 1/2") == ["nusawa://campaigns/", "nusawa://campaigns/promo%201%2F2"]


@pytest.mark.skipif(not NEW_ENOUGH, reason="assets are told of from 3.1.2 on")
def test_assets_have_those_uris_in_airflow():
    from airflow.sdk import Asset

    written = ["nusawa://campaigns", "nusawa://campaigns/promo%201%2F2"]

    assert [Asset(uri).uri for uri in written] == receiving.asset_uris("promo 1/2")


@pytest.mark.skipif(not NEW_ENOUGH, reason="assets are told of from 3.1.2 on")
def test_an_end_that_no_dag_waits_for_is_told_to_nobody_and_not_again(airflow_db, tmp_path: Path):
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", create=True) as ledger:
        house = House(ledger, Clock())
        runner, begun = house.begun(house.campaign(people=1))
        runner.turn(answered(begun, Outcome.REFUSED, code=-3))

        receiving._announce(ledger)
        receiving._announce(ledger)
