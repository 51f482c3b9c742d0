"""Making, finding, upgrading and refusing a ledger; by ten processes at once too."""

from __future__ import annotations

import multiprocessing
import sys
import traceback
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres import Postgres

from airflow_provider_nusawa.ledger import place
from airflow_provider_nusawa.ledger.errors import LedgerMissing, LedgerUnavailable, LedgerUnfit
from airflow_provider_nusawa.ledger.schema_shared import meta
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from airflow_provider_nusawa.ledger.versions import prepare

PASSWORD = "geheim"
NUMBER = "6281234567890"


def shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_a_missing_ledger_is_not_made_by_chance(url: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing, match="init"):
        open_ledger(url)

    assert list(tmp_path.iterdir()) == []


def test_a_ledger_is_found_again(url: str) -> None:
    with open_ledger(url, create=True) as made:
        found = open_ledger(url)

    assert (found.id, found.person("628")) == (made.id, made.person("628"))


def test_two_ledgers_know_nothing_of_each_other(tmp_path: Path) -> None:
    one, other = (open_ledger(f"sqlite:///{tmp_path}/{name}", create=True) for name in "ab")

    assert one.id != other.id
    assert one.person("628") != other.person("628")


def test_who_holds_to_a_ledger_refuses_another_file_in_its_place(tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("here", "there")]
    mine, other = (open_ledger(f"sqlite:///{place}", create=True) for place in places)
    mine.hold()
    other.close()
    for suffix in ("", "-wal", "-shm"):
        places[0].with_name(f"here{suffix}").rename(tmp_path / f"away{suffix}")
    places[1].rename(places[0])

    for _ in range(2):
        with pytest.raises(LedgerUnfit, match=f"{mine.id} was.*{other.id}"):
            mine.write(lambda tx: tx.now)


def test_who_holds_to_a_ledger_refuses_another_server_at_its_address(url: str) -> None:
    with open_ledger(url, create=True) as ledger, open_ledger(url) as other:
        ledger.hold()
        ledger.engine.dispose()
        assert ledger.read(lambda tx: tx.now) > 0
        other.write(lambda tx: tx.run(sa.update(meta).values(ledger_id="another")))
        ledger.engine.dispose()

        with pytest.raises(LedgerUnfit, match="another"):
            ledger.read(lambda tx: tx.now)


def _open_together(url: str, together: Barrier, told: Queue[str]) -> None:
    together.wait(30)
    with open_ledger(url, create=True) as ledger:
        told.put(ledger.id)


def test_ten_processes_make_one_ledger(url: str) -> None:
    processes = multiprocessing.get_context("fork")
    together, told = processes.Barrier(10), processes.Queue()
    makers = [processes.Process(target=_open_together, args=(url, together, told)) for _ in range(10)]

    for maker in makers:
        maker.start()
    ids = {told.get(timeout=60) for _ in makers}
    for maker in makers:
        maker.join(60)

    assert [maker.exitcode for maker in makers] == [0] * 10
    assert ids == {open_ledger(url).id}


def _add_a_column(connection: sa.engine.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE nusawa_campaigns ADD COLUMN colour VARCHAR(10)")


def test_an_older_ledger_is_upgraded_once(ledger: Ledger) -> None:
    for _ in range(2):
        with ledger.engine.connect() as connection, connection.begin():
            prepare(connection, create=False, upgrades={1: _add_a_column})

    assert ledger.read(lambda tx: tx.run(sa.select(meta.c.version)).scalar_one()) == 2


def test_a_newer_ledger_is_refused(ledger: Ledger, url: str) -> None:
    ledger.write(lambda tx: tx.run(sa.update(meta).values(version=99)))

    with pytest.raises(LedgerUnfit, match="upgrade the provider"):
        open_ledger(url)


def test_commits_wait_for_the_disk(ledger: Ledger) -> None:
    question = "SHOW synchronous_commit" if ledger.is_postgresql else "PRAGMA synchronous"

    with ledger.engine.connect() as connection:
        assert connection.exec_driver_sql(question).scalar_one() in ("on", 2)


def test_a_server_that_does_not_wait_is_told_to(postgres: Postgres) -> None:
    url = postgres.new_place("synchronous_commit=off")

    with open_ledger(url, create=True) as ledger, ledger.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_what_a_file_erases_is_overwritten(tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path}/a", create=True) as ledger, ledger.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1


def test_a_file_is_its_owners_alone_and_in_wal_mode(tmp_path: Path) -> None:
    with (
        open_ledger(f"sqlite:///{tmp_path}/new/l.sqlite", create=True) as ledger,
        ledger.engine.connect() as connection,
    ):
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"

    assert (tmp_path / "new/l.sqlite").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["l.sqlite"]


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = place.file_system_of(tmp_path)
    monkeypatch.setattr(place, "NETWORK_FILE_SYSTEMS", frozenset({here}))

    with pytest.raises(LedgerUnfit, match="network file system"):
        open_ledger(f"sqlite:///{tmp_path}/l.sqlite", create=True)

    assert here
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db"])
def test_other_places_are_refused(url: str) -> None:
    with pytest.raises(LedgerUnfit):
        open_ledger(url, create=True)


@pytest.mark.parametrize("url", ["postgresql://host/db", "postgresql+psycopg://host/db", "postgresql+none://host/db"])
def test_a_postgresql_without_a_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for driver in ("psycopg2", "psycopg"):
        monkeypatch.setitem(sys.modules, driver, None)  # as where it is not installed

    with pytest.raises(LedgerUnfit, match="pip install apache-airflow-providers-postgres") as caught:
        open_ledger(url)

    assert not caught.value.retryable


def test_a_database_that_is_away_says_so_without_its_password() -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        open_ledger(f"postgresql://someone:{PASSWORD}@127.0.0.1:1/db")

    assert caught.value.retryable
    assert PASSWORD not in shown(caught.value)


def test_nothing_shows_a_connections_secret(ledger: Ledger) -> None:
    assert "secret" not in repr(ledger)
    assert ledger.identity.secret.hex() not in repr(ledger)
    assert repr(ledger.identity.secret) not in repr(ledger)


def test_errors_show_no_numbers(ledger: Ledger) -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        ledger.write(lambda tx: tx.run(sa.text("INSERT INTO nowhere VALUES (:number)"), [{"number": NUMBER}]))

    assert NUMBER not in shown(caught.value)
