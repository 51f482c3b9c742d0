"""Every row looked at before the first message leaves: whom it names, whether it fills the text, who is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.excel import NumberDamaged, number_of
from airflow_provider_nusawa.campaign.marks import People
from airflow_provider_nusawa.campaign.rows import Row, Source
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.gateway.errors import InvalidMessage
from airflow_provider_nusawa.ledger.reading import Line
from airflow_provider_nusawa.ledger.states import Sending

_AT_ONCE = 250
"""So few live at once that Python's garbage collector, which counts what is made and not let go, seldom looks."""

_MAX_REASON = 250  # the ledger's column
_NOBODY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Checks:
    """What a row must pass.

    :param exclude: People who get nothing.
    :param only: If given, all others get nothing.
    """

    text: Text
    region: str = "ID"
    exclude: People | None = None
    only: People | None = None

    def check(self, rows: Sequence[Row]) -> list[Line]:
        """Return a line for each row, bad and excluded ones too, so that each is accounted for."""
        if self.exclude is None and self.only is None:
            return [self._line(row) for row in rows]
        left_out = self._left_out([number for number in map(self._number, rows) if number])
        return [self._line(row, left_out) for row in rows]

    def _line(self, row: Row, left_out: Mapping[str, str] = _NOBODY) -> Line:
        try:
            number = self._checked_number(row)
            if number in left_out:
                return Line(row.line, number, {}, Sending.EXCLUDED, left_out[number])
            self.text.render(row.fields)
            self.text.media(row.fields)
        except InvalidMessage as error:
            return Line(row.line, "", {}, Sending.BAD, error.what[:_MAX_REASON])
        return Line(row.line, number, row.fields)

    def _checked_number(self, row: Row) -> str:
        if row.problem:
            raise InvalidMessage(row.problem)
        return number_of(row.number, self.region)

    def _number(self, row: Row) -> str:
        try:
            return self._checked_number(row)
        except InvalidMessage:
            return ""

    def _left_out(self, numbers: Sequence[str]) -> dict[str, str]:
        left_out: dict[str, str] = {}
        if self.only is not None:
            left_out = dict.fromkeys(set(numbers) - self.only.among(numbers), "is not on the list of the only ones")
        if self.exclude is not None:
            left_out |= dict.fromkeys(self.exclude.among(numbers), "is on the list of those excluded")
        return left_out


def in_batches(source: Source) -> Iterator[list[Row]]:
    """Read a source to its end, and close it, also where nobody wants the rest."""
    with closing(source()) as rows:  # type: ignore[type-var]
        while batch := list(islice(rows, _AT_ONCE)):
            yield batch


def people_of(source: Source, region: str, *, must_be_whole: bool) -> People:
    """Read a list of people. Rows that name nobody are passed over: no recipient is meant by them.

    :param must_be_whole: Whether a number that is lost refuses the list: whoever it was would not be excluded.
    :raises ListUnfit: for one that is lost, and for rows none of which names anybody: it is not the right list.
    """
    people = People()
    read = named = 0
    for rows in in_batches(source):
        numbers = list(_numbers(rows, region, must_be_whole))
        people.add(numbers)
        read, named = read + len(rows), named + len(numbers)
    if must_be_whole and read and not named:
        people.close()
        raise ListUnfit(f"of those to be excluded: none of {read} rows holds a number that can be read")
    return people


def _numbers(rows: Iterable[Row], region: str, must_be_whole: bool) -> Iterator[str]:
    for row in rows:
        if row.problem and must_be_whole:
            raise ListUnfit(f"of those to be excluded: {row.problem}", line=row.line)
        try:
            yield number_of(row.number, region)
        except NumberDamaged as error:
            if must_be_whole:
                raise ListUnfit(f"of those to be excluded: {error.what}", line=row.line) from error
        except InvalidMessage:
            continue  # it names nobody whom the list could name
