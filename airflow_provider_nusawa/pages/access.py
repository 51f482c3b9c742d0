"""Who may look: whoever Airflow has logged in and lets see the runs of all Dags. Both questions are Airflow's."""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import HTTPException


def may_look(user: GetUserDep) -> BaseUser:
    """Let the user pass who may read Dag runs, whose logs and XComs tell of campaigns too.

    :raises HTTPException: 401 by Airflow itself without a valid login; 403 without that permission.
    """
    if not get_auth_manager().is_authorized_dag(method="GET", access_entity=DagAccessEntity.RUN, user=user):
        raise HTTPException(403, "You may not see the runs of Dags, and so no campaigns.")
    return user


def login_url() -> str:
    return str(get_auth_manager().get_url_login())
