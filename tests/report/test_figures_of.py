"""Figures of a campaign: each recipient is in one share, and each event in its span of time."""

from __future__ import annotations

from ledger_house import START, House, accepted
from report_house import HOSTILE, report

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.reading import Line, Reader
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.timeline import reasons, timeline
from airflow_provider_nusawa.report.figures import MOST_REASONS, CampaignFigures, Part, figures_of


def told(parts: tuple[Part, ...]) -> dict[str, int]:
    return {part.label: part.n for part in parts}


def test_every_recipient_is_in_one_share(figures: CampaignFigures) -> None:
    assert {part.kind: part.n for part in figures.shares} == {
        "read": 1, "delivered": 1, "accepted": 1, "failed": 1, "refused": 3, "unknown": 1, "open": 2, "excluded": 1,
        "bad": 1,
    }  # fmt: skip
    equation = figures.progress.equation
    assert equation.adds_up
    assert sum(part.n for part in figures.shares) == equation.rows_read - equation.doubles
    assert (figures.delivered, figures.is_done) == (2, False)


def test_reasons_are_named_in_words_and_the_most_frequent_first(figures: CampaignFigures) -> None:
    assert [part.n for part in figures.refused] == [2, 1]
    assert told(figures.refused) == {"the account does not cover the recipient's network (-3)": 2, HOSTILE[:250]: 1}
    assert told(figures.bad) == {"the number has letters": 1}
    assert told(figures.failed) == {"err_code 7": 1}


def test_delivery_times_are_counted_from_the_request(figures: CampaignFigures) -> None:
    assert told(figures.delays) == {"up to 10 s": 1, "10 s to 1 min": 0, "1 to 5 min": 1}


def test_time_is_cut_from_the_first_request_to_the_last_word(house: House, campaign: Campaign) -> None:
    cut = house.ledger.read(lambda tx: timeline(tx, campaign.id, 4, [60.0]))

    assert cut is not None
    assert (cut.start, round(cut.end - START), cut.later) == (START, 200, 0)
    assert dict(cut.counts) == {
        "accepted": (4, 0, 0, 0), "refused": (3, 0, 0, 0), "unknown": (1, 0, 0, 0), "delivered": (1, 0, 0, 1),
    }  # fmt: skip


def test_the_picture_of_a_short_campaign_does_not_go_on_into_the_future(house: House, campaign: Campaign) -> None:
    cut = house.ledger.read(lambda tx: timeline(tx, campaign.id, 400, [60.0]))

    assert cut is not None
    assert round(cut.end - START, 2) == 200, "not a second for each of its pieces"
    assert sum(cut.counts["delivered"]) == 2


def test_a_delivery_days_later_does_not_flatten_the_picture(house: House, campaign: Campaign) -> None:
    (fourth,) = [key for key in _accepted_ids(house, campaign) if key % 2**32 == 4]
    report(house, {fourth: (3 * 86_400, DeliveryStatus.DELIVERED)})

    cut = house.ledger.read(lambda tx: timeline(tx, campaign.id, 10, [60.0, 3_600.0]))

    assert cut is not None
    assert round(cut.end - START) == 600
    assert (sum(cut.counts["delivered"]), cut.later) == (2, 1)
    assert cut.delays == (1, 1, 1)


def test_a_message_heard_of_twice_is_delivered_once(house: House, campaign: Campaign) -> None:
    first = min(_accepted_ids(house, campaign))
    report(house, {first: (90, DeliveryStatus.READ)})

    figures = figures_of(house.ledger, campaign.id)

    assert figures.timeline is not None
    assert sum(figures.timeline.counts["delivered"]) == 2
    assert told(figures.delays) == {"up to 10 s": 1, "10 s to 1 min": 0, "1 to 5 min": 1}


def test_nothing_is_drawn_before_anything_was_posted(house: House) -> None:
    figures = figures_of(house.ledger, house.campaign().id)

    assert (figures.timeline, figures.delays, figures.refused) == (None, (), ())
    assert told(figures.shares) == {"still to be sent": 3}


def test_another_campaign_is_not_counted_in(house: House, campaign: Campaign) -> None:
    before = figures_of(house.ledger, campaign.id)
    other = house.campaign("other", people=range(100, 103))
    runner, begun = house.begun(other)
    runner.turn(accepted(begun))
    report(house, {next(iter(begun)): (300, DeliveryStatus.DELIVERED)})

    after = figures_of(house.ledger, campaign.id)

    assert (after.shares, after.refused, after.delays) == (before.shares, before.refused, before.delays)
    assert after.timeline == before.timeline


def test_only_the_most_frequent_reasons_are_named(house: House) -> None:
    campaign = house.campaign(people=[])
    reader = Reader.open(house.ledger, campaign, "run 2")
    whys = [f"why {n}" for n in range(MOST_REASONS + 3) for _ in range(20 - n)]
    reader.add([Line(line, "", {}, Sending.BAD, why) for line, why in enumerate(whys, 1)])
    reader.complete()

    bad = figures_of(house.ledger, campaign.id).bad

    assert len(bad) == MOST_REASONS + 1
    assert (bad[0], bad[-1]) == (Part("bad", "why 0", 20), Part("bad", "3 other reasons", 8 + 7 + 6))


def test_reasons_are_of_one_state(house: House, campaign: Campaign) -> None:
    found = house.ledger.read(lambda tx: reasons(tx, campaign.id, Sending.UNKNOWN))

    assert dict(found) == {(None, "the request left, but no answer came"): 1}


def _accepted_ids(house: House, campaign: Campaign) -> list[int]:
    from airflow_provider_nusawa.ledger.listing import recipients_of

    return [row["id"] for row in recipients_of(house.ledger, campaign.id) if row["sending"] == "accepted"]
