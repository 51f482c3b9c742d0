"""A campaign of 5,000 on a real Airflow: what it sends, where its task runs, and what its ledger says in the end."""

from __future__ import annotations

import copy
import csv
import json
from collections import Counter
from typing import Any

import psutil
import sqlalchemy as sa
from promise import check_books, check_states

from airflow_provider_nusawa.emulator import Backend
from airflow_provider_nusawa.ledger.progress import equation
from airflow_provider_nusawa.ledger.schema import campaigns, leases, recipients
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.store import open_ledger
from dev.house import House

SOURCE = """
from datetime import datetime, timedelta, timezone
from airflow.sdk import dag
from airflow_provider_nusawa.operators import NusaWaCampaignOperator

@dag(dag_id={name!r}, schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), max_active_runs=5)
def blast():
    NusaWaCampaignOperator(
        task_id="send", campaign_id={name!r}, text="Halo {{{{ nama }}}}", recipients_path={path!r},
        nusawa_conn_id={conn_id!r}, on_partial="succeed", max_unknown_share=1.0,
        retries=50, retry_delay=timedelta(seconds=1),
    )

blast()
"""


def connection(backend: Backend, url: str, api: str, **extra: Any) -> str:
    """Return an Airflow connection to the emulator, as ``AIRFLOW_CONN_…`` takes it."""
    account = backend.account
    login = {"login": account.login, "password": account.secret_of(api)}
    return json.dumps({"conn_type": "nusawa", "host": url, **login, "extra": {"api_version": api, **extra}})


class CampaignRun:
    """One campaign and its run.

    :param name: The campaign's id, and the Dag's.
    :param group: Two digits that no other campaign's numbers have.
    :param ledger_url: Where its ledger will be.
    """

    def __init__(
        self,
        house: House,
        backend: Backend,
        name: str,
        group: int,
        *,
        conn_id: str,
        ledger_url: str,
        people: int = 5000,
    ) -> None:
        self.house, self.backend, self.name, self.ledger_url = house, backend, name, ledger_url
        self.numbers = [f"6281{group:02d}{place:06d}" for place in range(people)]
        path = house.home / f"{name}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["number", "nama"], *([number, f"N{number[-4:]}"] for number in self.numbers)])
        house.add_dag(name, SOURCE.format(name=name, path=str(path), conn_id=conn_id))
        self.run_id = house.trigger(name)
        self.under_way = 0

    def again(self) -> CampaignRun:
        """Start another run of the same campaign."""
        other = copy.copy(self)
        other.run_id = self.house.trigger(self.name)
        return other

    @property
    def sends(self) -> int:
        """How many requests the gateway has got for it."""
        prefix = self.numbers[0][:6]
        with self.backend.lock:
            requests = list(self.backend.books.requests)
        return sum(request.call == "send" and request.number.startswith(prefix) for request in requests)

    @property
    def row(self) -> dict[str, Any]:
        (row,) = self.house.books.tasks(self.name, self.run_id)
        return row

    @property
    def is_over(self) -> bool:
        return self.house.books.run_state(self.name, self.run_id) in ("success", "failed")

    def until_sending(self, more: int = 20, timeout: float = 120) -> None:
        """Wait until it sends, be it again, or is over."""
        before = self.sends
        self.house.until(lambda: self.sends >= before + more or self.is_over, timeout, self.last_words)
        assert not self.is_over, self.last_words()

    def last_words(self) -> str:
        return f"{self.name}: {self.row}\n" + self.house.books.task_logs(self.name, self.run_id)[-3000:]

    def task_process(self) -> psutil.Process:
        return psutil.Process(self.row["pid"])

    def note_what_is_under_way(self) -> None:
        """Call it once its runner is dead: these rows may end as unknown, and no others."""
        self.under_way += self.states_now()["sending"]

    def states_now(self) -> Counter[str]:
        return Counter(self._states().values())

    def senders(self) -> set[str]:
        """Return the labels of those who have requests under way at this moment, by leases that hold."""
        holds = (leases.c.ended_at.is_(None), leases.c.campaign_id == recipients.c.campaign_id)
        query = sa.select(leases.c.label).join(recipients, recipients.c.lease == leases.c.id)
        mine = (*holds, recipients.c.sending == Sending.SENDING)
        with open_ledger(self.ledger_url) as ledger:
            return set(
                ledger.read(lambda tx: tx.run(query.where(*mine, leases.c.campaign_id == self._id(tx))).scalars())
            )

    def check(self, timeout: float = 180) -> None:
        """Wait for its end, and judge it by the gateway's books and by its ledger."""
        self.house.wait(self.name, self.run_id, timeout=timeout)
        states = self._states()

        assert sorted(states) == self.numbers, "somebody is missing"
        check_books(self.backend)
        with open_ledger(self.ledger_url) as ledger:
            check_states(self.backend, states, ledger.read(lambda tx: equation(tx, self._id(tx))))
        assert self.row["state"] == "success", self.last_words()
        assert Counter(states.values())["unknown"] <= self.under_way

    def _states(self) -> dict[str, str]:
        c = recipients.c
        with open_ledger(self.ledger_url) as ledger:
            rows = ledger.read(
                lambda tx: tx.run(sa.select(c.number, c.sending).where(c.campaign_id == self._id(tx))).all()
            )
        return {row.number: row.sending.value for row in rows}

    def _id(self, tx: Any) -> int:
        return int(tx.run(sa.select(campaigns.c.id).where(campaigns.c.name == self.name)).scalar_one())
