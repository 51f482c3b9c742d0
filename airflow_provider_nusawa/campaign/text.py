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
from airflow_provider_nusawa.gateway.media import Media
from airflow_provider_nusawa.gateway.messages import NO_OPTIONS, Message, Options, check_text
from airflow_provider_nusawa.ledger.compact_json import compact

_BLANK = (None, "")
THE_TEXT = "the text"


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
    :param media_url: A template of the same kind for the address of a picture or document; empty for none. Where it
        is filled with nothing, the row gets the text alone.
    :raises TextUnfit: if it is no template, or the values are none.
    """

    def __init__(self, template: str, values: Mapping[str, Any] | None = None, media_url: str = "") -> None:
        self.template = template
        self.values: dict[str, Any] = _as_recorded(values or {})
        self.media_url = media_url
        self._text = _Filling(template, self.values, THE_TEXT)
        self._media = _Filling(media_url, self.values, "media_url") if media_url else None

    def render(self, fields: Mapping[str, Any]) -> str:
        """Return the text for one row, fit to be sent.

        :raises InvalidMessage: saying what the row lacks, or what is wrong with the text; without what it says.
        """
        text = self._text.fill(fields)
        check_text(text)
        return text

    def media(self, fields: Mapping[str, Any]) -> Media | None:
        """Return what goes with the text of one row, if anything does.

        :raises InvalidMessage: as ``render``.
        """
        url = self._media.fill(fields).strip() if self._media else ""
        return Media(url=url) if url else None

    def message(self, number: str, fields: Mapping[str, Any], options: Options = NO_OPTIONS) -> Message:
        """Return the message for one row.

        :raises InvalidMessage: as ``render``.
        """
        return Message(number, self.render(fields), self.media(fields), options)


class _Filling:
    """One template, compiled.

    :param name: What it is, for errors.
    """

    def __init__(self, template: str, values: Mapping[str, Any], name: str) -> None:
        self._name = name
        self._prefix = "" if name == THE_TEXT else f"{name}: "
        try:
            compiled = _ENVIRONMENT.from_string(template)
        except TemplateSyntaxError as error:
            raise TextUnfit(f"{name} is no template in line {error.lineno} ({error.message})") from error
        self._quick = quick_render(_ENVIRONMENT.parse(template), values)
        self._context = compiled.new_context
        self._parts = compiled.root_render_func
        self._same = {**_ENVIRONMENT.globals, "values": _marked(values)}

    def fill(self, fields: Mapping[str, Any]) -> str:
        """Return the template filled with a row.

        :raises InvalidMessage: saying what the row lacks; without what it says.
        """
        text = self._quick(fields) if self._quick else None
        return self._fill(fields) if text is None else text

    def _fill(self, fields: Mapping[str, Any]) -> str:
        row = _marked(fields)
        context = self._context({**self._same, **row, "row": row}, shared=True)
        try:
            return "".join(self._parts(context))
        except UndefinedError as error:
            raise InvalidMessage(f"{self._prefix}{error.message}") from None
        except Exception as error:  # noqa: BLE001 - a template raises whatever its filters raise, quoting the row
            raise InvalidMessage(f"{self._name} cannot be filled with this row ({type(error).__name__})") from None


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
