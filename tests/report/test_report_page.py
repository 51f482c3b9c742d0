"""The page: whole without network and script, and whatever others wrote is text in it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ledger_house import House, number
from report_house import HOSTILE, Page

from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.listing import some_of
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.report.figures import CampaignFigures, figures_of
from airflow_provider_nusawa.report.rendering import report_page


@pytest.fixture
def html(house: House, campaign: Campaign, figures: CampaignFigures) -> str:
    unknown = house.ledger.read(lambda tx: some_of(tx, campaign.id, 100, state=Sending.UNKNOWN))
    return report_page(figures, unknown, timezone="Asia/Jakarta")


def test_it_needs_nothing_but_itself(html: str) -> None:
    page = Page(html)

    assert {tag for tag, _ in page.tags} & {"script", "img", "iframe", "object", "form", "base"} == set()
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    assert not re.search(r"url\(|@import|https?://", html)
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_no_style_attribute_stands_in_it_so_that_live_pages_may_forbid_them(html: str) -> None:
    assert not any("style" in attributes for _, attributes in Page(html).tags)


def test_hostile_words_stay_words(html: str) -> None:
    page = Page(html)

    assert " ".join(HOSTILE.split()) in page.text
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "{{ 7*7 }}" in page.text
    assert html.count("</style>") == 1


def test_it_says_what_the_figures_say(html: str) -> None:
    text = Page(html).text

    assert (
        "13 rows read = 1 doubles + 1 bad + 1 excluded + 0 suppressed + 4 accepted + 3 refused + 1 unknown + 2 open"
        in text
    )
    assert "delivered, 50.0 % of accepted" in text
    assert "the account does not cover the recipient's network (-3)" in text
    assert "15 Jan 2027 15:00:00" in text  # where the connection is, not UTC
    assert "It is not finished." in text
    assert "The recipient is not sent to again until a person decides" in text


def test_it_says_what_may_help_with_the_unknown(html: str) -> None:
    text = Page(html).text

    assert "proves nothing: 1 unknown; the balance fell by 5 for 4 accepted" in text
    assert "of messages that nobody here has sent: 0." in text


def test_every_picture_says_in_words_what_it_shows(html: str) -> None:
    pictures = [one for one in Page(html).all("svg") if one.get("aria-hidden") != "true"]

    assert len(pictures) == 2
    assert all(one["role"] == "img" and one["aria-label"] for one in pictures)
    assert "8 answered, 2 reported delivered" in (pictures[1]["aria-label"] or "")


def test_numbers_are_masked_unless_asked_for(house: House, campaign: Campaign, figures: CampaignFigures) -> None:
    unknown = house.ledger.read(lambda tx: some_of(tx, campaign.id, 100, state=Sending.UNKNOWN))

    masked = report_page(figures, unknown, timezone="UTC")
    full = report_page(figures, unknown, timezone="UTC", mask_numbers=False)

    assert (number(8) in masked, "*********0008" in masked) == (False, True)
    assert number(8) in full


def test_an_equation_that_does_not_add_up_is_shouted(figures: CampaignFigures) -> None:
    broken = replace(figures.progress, equation=replace(figures.progress.equation, accepted=3))

    text = Page(report_page(replace(figures, progress=broken), [], timezone="UTC")).text

    assert "The count does NOT add up" in text
    assert "13 rows read ≠" in text


def test_a_rehearsal_says_that_nobody_was_messaged(house: House) -> None:
    figures = figures_of(house.ledger, house.campaign(redirected=True).id)

    text = Page(report_page(figures, [], timezone="UTC")).text

    assert "every message went to redirect_to" in text
    assert "Nothing has been posted yet." in text
