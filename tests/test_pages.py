"""The pages in a real API server under its own login: who may look, what is shown, and what a page may do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from ledger_house import Clock, House, number
from report_house import HOSTILE, eventful
from site_house import Site, open_site

from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.pages.part import PREFIX
from airflow_provider_nusawa.site_config import web_server_takes_parts

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not web_server_takes_parts(), reason="Airflow has no such pages before 3.1.2"),
]
NAMED = f"campaign?name={quote(HOSTILE)}"
LISTED = f"recipients?name={quote(HOSTILE)}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("people")) as site:
        clock = Clock()
        with open_ledger(f"sqlite:///{site.airflow.home}/nusawa-ledger.sqlite", clock=clock) as ledger:
            eventful(House(ledger, clock))
        yield site


@pytest.mark.parametrize("path", ["", NAMED, LISTED])
def test_who_is_not_logged_in_sees_nothing(site: Site, path: str) -> None:
    answer = site.ask(path)

    assert answer.status == 401
    assert HOSTILE not in answer.page.text
    assert next(link["href"] for link in answer.page.all("a")).startswith("/auth/")
    assert answer.page.all("a")[0]["target"] == "_top"


def test_a_forged_login_sees_nothing(site: Site) -> None:
    head, body, signature = site.tokens["ann"].split(".")

    for cookie in (f"{head}.{body}.{signature[::-1]}", f"{head}.{body}.", "x"):
        assert site.ask(NAMED, cookie=cookie).status in (401, 403)


def test_a_number_is_not_found_for_who_is_not_logged_in(site: Site) -> None:
    assert site.ask(LISTED, form={"number": number(1)}).status == 401


@pytest.mark.parametrize("path", ["", NAMED, LISTED])
def test_who_may_not_see_runs_sees_no_campaigns(site: Site, path: str) -> None:
    answer = site.ask(path, "pat")

    assert answer.status == 403
    assert "You may not see the runs of all Dags" in answer.page.text
    assert HOSTILE not in answer.page.text


@pytest.mark.parametrize("user", ["ann", "vic"])
def test_who_may_see_runs_sees_campaigns(site: Site, user: str) -> None:
    answer = site.ask("", user)

    assert answer.status == 200
    assert " ".join(HOSTILE.split()) in answer.page.text
    assert "4 accepted of 12, 2 delivered" in answer.page.text
    assert answer.page.all("svg")[0]["role"] == "img"


def test_a_token_in_a_header_is_a_login_too(site: Site) -> None:
    assert site.bearer(f"{PREFIX}/", "vic").status == 200


def test_a_campaign_is_shown_as_the_report_shows_it(site: Site) -> None:
    text = site.ask(NAMED, "vic").page.text

    assert "13 rows read = 1 doubles + 1 bad" in text
    assert "the account does not cover the recipient's network (-3)" in text
    assert "1 unknown; the balance fell by 5 for 4 accepted" in text
    assert "*********0008" in text
    assert number(8) not in text


def test_pages_renew_themselves_without_a_script(site: Site) -> None:
    for path in ("", NAMED):
        page = site.ask(path, "vic").page
        assert [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "refresh"] == ["5"]
        assert not page.all("script")


def test_recipients_are_masked_and_found_by_their_full_number(site: Site) -> None:
    listed = site.ask(LISTED, "vic")
    found = site.ask(LISTED, "vic", form={"number": "0812-0000-0002"})
    nobody = site.ask(LISTED, "vic", form={"number": "081299999999"})
    nonsense = site.ask(LISTED, "vic", form={"number": '"><script>'})

    assert len(listed.page.all("tr")) == 1 + 12
    assert not re.search(r"62812\d{4}", listed.html)
    assert ("Found." in found.html, len(found.page.all("tr"))) == (True, 2)
    assert "read" in found.page.text
    assert "Nobody of that number" in nobody.html
    assert nonsense.status == 200
    assert "That is no number" in nonsense.page.text


def test_a_number_that_is_looked_for_stands_in_nothing_that_the_server_writes(site: Site) -> None:
    """The access log above all, which holds every query: this one's too, by its last words."""
    found = site.ask(f"{LISTED}&asked=just-now", "vic", form={"number": "0812-0000-0002"})
    output = site.airflow.parts["api-server"].output
    site.airflow.until(lambda: b"just-now" in output.read_bytes(), 30, "there is no access log")

    written = [content for name, content in site.airflow.books.every_byte() if "nusawa-ledger" not in name]

    assert "Found." in found.html
    assert len(written) > 1
    assert not [content for content in written if b"0812-0000-0002" in content or b"81200000002" in content]


def test_long_lists_come_in_pages(site: Site) -> None:
    first_list_ends = 2**32 + 10  # the id of line 10 of the first list

    rest = site.ask(f"{LISTED}&after={first_list_ends}", "vic")

    assert len(rest.page.all("tr")) == 1 + 2


def test_recipients_of_one_state(site: Site) -> None:
    refused = site.ask(f"{LISTED}&state=refused", "vic")

    assert len(refused.page.all("tr")) == 1 + 3
    assert site.ask(f"{LISTED}&state=nonsense", "vic").status == 404


def test_no_page_may_run_or_load_anything(site: Site) -> None:
    for path in ("", NAMED, LISTED, "nowhere", f"{LISTED}&state=nonsense"):
        answer = site.ask(path, "vic")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert "frame-ancestors 'self'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not any("style" in attributes for _, attributes in answer.page.tags)
        assert not any(name.startswith("on") for _, attributes in answer.page.tags for name in attributes)


def test_the_style_is_the_one_that_the_policy_names(site: Site) -> None:
    import base64
    import hashlib

    answer = site.ask("", "vic")
    (style,) = re.findall(r"<style>(.*?)</style>", answer.html, re.DOTALL)

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_nothing_acts(site: Site) -> None:
    for path in ("", NAMED):
        assert site.ask(path, "ann", form={"number": "1"}).status == 405


def test_what_is_not_there_is_404(site: Site) -> None:
    assert site.ask("campaign?name=another", "vic").status == 404
    assert "knows no campaign named" in site.ask("campaign?name=another", "vic").page.text
    assert site.ask("docs", "ann").status == site.ask("openapi.json", "ann").status == 404


def test_airflow_s_navigation_leads_there(site: Site) -> None:
    plugins = json.loads(site.bearer("/api/v2/plugins", "ann").html)["plugins"]
    (ours,) = [one for one in plugins if one["name"] == "nusawa"]

    (view,) = ours["external_views"]
    assert (view["name"], view["destination"], view["href"]) == ("WhatsApp", "nav", f"{PREFIX}/")
    assert json.loads(site.bearer("/api/v2/plugins/importErrors", "ann").html)["import_errors"] == []
