"""The common text, which only puts columns into place, filled ten times quicker than by Jinja and just like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from jinja2 import nodes

from airflow_provider_nusawa.campaign.rows import RESERVED

Quick = Callable[[Mapping[str, Any]], "str | None"]


def quick_render(tree: nodes.Template, values: Mapping[str, Any]) -> Quick | None:
    """Return a function that fills the text; None if it does more than to name columns and values.

    The function itself returns None for a row that it leaves to Jinja: one that lacks a column, or holds in one
    anything but text that is not empty. A property test proves it equal to Jinja's.
    """
    form: list[str] = []
    names: list[str] = []
    for node in _printed(tree):
        literal = _literal(node, values)
        if literal is not None:
            form.append(literal.replace("%", "%%"))
        elif isinstance(node, nodes.Name) and node.name not in RESERVED:
            form.append("%s")
            names.append(node.name)
        else:
            return None
    return _filler("".join(form), names)


def _printed(tree: nodes.Template) -> Iterator[nodes.Node | None]:
    for node in tree.body:
        if isinstance(node, nodes.Output):
            yield from node.nodes
        else:
            yield None


def _literal(node: nodes.Node | None, values: Mapping[str, Any]) -> str | None:
    """Return what is the same in every row."""
    if isinstance(node, nodes.TemplateData):
        return node.data
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name == "values":
        value = values.get(node.attr)
        return value if isinstance(value, str) and value else None
    return None


def _filler(form: str, names: list[str]) -> Quick:
    # Of one name, itemgetter returns no tuple.
    pick = itemgetter(*names) if len(names) > 1 else lambda fields: tuple(fields[name] for name in names)

    def fill(fields: Mapping[str, Any]) -> str | None:
        try:
            found = pick(fields)
            "".join(found)  # raises TypeError unless all are text
        except (KeyError, TypeError):
            return None
        return None if "" in found else form % found

    return fill
