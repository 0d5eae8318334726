"""The versions of a contract, and what one changes against another, clause by clause."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from contracts import difference_words
from contracts.domain.difference import Change, difference
from contracts.domain.terms import Clause, Terms
from contracts.models import ContractVersion
from contracts.rules import rules_of
from contracts.views.shown import shown_contract, version_named

LENGTH = re.compile(r"\d+(m|h|d|bd)")
AMOUNTS = ("cost.monthly_fee", "cost.budget", "cost.rates", "cost.estimates", "overage_rate")


@require_GET
def contract_versions(request: HttpRequest, public_id: str) -> HttpResponse:
    """Compare the version shown with `?against=`, or with the one before it."""
    context = shown_contract(request, public_id)
    shown, versions = context["shown"], context["versions"]
    against = version_named(request.GET.get("against", ""), versions) or before(shown, versions)
    if against and against is not shown:
        context["changes"] = changed(against, shown, money=context["sees_cost"])
    context["against"] = against
    return render(request, "contracts/versions_page.html", context)


def before(
    shown: ContractVersion | None, versions: list[ContractVersion]
) -> ContractVersion | None:
    """Return the version before the one shown; of the first, the one after it."""
    if shown is None or len(versions) < 2:
        return None
    at = versions.index(shown)
    return versions[at - 1] if at else versions[1]


def changed(before: ContractVersion, after: ContractVersion, *, money: bool) -> list["Row"]:
    """Return what one version changes against another; without `money` what a requester may see."""
    old, new = rules_of(before).terms, rules_of(after).terms
    changes = difference(old, new)
    return list(rows_of(changes if money else [c for c in changes if not is_money(c)], old, new))


def is_money(change: Change) -> bool:
    """Return whether a change is of prices, pools or caps alone, which requesters do not see."""
    path = change.part.split(".")
    return change.subject == "pool" or path[0] == "cost" or path[-2:] == ["preapproved", "cap"]


@dataclass(frozen=True, slots=True)
class Side:
    """A value as one version has it: an amount, a length of time, or a text."""

    value: Any
    form: str = "text"


@dataclass(slots=True)
class Row:
    """What changed, and both sides of it; a clause is shown whole."""

    subject: str
    name: str
    part: str = ""
    kinds: list[str] = field(default_factory=list)
    before: Side | Clause | None = None
    after: Side | Clause | None = None
    places: tuple[int, int] | None = None

    @property
    def code(self) -> str:
        """Return the first word of the name: the obligation, the activity or the key."""
        return self.name.split(" ")[0]

    @property
    def rest(self) -> str:
        return self.name.partition(" ")[2]


def rows_of(changes: Iterable[Change], old: Terms, new: Terms) -> Iterator[Row]:
    """Yield the changes in their order, all those of one clause as one row."""
    rows: dict[Any, Row] = {}
    for at, change in enumerate(changes):
        if change.subject != "clause":
            rows[at] = row_of(change)
            continue
        sides = {"before": old.clause(change.name), "after": new.clause(change.name)}
        row = rows.setdefault(change.name, Row("clause", change.name, **sides))
        if change.kind not in row.kinds:
            row.kinds.append(change.kind)
        if change.kind == "moved":
            row.places = change.before, change.after
    yield from rows.values()


def row_of(change: Change) -> Row:
    part = change.part if change.kind == "changed" else ""
    if change.kind == "moved":
        return Row(
            change.subject, change.name, kinds=["moved"], places=(change.before, change.after)
        )
    sides = {"before": side(part, change.before), "after": side(part, change.after)}
    return Row(change.subject, change.name, part, [change.kind], **sides)


def side(part: str, value: Any) -> Side | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and part.startswith(AMOUNTS):
        return Side(value, "amount")
    if isinstance(value, str) and LENGTH.fullmatch(value):
        return Side(value, "length")
    return Side(difference_words.shown(value, get_language() or "en"))
