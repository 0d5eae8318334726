"""Reading and writing the terms as YAML: plain data only, and a hostile file is refused."""

import re
from collections.abc import Hashable
from typing import Any, NoReturn

import yaml

MOST_BYTES = 256 * 1024
MOST_DEPTH = 12
_NO_SIGN = "contains characters that YAML does not allow"
_TOO_DEEP = f"is nested more than {MOST_DEPTH} deep"


class YamlRefused(ValueError):
    """The text is not plain YAML data; the message says where and why."""


class _PlainLoader(yaml.CSafeLoader):
    """YAML without merges, dates, sexagesimals and `on`/`off` booleans; see also `_check`."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                _refuse(key_node.start_mark, f"{str(key)[:40]!r} is no name: put it in quotes")
            if key in seen:
                _refuse(key_node.start_mark, f"{key[:40]!r} stands twice: keep one")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


class _PlainDumper(yaml.SafeDumper):
    """Writes what `_PlainLoader` reads: nothing is shared by aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _resolve_plain_scalars() -> None:
    for tag, pattern, first in (
        ("bool", r"true|false", "tf"),
        ("int", r"-?(0|[1-9][0-9]{0,18})", "-0123456789"),
        ("float", r"-?(0|[1-9][0-9]{0,15})\.[0-9]{1,15}", "-0123456789"),
        ("null", r"null|~|", ["n", "~", ""]),
    ):
        expression = re.compile(rf"^(?:{pattern})$")
        _PlainLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", expression, list(first))


_resolve_plain_scalars()


def load(text: str) -> dict[str, Any]:
    """
    Return the mapping that `text` writes, made of dicts, lists, strings, numbers and booleans.

    :raises YamlRefused: if the text is too long or deep, is not one mapping, or is more than data.
    """
    try:
        if len(text.encode()) > MOST_BYTES:
            raise YamlRefused(f"the document is longer than {MOST_BYTES // 1024} kB")
        _check(text)
        document = yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - a SafeLoader with less
    except UnicodeEncodeError:
        raise YamlRefused(_NO_SIGN) from None
    except yaml.YAMLError as error:
        raise YamlRefused(_said(error)) from None
    if not isinstance(document, dict):
        raise YamlRefused("the document is not a mapping: begin with 'terms: 1'")
    return document


def dump(document: dict[str, Any]) -> str:
    """Return `document` as YAML in its own order, which `load` reads back unchanged."""
    return yaml.dump(document, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=100)


def _check(text: str) -> None:
    """Refuse what plain data does not need, event by event, before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            _refuse(event.start_mark, "anchors and aliases are not allowed: write it out")
        if getattr(event, "tag", None):
            _refuse(event.start_mark, "tags are not allowed: remove it")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            _refuse(event.start_mark, _TOO_DEEP)


def _refuse(mark: Any, problem: str) -> NoReturn:
    raise YamlRefused(f"line {mark.line + 1}, column {mark.column + 1}: {problem}")


def _said(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    if problem and "nesting depth" in problem:  # libyaml reads ahead of us and has a limit too
        problem = _TOO_DEEP
    return f"{where}{problem or _NO_SIGN}"
