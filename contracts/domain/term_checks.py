"""References inside the terms: every name must mean something that the same document names."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from contracts.domain.money import EXPONENTS
from contracts.domain.term_errors import not_one_of
from contracts.domain.time_terms import Calendar, Joint
from contracts.domain.vocabulary import CLIENT_ROLES, VENDOR_ROLES, Role

if TYPE_CHECKING:
    from contracts.domain.terms import Terms

ALWAYS = "always"


def errors_of(terms: "Terms") -> list[str]:
    """Return one sentence for each name that refers to nothing or stands twice."""
    checks = (_basics, _texts, _hours, _responsibilities, _scope, _time, _cost)
    return [f"{path}: {error}" for check in checks for path, error in check(terms)]


def _basics(terms: "Terms") -> Iterator[tuple[str, str]]:
    if terms.currency not in EXPONENTS:
        yield "currency", not_one_of(terms.currency, "currencies", EXPONENTS)
    if not is_zone(terms.timezone):
        yield "timezone", _no_zone(terms.timezone)
    yield from _twice("systems", "key", [system.key for system in terms.systems])


def _texts(terms: "Terms") -> Iterator[tuple[str, str]]:
    named = [
        *((f"systems[{i}].name", system.name) for i, system in enumerate(terms.systems)),
        *((f"scope.classify[{i}].ask", q.ask) for i, q in enumerate(terms.scope.classify)),
        *((f"scope.clauses[{i}].text", c.text) for i, c in enumerate(terms.scope.clauses)),
    ]
    for path, texts in named:
        yield from _unknown(path, texts, "languages", terms.languages)


def _hours(terms: "Terms") -> Iterator[tuple[str, str]]:
    calendars = [name for name, hours in terms.hours.items() if isinstance(hours, Calendar)]
    for name, hours in terms.hours.items():
        if name == ALWAYS:
            yield f"hours.{name}", "'always' is built in: choose another name"
        if isinstance(hours, Joint):
            known = [*calendars, ALWAYS]
            yield from _unknown(f"hours.{name}.intersect", hours.intersect, "calendars", known)
        elif not is_zone(hours.timezone):
            yield f"hours.{name}.timezone", _no_zone(hours.timezone)


def _responsibilities(terms: "Terms") -> Iterator[tuple[str, str]]:
    seen: dict[str, int] = {}
    for index, responsibility in enumerate(terms.responsibilities):
        for activity in responsibility.activities:
            if activity in seen:
                path = f"responsibilities[{index}].activities"
                yield path, f"'{activity}' stands in responsibilities[{seen[activity]}]: keep one"
            seen.setdefault(activity, index)


def _scope(terms: "Terms") -> Iterator[tuple[str, str]]:
    yield from _twice("scope.clauses", "id", [clause.id for clause in terms.scope.clauses])
    pools = [pool.key for pool in terms.cost.pools]
    for index, clause in enumerate(terms.scope.clauses):
        path = f"scope.clauses[{index}]"
        systems = clause.when.system
        yield from _unknown(f"{path}.when.system", systems, "systems", terms.system_keys())
        environments = clause.when.environment
        known = terms.environments_of(systems)
        yield from _unknown(f"{path}.when.environment", environments, "environments", known)
        if clause.then.pool is not None:
            yield from _unknown(f"{path}.then.pool", [clause.then.pool], "pools", pools)


def _time(terms: "Terms") -> Iterator[tuple[str, str]]:
    names = [ALWAYS, *terms.hours]
    if terms.time.hours is not None:
        yield from _unknown("time.hours", [terms.time.hours], "hours", names)
    for index, target in enumerate(terms.time.targets):
        path = f"time.targets[{index}]"
        yield from _unknown(f"{path}.system", target.system, "systems", terms.system_keys())
        if target.hours is not None:
            yield from _unknown(f"{path}.hours", [target.hours], "hours", names)
        if target.default_owner is not None:
            owner = [target.default_owner]
            yield from _unknown(f"{path}.default_owner", owner, "vendor roles", _in_order(True))


def _cost(terms: "Terms") -> Iterator[tuple[str, str]]:
    yield from _twice("cost.pools", "key", [pool.key for pool in terms.cost.pools])
    estimates = terms.cost.estimates
    limits, authority = estimates.approval_limits, estimates.client_authority
    path = "cost.estimates"
    yield from _unknown(f"{path}.approval_limits", limits, "vendor roles", _in_order(True))
    yield from _unknown(f"{path}.client_authority", authority, "client roles", _in_order(False))


def _in_order(vendor: bool) -> list[str]:
    return [role for role in Role if role in (VENDOR_ROLES if vendor else CLIENT_ROLES)]


def _unknown(
    path: str, names: Iterable[str] | None, what: str, known: Iterable[str]
) -> Iterator[tuple[str, str]]:
    known = list(known)
    for name in names or ():
        if name not in known:
            yield path, not_one_of(name, what, known)


def _twice(path: str, field: str, names: list[str]) -> Iterator[tuple[str, str]]:
    for index, name in enumerate(names):
        if name in names[:index]:
            first = names.index(name)
            yield f"{path}[{index}].{field}", f"'{name}' is the {field} of {path}[{first}] already"


def is_zone(name: str) -> bool:
    """Return whether the tz database knows `name`."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return bool(name)


def _no_zone(name: str) -> str:
    return f"'{name[:60]}' is not a time zone: write a name such as Asia/Tokyo"
