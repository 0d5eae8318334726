"""Each change between two versions of the terms, said in one line."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.domain.difference import Change
from contracts.domain.terms import text_in

SUBJECTS: dict[str, Promise] = {
    "clause": gettext_lazy("clause %s"),
    "question": gettext_lazy("question to %s"),
    "system": gettext_lazy("system %s"),
    "hours": gettext_lazy("hours %s"),
    "responsibility": gettext_lazy("responsibility for %s"),
    "target": gettext_lazy("target %s"),
    "credit": gettext_lazy("credit %s"),
    "pool": gettext_lazy("hour pool %s"),
}


def sentence(change: Change, language: str = "en") -> str:
    """Return for example `changed: clause S2, quota.count: 5 -> 8`."""
    said = {
        "what": what(change),
        "before": shown(change.before, language),
        "after": shown(change.after, language),
        "place": change.part,
    }
    if change.kind == "added":
        return _("added: %(what)s, at place %(place)s: %(after)s") % said
    if change.kind == "removed":
        return _("removed: %(what)s: %(before)s") % said
    if change.kind == "moved":
        return _("moved: %(what)s, from place %(before)s to %(after)s") % said
    if change.before is None:
        return _("changed: %(what)s: %(after)s is new") % said
    if change.after is None:
        return _("changed: %(what)s: %(before)s is gone") % said
    return _("changed: %(what)s: %(before)s -> %(after)s") % said


def what(change: Change) -> str:
    """Return what changed, such as `clause S2, quota.count` or `cost.monthly_fee`."""
    if change.subject not in SUBJECTS:
        return change.part
    subject = str(SUBJECTS[change.subject]) % change.name
    return f"{subject}, {change.part}" if change.part and change.kind == "changed" else subject


def shown(value: Any, language: str) -> str:
    """Return a value as people write it: a clause by its text, a list with commas."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(shown(item, language) for item in value) or "-"
    if isinstance(value, dict):
        return _shown_mapping(value, language)
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value)


def _shown_mapping(value: dict[str, Any], language: str) -> str:
    for key in ("text", "ask", "name"):
        if key in value:
            said = f"'{text_in(value[key], language)}'"
            rest = {other: item for other, item in value.items() if other != key}
            rest = {other: item for other, item in rest.items() if item not in ({}, [], False)}
            return f"{said} ({_pairs(rest, language)})" if rest else said
    return _pairs(value, language)


def _pairs(value: dict[str, Any], language: str) -> str:
    return ", ".join(
        f"{key}: {{{shown(item, language)}}}"
        if isinstance(item, dict)
        else f"{key}: {shown(item, language)}"
        for key, item in value.items()
    )
