"""What the API server of each Airflow gets: callbacks answered, on record, and in no log; campaigns' pages shown."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from urllib.parse import urlencode

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS
from ledger_house import Clock, accepted
from ledger_house import House as Campaigns
from receiver_airflow import TOKEN, api_server
from site_house import open_site

from airflow_provider_nusawa import plugin
from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.site_config import web_server_takes_parts

TAKES_THEM = web_server_takes_parts()
NUMBER = "6281234567890"


def test_no_callback_is_taken_unless_it_is_asked_for():
    assert plugin.receiver() == plugin.Part()
    assert plugin.NusaWaPlugin.fastapi_root_middlewares == []


@pytest.mark.e2e
@pytest.mark.skipif(not TAKES_THEM, reason="Airflow's API server takes callbacks from 3.1.2 on")
def test_a_real_api_server_takes_callbacks_and_writes_none_of_it_down():
    asked = {"token": TOKEN, "ref_no": f"{NUMBER}-1", "status": "D", "sent_date": "2017-09-25 17:49:05.0"}

    def call(path="/nusawa/callback", method="GET", join="&", **changes):
        token, _, rest = urlencode({**asked, **changes}).partition("&")
        return house.web.fetch(method, f"{path}?{token}{join}{rest}")

    with api_server() as house:
        answers = [
            call(),
            call(join="?", ref_no=f"{NUMBER}-2"),
            call(method="POST", ref_no=f"{NUMBER}-3"),
            call(token="an-older-0ne-CANARY"),
            call(token="wr0ng-CANARY-wr0ng-CANARY"),
            call("/nusawa"),
            call("/nusawa/"),
            call("/nusawa/calback"),
            call("/nusawa/x/../callback"),
            call(ref_no="1" * 70),
            call(method="DELETE"),
        ]
        house.web.log_in()
        _, plugins = house.web.ask("GET", "/api/v2/plugins")
        _, errors = house.web.ask("GET", "/api/v2/plugins/importErrors")
        house.parts["api-server"].kill()
        written = {name: content for name, content in house.books.every_byte() if "sqlite" not in name}
        with closing(sqlite3.connect(house.home / "nusawa-ledger.sqlite")) as ledger:
            known = ledger.execute("SELECT message_id, letter FROM nusawa_orphans ORDER BY message_id").fetchall()

    assert [status for status, _ in answers] == [200, 200, 200, 200, 403, 404, 404, 404, 404, 400, 405]
    assert {body[:8] for _, body in answers} == {b"nusawa: "}
    assert known == [(f"{NUMBER}-{place}", "D") for place in (1, 2, 3)]
    assert "nusawa" in {one["name"] for one in plugins["plugins"]}
    assert errors["import_errors"] == []
    assert any(b"/nusawa/callback" in content for content in written.values()), "there was no access log"
    canaries = (b"CANARY", NUMBER.encode(), b"1" * 70, b"sent_date")
    assert [(name, word) for name, content in written.items() for word in canaries if word in content] == []


@pytest.mark.e2e
@pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="Airflow 2 has no API server")
def test_a_real_api_server_takes_none_unless_it_is_asked_to(real_airflow):
    status, body = real_airflow.web.fetch("GET", f"/nusawa/callback?token={TOKEN}&ref_no=1&status=D")

    assert not body.startswith(b"nusawa")
    assert status in (200, 404)  # Airflow shows its start page for any path that it does not know


@pytest.mark.e2e
@pytest.mark.skipif(not TAKES_THEM, reason="Airflow has no such pages before 3.1.2")
def test_a_real_api_server_shows_campaigns_to_who_is_logged_in_and_may_see_them(tmp_path):
    with open_site(tmp_path) as site:
        with open_ledger(f"sqlite:///{site.airflow.home}/nusawa-ledger.sqlite") as ledger:
            campaigns = Campaigns(ledger, Clock())
            runner, begun = campaigns.begun(campaigns.campaign("promo", people=3))
            runner.turn(accepted(begun))
        answers = {
            (path, user): site.ask(path, user)
            for path in ("", "campaign?name=promo", "recipients?name=promo")
            for user in ("", "pat", "vic")
        }

    statuses = {"": 401, "pat": 403, "vic": 200}
    assert {asked: answer.status for asked, answer in answers.items()} == {one: statuses[one[1]] for one in answers}
    assert ["promo" in answer.html for answer in answers.values()] == [user == "vic" for _, user in answers]
    assert "3 accepted of 3" in answers["", "vic"].page.text
    assert "3 rows read" in answers["campaign?name=promo", "vic"].page.text
