"""One campaign with every state in it, and with words in it that a page must not believe."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from html.parser import HTMLParser

from ledger_house import START, House, accepted, answered, number

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Outcome
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.hints import note_balance
from airflow_provider_nusawa.ledger.outcomes import Try
from airflow_provider_nusawa.ledger.reading import Line, Reader
from airflow_provider_nusawa.ledger.states import Sending

HOSTILE = """=1+1 </style><script>alert("a")</script><img src=x onerror='alert(1)'>{{ 7*7 }}"""
"""A name, a reason, an err_code: whatever somebody else may write."""

PEOPLE = 10


def eventful(house: House, name: str = HOSTILE) -> Campaign:
    """Lines 1 to 10: four accepted (one delivered at once, one read later, one given up on), three refused, one
    unknown, two open. Three lines more, of a second list: bad, excluded, and a double of line 1. The balance fell by 5.
    """
    campaign = house.campaign(name, PEOPLE)
    _plan_more(house, campaign)
    house.ledger.write(lambda tx: note_balance(tx, campaign.id, "a", Decimal(1000)))
    runner, begun = house.begun(campaign, most=8)
    keys = list(begun)
    house.clock.now = START + 5

    def tried(*places: int) -> dict[int, Try]:
        return {keys[place - 1]: begun[keys[place - 1]] for place in places}

    runner.turn(accepted(tried(1, 2, 3, 4)))
    runner.turn(answered(tried(5, 6), Outcome.REFUSED, code=-3, reason="not covered"))
    runner.turn(answered(tried(7), Outcome.REFUSED, reason=HOSTILE))
    runner.turn(answered(tried(8), Outcome.UNKNOWN, reason="the request left, but no answer came"))
    report(house, {keys[0]: (8, DeliveryStatus.DELIVERED), keys[2]: (30, DeliveryStatus.FAILED)}, err_code="7")
    report(house, {keys[1]: (200, DeliveryStatus.READ)})
    house.ledger.write(lambda tx: note_balance(tx, campaign.id, "a", Decimal(995)))
    return campaign


def report(house: House, told: Mapping[int, tuple[float, DeliveryStatus]], err_code: str = "") -> None:
    """Tell the ledger of accepted messages, each so many seconds after the start."""
    for key, (seconds, status) in told.items():
        house.clock.now = START + seconds
        code = err_code if status is DeliveryStatus.FAILED else ""
        house.ledger.write(
            lambda tx, key=key, s=status, c=code: apply_reports(tx, [DeliveryReport(f"m{key}", s, err_code=c)])
        )


def _plan_more(house: House, campaign: Campaign) -> None:
    reader = Reader.open(house.ledger, campaign, "run 2")
    reader.add(
        [
            Line(1, "", {}, Sending.BAD, "the number has letters"),
            Line(2, number(PEOPLE + 1), {}, Sending.EXCLUDED, "by the list"),
            Line(3, number(1), {"nama": "N1"}),
        ]
    )
    reader.complete()


class Page(HTMLParser):
    """A page as a browser reads it: its tags with their attributes, and the text between them."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1:] == [tag], f"closed and not open: {tag}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] != "style":
            self.words.append(data)
