"""The text of a campaign: a sandboxed Jinja template over a row's columns and ``values``. Rows are never templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from airflow_provider_nusawa.campaign.errors import TextUnfit
from airflow_provider_nusawa.campaign.quick_text import quick_render
from airflow_provider_nusawa.gateway.errors import InvalidMessage
from airflow_provider_nusawa.gateway.messages import check_text
from airflow_provider_nusawa.ledger.compact_json import compact

_BLANK = (None, "")


class _Missing(StrictUndefined):
    """What a row does not have: an error wherever it is used, but for ``default`` and ``is defined``."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        name = self._undefined_name
        owner = "the row" if self._undefined_obj is missing else "what it is taken from"
        return f"the text asks for {name!r}, which {owner} does not have"


class _Blank(Undefined):
    """What is empty in a row: it may be asked whether it is, and compared, but not printed."""

    __slots__ = ()

    def __str__(self) -> str:
        raise UndefinedError(self._undefined_message)

    def __eq__(self, other: object) -> bool:
        return other in _BLANK or isinstance(other, _Blank)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = Undefined.__hash__


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja, in which what stands in a dict goes before what a dict can do: ``values.items`` is a value."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if type(obj) is dict and attribute in obj else super().getattr(obj, attribute)


def _printable(value: Any) -> Any:
    """Let nothing into a message that only a program would say."""
    if type(value) is str or isinstance(value, Undefined):
        return value  # an undefined one says by itself what is wrong
    if value is None or callable(value):
        raise UndefinedError(f"the text would print {'None' if value is None else 'a function'}")
    return value


_ENVIRONMENT = _Environment(undefined=_Missing, finalize=_printable)
# What a forgotten column must not be mistaken for.
_ENVIRONMENT.globals = {name: _ENVIRONMENT.globals[name] for name in ("range", "namespace")}


class Text:
    """One text, to be rendered for each recipient, with the same result whenever that is.

    A column of the row is there by its name, and by ``row["Nama Lengkap"]`` where that is no word; what the campaign's
    author gave for all rows is there as ``values.name``. An empty column is an error where it would be printed, and
    may be asked for: ``{% if nama %}``, ``{{ nama | default("Bapak/Ibu") }}``.

    :param values: What JSON can hold; the rest, such as dates, is taken as text.
    :raises TextUnfit: if it is no template, or the values are none.
    """

    def __init__(self, template: str, values: Mapping[str, Any] | None = None) -> None:
        self.template = template
        self.values: dict[str, Any] = _as_recorded(values or {})
        try:
            compiled = _ENVIRONMENT.from_string(template)
        except TemplateSyntaxError as error:
            raise TextUnfit(f"the text is no template in line {error.lineno} ({error.message})") from error
        self._quick = quick_render(_ENVIRONMENT.parse(template), self.values)
        self._context = compiled.new_context
        self._parts = compiled.root_render_func
        self._same = {**_ENVIRONMENT.globals, "values": _marked(self.values)}

    def render(self, fields: Mapping[str, Any]) -> str:
        """Return the text for one row, fit to be sent.

        :raises InvalidMessage: saying what the row lacks, or what is wrong with the text; without what it says.
        """
        text = self._quick(fields) if self._quick else None
        if text is None:
            text = self._render(fields)
        check_text(text)
        return text

    def _render(self, fields: Mapping[str, Any]) -> str:
        row = _marked(fields)
        context = self._context({**self._same, **row, "row": row}, shared=True)
        try:
            return "".join(self._parts(context))
        except UndefinedError as error:
            raise InvalidMessage(str(error.message)) from None
        except Exception as error:  # noqa: BLE001 - a template raises whatever its filters raise, quoting the row
            raise InvalidMessage(f"the text cannot be filled with this row ({type(error).__name__})") from None


def _marked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Put in place of what is empty something that says so when it is used."""
    return {
        name: _Blank(f"{name!r} is empty, and the text asks for it", name=name) if value in _BLANK else value
        for name, value in fields.items()
    }


def _as_recorded(values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = compact(values)
        text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise TextUnfit(f"the values cannot be kept as JSON ({error})") from error
    return dict(json.loads(text))
