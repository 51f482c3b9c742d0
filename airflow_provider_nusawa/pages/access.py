"""Who may look: whoever Airflow has logged in and lets see the runs of all Dags. Both questions are Airflow's."""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import HTTPException

# A campaign belongs to no Dag. Asked of none at all, FAB lets pass whoever may see a single one; so it is asked of one
# that cannot be, its id not being allowed: only who may see all of them may see that.
_ANY_DAG = DagDetails(id="any Dag")


def may_look(user: GetUserDep) -> BaseUser:
    """Let the user pass who may read the runs of all Dags, whose logs and XComs tell of campaigns too.

    :raises HTTPException: 401 by Airflow itself without a valid login; 403 without that permission.
    """
    runs, auth = DagAccessEntity.RUN, get_auth_manager()
    if not auth.is_authorized_dag(method="GET", access_entity=runs, details=_ANY_DAG, user=user):
        raise HTTPException(403, "You may not see the runs of all Dags, and so no campaigns.")
    return user


def login_url() -> str:
    return str(get_auth_manager().get_url_login())
