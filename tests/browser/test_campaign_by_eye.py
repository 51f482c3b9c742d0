"""A campaign as a person watches it: its page in Airflow moves while it is sent, and its report opens afterwards."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="make browser sets up an environment with Playwright")

from playwright.sync_api import Error, FrameLocator, Page, expect

pytestmark = pytest.mark.e2e

PEOPLE, BAD, RATE = 100, 4, 5
WORDS = r"(\d+) accepted of (\d+), (\d+) delivered"

PROMO = f"""
from datetime import datetime, timezone
from airflow.sdk import dag
from airflow_provider_nusawa.operators import NusaWaCampaignOperator, NusaWaCampaignReportOperator
from airflow_provider_nusawa.sensors import NusaWaCampaignSensor

ON = dict(campaign_id="promo-november", nusawa_conn_id="paced")
PEOPLE = [f"0812-2000-{{n:04d}}" for n in range({PEOPLE - BAD})]
NOT_WELL = ["0840-0005-101", "0840-0005-102", "0840-0001-301", "0840-0006-101"]  # two fail, one is refused, one unknown

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
def promo():
    send = NusaWaCampaignOperator(
        task_id="send", text="Toko Bandung buka lagi hari Senin.", recipients=PEOPLE + NOT_WELL,
        max_unknown_share=1.0, on_partial="succeed", **ON,
    )
    wait = NusaWaCampaignSensor(task_id="wait", final=True, poke_interval=5, **ON)
    send >> wait >> NusaWaCampaignReportOperator(task_id="report", path="{{{{ dag_run.conf['path'] }}}}", **ON)

promo()
"""


@dataclass
class Watched:
    """What a person saw.

    :param seen: How many were accepted, at each look at the list.
    :param report: The page that the report operator wrote.
    """

    seen: list[int]
    report: Path


def campaigns(page: Page) -> FrameLocator:
    """Go to our entry in Airflow's navigation; the pages stand in a frame."""
    page.get_by_role("link", name="WhatsApp").first.click()
    return page.frame_locator("iframe")


@pytest.fixture(scope="module")
def watched(page, new_airflow, desk, picture, tmp_path_factory) -> Watched:
    report = tmp_path_factory.mktemp("report") / "report.html"
    new_airflow.web.create_connection(
        {**desk.connection, "connection_id": "paced", "extra": json.dumps({"rate_per_second": RATE})}
    )
    new_airflow.add_dag("promo", PROMO)
    new_airflow.until(lambda: new_airflow.web.has_dag("promo"), 60, new_airflow.web.import_errors)
    new_airflow.web.ask("PATCH", "/api/v2/dags/promo", {"is_paused": False})
    run_id = new_airflow.trigger("promo", {"path": str(report)})
    page.goto(new_airflow.web.url)
    pages = campaigns(page)
    line = pages.get_by_text(re.compile(WORDS))
    seen: list[int] = []

    def over() -> bool:
        with suppress(Error):  # while it is renewed there is nothing to read
            seen.extend(int(re.search(WORDS, words)[1]) for words in line.all_inner_texts())
        page.wait_for_timeout(1000)
        return new_airflow.books.run_state("promo", run_id) in ("success", "failed")

    new_airflow.until(over, 240, lambda: new_airflow.books.task_logs("promo", run_id)[-3000:])
    assert new_airflow.books.run_state("promo", run_id) == "success", new_airflow.books.task_logs("promo", run_id)[
        -5000:
    ]
    pages.get_by_role("link", name="promo-november").click()
    expect(pages.get_by_role("heading", name="promo-november")).to_be_visible()
    picture(page, "campaign", 860)
    return Watched(seen, report)


def test_the_list_moves_while_the_campaign_is_sent(watched):
    assert sorted(watched.seen) == watched.seen
    assert len(set(watched.seen)) > 2
    assert watched.seen[-1] <= PEOPLE - 2


def test_the_campaigns_page_says_what_is_unknown_and_shows_no_whole_number(watched, page, new_airflow):
    page.goto(f"{new_airflow.web.url}/nusawa-campaigns/campaign?name=promo-november")
    told = page.get_by_role("main").inner_text()

    assert "6101" in told
    assert not re.search(r"\d{9}", re.sub(r"[\s.-]", "", told.replace(str(watched.report), "")))


@pytest.mark.parametrize(
    ("path", "figures"),
    [
        pytest.param("", f"{PEOPLE - 2} accepted of {PEOPLE}", id="list"),
        pytest.param("campaign?name=promo-november", f"{PEOPLE} rows read = ", id="campaign"),
        pytest.param("recipients?name=promo-november", "*********0000", id="recipients"),
        pytest.param(None, f"{PEOPLE} rows read = ", id="report"),
    ],
)
def test_a_phone_that_runs_no_script_shows_the_figures_on_its_screen(watched, browser, new_airflow, path, figures):
    screen = {"width": 390, "height": 844}
    url = watched.report.as_uri() if path is None else f"{new_airflow.web.url}/nusawa-campaigns/{path}"
    with browser.new_context(viewport=screen, is_mobile=True, java_script_enabled=False) as phone:
        page = phone.new_page()
        page.goto(url)
        place = page.get_by_text(figures).first.bounding_box()
        width = page.locator("html").evaluate("root => root.scrollWidth")

    assert width == screen["width"], "it must be scrolled sideways, or read from afar"
    assert 0 <= place["x"] <= place["x"] + place["width"] <= width


def test_the_report_opens_without_a_network(watched, page, picture):
    page.context.set_offline(True)
    page.goto(watched.report.as_uri())
    page.context.set_offline(False)
    picture(page, "campaign-report", 860)

    expect(page.get_by_role("heading", name="promo-november")).to_be_visible()
    assert "unknown" in page.locator("body").inner_text()
