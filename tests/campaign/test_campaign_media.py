"""Pictures and documents in a campaign: each row's own address, checked with its text, and sent with it."""

from __future__ import annotations

from typing import Any

import pytest
from ledger_house import number
from leg_house import LegHouse

from airflow_provider_nusawa.campaign.composing import check_api, composer
from airflow_provider_nusawa.campaign.errors import TextUnfit
from airflow_provider_nusawa.campaign.planning import Planned, Rules, plan
from airflow_provider_nusawa.campaign.preview import trials_of
from airflow_provider_nusawa.campaign.record import Setting
from airflow_provider_nusawa.campaign.rehearsal import rehearse
from airflow_provider_nusawa.campaign.sources import from_list
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.gateway.errors import InvalidMessage
from airflow_provider_nusawa.gateway.messages import Options
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.ledger.errors import CampaignChanged

WITH_INVOICE = Text("Halo {{ nama }}", {"folder": "https://example.com"}, "{{ values.folder }}/{{ berkas }}")


def people(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"number": number(place), "nama": f"N{place}", "berkas": f"{place}.pdf", **more}
        for place in range(1, count + 1)
    ]


def planned(legs: LegHouse, rows: list[dict[str, Any]], text: Text = WITH_INVOICE, run: str = "run 1") -> Planned:
    rules = Rules(max_bad_share=1.0, add_new=True)
    return plan(legs.house.ledger, "tagihan", text, from_list(rows), run, rules=rules)


def test_each_gets_the_document_of_his_row(legs: LegHouse) -> None:
    campaign = planned(legs, people(3)).campaign
    options = Options(sender="628110", include_unsubscribe=True)

    legs.leg(campaign, compose=composer(legs.house.ledger, campaign, options), api_version="v1").run()

    sent = {message.number: message for message in legs.backend.books.messages.values()}
    assert {to: message.text for to, message in sent.items()} == {number(n): f"Halo N{n}" for n in (1, 2, 3)}
    assert {to: message.media.url for to, message in sent.items() if message.media} == {
        number(n): f"https://example.com/{n}.pdf" for n in (1, 2, 3)
    }
    assert {request.fields["sender"] for request in legs.backend.books.requests} == {"628110"}


def test_an_address_that_no_gateway_could_fetch_makes_a_bad_row(legs: LegHouse) -> None:
    text = Text("Halo", media_url="{{ berkas }}")
    rows = [
        {"number": number(1), "berkas": "https://example.com/1.pdf"},
        {"number": number(2), "berkas": "C:\\1.pdf"},
        {"number": number(3), "berkas": ""},
    ]

    result = planned(legs, rows, text)

    assert (result.counts.planned, result.counts.bad) == (1, 2)
    assert "http or https" in str(result.bad[0])
    assert "media_url: 'berkas' is empty" in str(result.bad[1])


def test_a_row_without_an_address_may_get_the_text_alone(legs: LegHouse) -> None:
    text = Text("Halo", media_url="{% if berkas %}https://example.com/{{ berkas }}{% endif %}")

    campaign = planned(legs, [*people(1), {"number": number(2), "nama": "N2", "berkas": ""}], text).campaign
    legs.leg(campaign, compose=composer(legs.house.ledger, campaign), api_version="v1").run()

    assert [bool(legs.backend.sent_to(number(n))[0].media) for n in (1, 2)] == [True, False]


def test_the_address_is_part_of_what_a_campaign_says(legs: LegHouse) -> None:
    planned(legs, people(1))

    with pytest.raises(CampaignChanged):
        planned(legs, people(2), Text("Halo {{ nama }}", {"folder": "x"}, "https://example.org/{{ berkas }}"), "run 2")


def test_the_values_of_the_first_try_make_the_address_of_a_later_one(legs: LegHouse) -> None:
    first = planned(legs, people(1))
    again = planned(legs, people(1), Text("Halo {{ nama }}", {"folder": "https://else.org"}, WITH_INVOICE.media_url))

    legs.leg(again.campaign, compose=composer(legs.house.ledger, again.campaign), api_version="v1").run()

    assert again.was_read_before
    assert again.campaign.id == first.campaign.id
    (message,) = legs.backend.books.messages.values()
    assert message.media.url == "https://example.com/1.pdf"


def test_a_rehearsal_shows_the_addresses_and_a_trial_sends_them(legs: LegHouse) -> None:
    preview = rehearse(Setting("tagihan", None), WITH_INVOICE, from_list(people(2)), rules=Rules())

    assert "with https://example.com/1.pdf" in str(preview.samples[0])
    trials = trials_of(preview.samples, [number(9)], Options(queue="slow"))
    assert [(one.to, one.media.url, one.options.queue) for one in trials if one.media] == [
        (number(9), f"https://example.com/{n}.pdf", "slow") for n in (1, 2)
    ]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        pytest.param(WITH_INVOICE, Options(), id="media"),
        pytest.param(Text("Halo"), Options(sender="628110"), id="sender"),
        pytest.param(Text("Halo"), Options(include_unsubscribe=False), id="unsubscribe"),
    ],
)
def test_what_v3_cannot_say_is_refused_before_the_list_is_read(text: Text, options: Options) -> None:
    with pytest.raises(InvalidMessage, match="set api_version to v1"):
        check_api(Settings(), text, options)

    check_api(Settings(api_version="v1"), text, options)
    check_api(Settings(), Text("Halo"))


def test_an_address_that_is_no_template_is_told_as_such() -> None:
    with pytest.raises(TextUnfit, match="media_url is no template in line 1"):
        Text("Halo", media_url="{{ berkas")


def test_who_unsubscribed_from_the_stand_in_of_a_rehearsal_has_said_nothing(legs: LegHouse) -> None:
    from airflow_provider_nusawa.ledger.people import suppressed

    legs.backend.opted_out.add(number(99))
    campaign = legs.campaign(people=2, redirected=True)

    legs.leg(campaign, api_version="v1", redirect_to=number(99)).run()

    assert legs.states(campaign) == {"refused": 2}
    assert legs.house.ledger.read(lambda tx: suppressed(tx, [number(1), number(2), number(99)])) == set()
