"""A real Airflow whose tasks run on two Celery workers, with Redis between and PostgreSQL below."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from postgres import Postgres
from redis_server import Redis

from dev.house import House
from dev.house.books import Books

WORKERS = ("worker-one", "worker-two")


class PostgresBooks(Books):
    """As the other books, of an Airflow whose database is PostgreSQL."""

    def __init__(self, home: Path, url: str) -> None:
        super().__init__(home)
        self._url = url

    def ask(self, query: str, *values: object) -> list[dict[str, Any]]:
        import psycopg2
        from psycopg2.extras import RealDictCursor

        with closing(psycopg2.connect(self._url)) as database, database.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(query.replace("?", "%s"), values)
            return [dict(row) for row in cursor.fetchall()]


class Cluster(House):
    """API server, scheduler, Dag processor and two workers; nothing here needs a triggerer.

    :param environ: Settings beside those that make it a cluster.
    """

    def __init__(self, postgres: Postgres, redis: Redis, environ: Mapping[str, str]) -> None:
        database = postgres.new_database("airflow")
        # SQLAlchemy 2.1 takes psycopg 3 unless told, which is not what the constraints hold.
        driven = database.replace("postgresql:", "postgresql+psycopg2:")
        cluster = {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": driven,
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": redis.url,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{driven}",
            "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
        }
        super().__init__(environ={**cluster, **environ}, say=print)
        self.books = PostgresBooks(self.home, database)

    def lay_database(self) -> None:
        migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
        done = subprocess.run(migrate, cwd=self.home, env=self.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"airflow db migrate ended with {done.returncode}:\n{done.stderr[-2000:]}")

    def commands(self) -> dict[str, list[str]]:
        alone = ["--without-mingle", "--without-gossip", "--skip-serve-logs"]
        workers = {
            name: ["celery", "worker", "--concurrency", "2", "--celery-hostname", f"{name}@%h", *alone]
            for name in WORKERS
        }
        kept = {name: words for name, words in super().commands().items() if name != "triggerer"}
        return {**kept, **workers}

    def is_well(self) -> bool:
        health = self.web.health()
        ready = all("ready." in self.parts[name].output.read_text() for name in WORKERS)
        return ready and all(health.get(name) == "healthy" for name in ("metadatabase", "scheduler", "dag_processor"))

    def worker_of(self, pid: int) -> str:
        """Return the name of the worker under which a process runs."""
        workers = [self.parts[name] for name in WORKERS if name in self.parts]
        return next(worker.name for worker in workers if pid in {child.pid for child in worker.descendants()})

    def lose(self, name: str) -> None:
        """End a worker and all that runs on it, as when its machine is gone."""
        self.parts.pop(name).kill()
