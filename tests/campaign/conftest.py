"""The ledger's own fixtures: each test of them runs on a SQLite file and on a real PostgreSQL."""

from __future__ import annotations

from ledger.conftest import house, ledger, postgres, url

__all__ = ["house", "ledger", "postgres", "url"]
