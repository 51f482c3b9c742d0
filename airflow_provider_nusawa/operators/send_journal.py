"""Where a sending task keeps its journal: in the ledger, in Airflow's task state, or, on a first try, nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.gateway.settings import Settings
    from airflow_provider_nusawa.hooks import NusaWaHook
    from airflow_provider_nusawa.journal import Store
    from airflow_provider_nusawa.ledger.journal_store import LedgerStore
    from airflow_provider_nusawa.ledger.store import Ledger
    from airflow_provider_nusawa.task_state import TaskStateStore


@contextmanager
def open_journal(
    context: Context, hook: NusaWaHook, *, idempotency_key: Any = None, heed_suppressions: bool = False
) -> Iterator[Store]:
    """Open the journal of one try, and close it.

    The ledger is used where one is named, where an argument needs it, and below Airflow 3.3, which has no other
    memory, in a file on this machine; unless tasks run on other machines: then a second try is refused. A later try
    goes on where the tries before are on record, also where another place has been named since.

    :raises AirflowFailException: for a second try whose first one nothing remembers, and for an empty key.
    :raises LedgerError: if the ledger that is needed cannot be used; then nothing may be sent.
    """
    from airflow_provider_nusawa import ledgers
    from airflow_provider_nusawa.journal import Forgetful
    from airflow_provider_nusawa.task_state import TaskStateStore

    key = _key(idempotency_key)
    ti, accessor = context["ti"], context.get("task_state_store")
    in_task_state = TaskStateStore(accessor, ti) if accessor is not None else None
    needs_ledger = bool(key) or heed_suppressions
    if in_task_state:
        place = _place_beside_task_state(hook, ti, in_task_state, needs_ledger=needs_ledger)
    else:
        place = _place_without_task_state(hook, ti, needs_ledger=needs_ledger)
    if place is _Place.LEDGER:
        with closing(ledgers.open_for_sending(hook.settings, hook.nusawa_conn_id)) as ledger:
            yield _in_ledger(ledger, hook.settings, ti, key, heed_suppressions)
    else:
        yield in_task_state or Forgetful()


class _Place(Enum):
    """Where a try looks for the tries before, and keeps its own journal."""

    LEDGER = "ledger"
    TASK_STATE = "task state"
    NOWHERE = "nowhere"  # a first try may do without


def _place_beside_task_state(hook: NusaWaHook, ti: Any, state: TaskStateStore, *, needs_ledger: bool) -> _Place:
    """Choose where Airflow keeps task state.

    :raises AirflowFailException: if the ledger is needed, and the tries before are in task state.
    """
    from airflow_provider_nusawa import ledgers

    is_later = ti.try_number > 1
    if is_later and state.holds_earlier_tries():
        # Where they are is where it goes on: a ledger that was named since knows nothing of them.
        if needs_ledger:
            raise AirflowFailException(_OUT_OF_THE_LEDGERS_SIGHT.format(ti.try_number))
        return _Place.TASK_STATE
    if needs_ledger or ledgers.is_named(hook.settings):
        return _Place.LEDGER
    # Also where none is named any more: tries before may be on record there.
    return _Place.LEDGER if is_later and ledgers.is_noted(hook.nusawa_conn_id) else _Place.TASK_STATE


def _place_without_task_state(hook: NusaWaHook, ti: Any, *, needs_ledger: bool) -> _Place:
    """Choose below Airflow 3.3, where nothing but a ledger remembers.

    :raises AirflowFailException: for a later try, if the tries before were on other machines and had no ledger.
    """
    from airflow_provider_nusawa import ledgers

    is_later = ti.try_number > 1
    if needs_ledger or not ledgers.remote_executor():
        return _Place.LEDGER
    if ledgers.is_named(hook.settings) and (not is_later or ledgers.is_noted(hook.nusawa_conn_id)):
        return _Place.LEDGER
    if is_later:
        raise AirflowFailException(_FORGOTTEN.format(ti.try_number))
    return _Place.NOWHERE


def _in_ledger(ledger: Ledger, settings: Settings, ti: Any, key: str, heed_suppressions: bool) -> LedgerStore:
    from airflow_provider_nusawa.ledger.journal_store import LedgerStore

    # The key alone: neither another run nor another place in a map makes another message.
    identity = (key,) if key else (ti.dag_id, ti.run_id, ti.task_id)
    place = -1 if key else getattr(ti, "map_index", -1)
    return LedgerStore(ledger, settings.account, *identity, map_index=place, heed_suppressions=heed_suppressions)


def _key(rendered: Any) -> str:
    if rendered is None:
        return ""
    if key := str(rendered).strip():
        return key
    raise AirflowFailException(
        "idempotency_key was rendered to an empty text, which would be the same key for everything. Nothing was "
        "sent. Mend the template, or leave the key out."
    )


_OUT_OF_THE_LEDGERS_SIGHT = (
    "This is try {}, and the tries before are on record in Airflow's task state, of which the ledger knows nothing: "
    "idempotency_key or heed_suppressions was set since. Nothing was sent. Look at their logs, then trigger a new run "
    "for those who were left out."
)
_FORGOTTEN = (
    "This is try {}, and nothing here remembers whom the tries before have messaged: this Airflow keeps no task state, "
    "and the connection names no ledger. Nothing was sent now. Look at their logs, then trigger a new run for those "
    "who were left out. From then on it is remembered with ledger_conn_id in the connection's extra, or on Airflow 3.3 "
    "or later."
)
