"""Reading a list as planning would, and leaving nothing behind: what a dry run does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from airflow_provider_nusawa.campaign.checking import Checks, in_batches
from airflow_provider_nusawa.campaign.errors import BadRow
from airflow_provider_nusawa.campaign.marks import People, Texts
from airflow_provider_nusawa.campaign.planning import MAX_BAD_SHOWN, Rules, bad_rows, people, too_bad, too_new
from airflow_provider_nusawa.campaign.preview import Foreseen, Preview, Sample
from airflow_provider_nusawa.campaign.record import EQUAL_TEXTS, Record, Setting
from airflow_provider_nusawa.campaign.rows import Source
from airflow_provider_nusawa.campaign.samples import Samples
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.ledger.plans import Counts
from airflow_provider_nusawa.ledger.reading import Line
from airflow_provider_nusawa.ledger.states import Sending


def rehearse(setting: Setting, text: Text, source: Source, *, rules: Rules) -> Preview:
    """Read the whole list, and return what planning it and sending to it would come to.

    :raises ListUnfit: if it cannot be read. A list that planning would refuse is told as an objection.
    """
    with ExitStack() as stack:
        excluded = stack.enter_context(people(rules.exclude, rules, must_be_whole=True))
        only = stack.enter_context(people(rules.only, rules))
        rehearsal = _Rehearsal(setting, text)
        stack.callback(rehearsal.close)
        checks = Checks(text, rules.region, excluded, only)
        for rows in in_batches(source):
            rehearsal.add(checks.check(rows))
        return rehearsal.result(rules)


class _Rehearsal:
    """What has been counted so far."""

    def __init__(self, setting: Setting, text: Text) -> None:
        self._text = text
        self._record = Record(setting)
        self._seen, self._texts = People(), Texts()
        self._redirected = bool(setting.redirect_to)
        self._totals: Counter[str] = Counter()
        self._bad: list[BadRow] = []
        self._samples = Samples()

    def close(self) -> None:
        self._seen.close()
        self._texts.close()

    def add(self, lines: Sequence[Line]) -> None:
        found = bad_rows(lines)
        self._bad += found[: MAX_BAD_SHOWN - len(self._bad)]
        self._totals.update(rows_read=len(lines), bad=len(found))
        fresh = self._fresh([line for line in lines if line.number])
        planned = [line for line in fresh if line.state is Sending.PLANNED]
        self._totals.update(planned=len(planned), excluded=len(fresh) - len(planned))
        self._totals.update(self._record.foresee([line.number for line in planned]))
        texts = [self._text.render(line.fields) for line in planned]
        self._samples.add(
            Sample(line.line, line.number, text, self._text.media(line.fields))
            for line, text in zip(planned, texts, strict=True)
        )
        if self._redirected:
            self._texts.add(texts)

    def _fresh(self, named: Sequence[Line]) -> list[Line]:
        """Return the first line of each person who is new to the campaign."""
        numbers = [line.number for line in named]
        known, seen = self._record.known(numbers), self._seen.among(numbers)
        fresh: dict[str, Line] = {}
        for line in named:
            if line.number in known:
                self._totals["known"] += 1
            elif line.number in seen or line.number in fresh:
                self._totals["doubles"] += 1
            else:
                fresh[line.number] = line
        self._seen.add(fresh)
        return list(fresh.values())

    def result(self, rules: Rules) -> Preview:
        counts = Counts(**{name: self._totals[name] for name in Counts.__slots__})
        foreseen = Foreseen(**{name: self._totals[name] for name in Foreseen.__slots__})
        if self._redirected:
            foreseen = replace(foreseen, spam_pattern=self._texts.beyond(EQUAL_TEXTS), limit_reached=0)
        found = (too_bad(counts, rules), too_new(counts, rules, has_elders=self._record.has_elders))
        objections = tuple(filter(None, found))
        return Preview(counts, self._samples.lengths, foreseen, self._samples.chosen, tuple(self._bad), objections)
