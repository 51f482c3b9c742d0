"""The template of a text, from a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


def read_template(text_path: str, context: Context) -> str:
    """Return a template as it stands.

    :param text_path: Absolute, or found as Airflow finds template files: beside the Dag, or in ``template_searchpath``.
    :raises InvalidMessage: saying where it was looked for: no retry finds it either.
    """
    from airflow_provider_nusawa.gateway.errors import InvalidMessage

    where = ""
    try:
        if Path(text_path).is_absolute():
            return Path(text_path).read_text(encoding="utf-8")
        environment: Any = context["dag"].get_template_env(force_sandboxed=True)
        folders = ", ".join(getattr(environment.loader, "searchpath", ()))
        where = f"; it was looked for in {folders}: put it there, or name it by an absolute path"
        return str(environment.loader.get_source(environment, text_path)[0])
    except UnicodeDecodeError as error:
        raise InvalidMessage(f"text_path {text_path!r} is not UTF-8 text") from error
    except OSError as error:  # jinja's TemplateNotFound is one
        why = error.strerror or "there is no such file"
        raise InvalidMessage(f"text_path {text_path!r} cannot be read ({why}){where}") from error
