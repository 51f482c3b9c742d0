"""What a campaign's task can be told: who is on its lists, and when and how fast it may send. Read and checked here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_nusawa.campaign.windows import read_window
from airflow_provider_nusawa.operators.choices import one_of

if TYPE_CHECKING:
    from airflow_provider_nusawa.campaign.planning import Rules
    from airflow_provider_nusawa.campaign.rows import Source
    from airflow_provider_nusawa.campaign.terms import Terms

LISTS = ("recipients", "exclude", "only")


class ListedOperator(BaseOperator):
    """Has lists of people, each given in one of three ways.

    :param recipients: Numbers, or dicts that hold one each. Airflow shows them among the rendered templates: take a
        path or a query for what not everybody may see. (templated)
    :param recipients_path: A CSV, JSON lines or Parquet file: local, or in any object storage. (templated)
    :param recipients_sql: A query, whose rows are streamed through ``sql_conn_id``. (templated)
    :param exclude: Who gets nothing; also ``exclude_path``, ``exclude_sql``. (templated)
    :param only: If given, all others get nothing; also ``only_path``, ``only_sql``. (templated)
    :param sql_conn_id: An Airflow connection to a database, for the queries. (templated)
    :param number_field: The column with the number, in each of the lists; a list of one column needs no name.
    :param on_new_recipients: What a later run does about people whom the campaign did not have: ``fail`` or ``add``.
    :param max_bad_share: Of all rows; if more are bad, it is most likely the wrong file, and nothing is sent.
    """

    def __init__(
        self,
        *,
        recipients: Any = None,
        recipients_path: Any = None,
        recipients_sql: str | None = None,
        exclude: Any = None,
        exclude_path: Any = None,
        exclude_sql: str | None = None,
        only: Any = None,
        only_path: Any = None,
        only_sql: str | None = None,
        sql_conn_id: str | None = None,
        number_field: str = "number",
        on_new_recipients: Literal["fail", "add"] = "fail",
        max_bad_share: float = 0.05,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.recipients, self.recipients_path, self.recipients_sql = recipients, recipients_path, recipients_sql
        self.exclude, self.exclude_path, self.exclude_sql = exclude, exclude_path, exclude_sql
        self.only, self.only_path, self.only_sql = only, only_path, only_sql
        self.sql_conn_id = sql_conn_id
        self.number_field = number_field
        self.on_new_recipients = on_new_recipients
        self.max_bad_share = max_bad_share
        one_of("on_new_recipients", on_new_recipients, ("fail", "add"))
        check_share("max_bad_share", max_bad_share)
        self._given = [name for name in LISTS if self._is_given(name)]
        if "recipients" not in self._given:
            raise ValueError("give recipients, recipients_path or recipients_sql")

    def _is_given(self, name: str) -> bool:
        ways = [way for way in (name, f"{name}_path", f"{name}_sql") if getattr(self, way) is not None]
        if len(ways) > 1:
            raise ValueError(f"give only one of {' and '.join(ways)}")
        if ways == [f"{name}_sql"] and self.sql_conn_id is None:
            raise ValueError(f"{name}_sql needs sql_conn_id, the Airflow connection to ask through")
        return bool(ways)

    def source(self, name: str) -> Source | None:
        """Return what reads one of the lists; None if it was not given."""
        from airflow_provider_nusawa.operators.campaign.lists import Named

        if name not in self._given:
            return None
        rows, path, sql = (getattr(self, way) for way in (name, f"{name}_path", f"{name}_sql"))
        return Named(name, rows, path, sql, self.sql_conn_id, self.number_field).source()

    def rules(self, region: str) -> Rules:
        from airflow_provider_nusawa.campaign.planning import Rules

        add_new = self.on_new_recipients == "add"
        return Rules(region, self.source("exclude"), self.source("only"), self.max_bad_share, add_new)


class PacedOperator(BaseOperator):
    """Sends within hours and limits.

    :param rate_per_second: At most the connection's, which is the default.
    :param send_window: ``"Mon-Sat 08:00-20:00"``, in the connection's time zone; None for any time.
    :param holidays: Dates on which nothing is sent. (templated)
    :param not_after: When the campaign ends; whoever was not reached by then is left out. (templated)
    :param max_per_day: Requests on one day, over all runs.
    :param max_per_recipient: ``(2, 7)``: who has had 2 messages of any campaigns in 7 days is excluded, for good.
    :param max_attempts: Tries of one recipient, where the gateway refuses in a way that may pass.
    :param max_leg: How long the task runs at once before it defers: a timedelta, or seconds.
    """

    def __init__(
        self,
        *,
        rate_per_second: float | None = None,
        send_window: str | None = None,
        holidays: Iterable[date | str] | str = (),
        not_after: datetime | str | None = None,
        max_per_day: int | None = None,
        max_per_recipient: tuple[int, float] | None = None,
        max_attempts: int = 3,
        max_leg: timedelta | float = timedelta(hours=6),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate_per_second = rate_per_second
        self.send_window = send_window
        self.holidays = holidays
        self.not_after = not_after
        self.max_per_day = max_per_day
        self.max_per_recipient = max_per_recipient
        self.max_attempts = max_attempts
        self.max_leg = max_leg
        self._check_pace()

    def terms(self, zone: str) -> Terms:
        """Read what was rendered.

        :param zone: The connection's, in which times without one are read.
        :raises ValueError: naming what cannot be read.
        """
        from airflow_provider_nusawa.campaign.terms import Terms

        return Terms(
            rate_per_second=self.rate_per_second,
            window=read_window(self.send_window) if self.send_window else None,
            holidays=frozenset(map(_read_date, _split(self.holidays))),
            not_after=_read_moment(self.not_after, zone),
            max_per_day=self.max_per_day,
            max_per_recipient=self.max_per_recipient,
            max_attempts=self.max_attempts,
            max_leg_seconds=_seconds(self.max_leg),
        )

    def _check_pace(self) -> None:
        if self.send_window:
            read_window(self.send_window)
        least = {
            "rate_per_second": self.rate_per_second,
            "max_per_day": self.max_per_day,
            "max_attempts": self.max_attempts,
            "max_leg": _seconds(self.max_leg),
        }
        for name, value in least.items():
            if value is not None and not value > 0:
                raise ValueError(f"{name} is {value!r}, and must be above 0")
        cap: Sequence[float] = self.max_per_recipient if self.max_per_recipient is not None else (1, 1)
        if len(cap) != 2 or not all(part > 0 for part in cap):
            raise ValueError("max_per_recipient is so many messages in so many days, such as (2, 7)")


def check_share(name: str, value: float) -> None:
    if isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{name} is {value!r}, and must be a share between 0 and 1")


def _seconds(span: timedelta | float) -> float:
    return span.total_seconds() if isinstance(span, timedelta) else float(span)


def _split(dates: Iterable[date | str] | str | None) -> list[date | str]:
    """Return dates one by one, also where a template has made text of their list."""
    if isinstance(dates, str):
        return [part for part in re.split(r"[\s,;\[\]()'\"]+", dates) if part]
    return list(dates or ())


def _read_date(day: date | str) -> date:
    if isinstance(day, date):
        return day.date() if isinstance(day, datetime) else day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"holidays holds {day!r}, which is no date such as 2026-12-25") from None


def _read_moment(moment: datetime | str | None, zone: str) -> datetime | None:
    if moment in (None, "", "None"):
        return None
    try:
        read = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment).replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f"not_after is {moment!r}, which is no time such as 2026-12-24T18:00") from None
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))
