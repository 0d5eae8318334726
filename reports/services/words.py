"""What a report needs besides figures: the contract's own words, titles, calendars, glossary."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from contracts.domain.calendars import holidays_of
from contracts.domain.terms import ALWAYS, Calendar, Joint
from contracts.models import ContractVersion
from contracts.rules import Rules
from reports import queries
from reports.domain.month_tickets import column_of
from reports.domain.plain import plain

Facts = dict[str, Any]
BEFORE = timedelta(days=31)  # a missed clock may have started in the month before


def words_of(
    facts: Facts, versions: Sequence[ContractVersion], rules: Mapping[int, Rules]
) -> Facts:
    """Return the contract's own words, in its languages, for the codes that the facts name."""
    clauses = {each["clause"] for each in facts["scope"]["tickets"]}
    clauses |= {line["clause"] for line in facts["cost"]["lines"]}
    clauses |= column_of(facts, "clause")
    systems = _systems(facts)
    words: Facts = {"clauses": {}, "systems": {}}
    for version in versions:
        terms = rules[version.pk].terms
        words["clauses"] |= {c.id: dict(c.text) for c in terms.scope.clauses if c.id in clauses}
        words["systems"] |= {s.key: dict(s.name) for s in terms.systems if s.key in systems}
    return plain(words)


def _systems(facts: Facts) -> set[str]:
    insight = facts["insight"]
    rows = [*facts["patterns"], *facts["open_items"], *facts["releases"]["rows"]]
    rows += [*insight["emphasis"]["advice"], *facts["monitoring"]["availability"]["rows"]]
    rows += facts["monitoring"]["security"]["rows"]
    listed = column_of(facts, "system") | {row["system"] for row in rows}
    return {each["key"] for each in facts["volumes"]["by_system"]} | listed


def titles_of(
    keys: Collection[str], frozen: Mapping[str, str] | None, read: Mapping[str, str]
) -> dict[str, str]:
    """Return the titles of the month's tickets: as they were frozen, or as they are read now."""
    if frozen is not None:
        return {key: frozen[key] for key in sorted(keys) if key in frozen}
    more = queries.titles_of(missing) if (missing := [k for k in keys if k not in read]) else {}
    return {key: read[key] if key in read else more[key] for key in sorted(keys)}


# --- calendars ---


def calendars_of(
    facts: Facts, versions: Sequence[ContractVersion], rules: Mapping[int, Rules], month: date
) -> dict[str, Facts]:
    """Return the service hours on which the misses were counted, with their closed days then."""
    names = {miss["hours"] for miss in facts["sla"]["misses"]} - {ALWAYS, ""}
    if not versions:
        return {}
    known = rules[versions[-1].pk]
    return plain(
        {name: _calendar(known, name, month) for name in sorted(names) if name in known.terms.hours}
    )


def _calendar(rules: Rules, name: str, month: date) -> Facts:
    hours = rules.terms.hours[name]
    if isinstance(hours, Joint):
        return {"joint": list(hours.intersect)}
    return _days(rules, name, hours, month)


def _days(rules: Rules, name: str, hours: Calendar, month: date) -> Facts:
    written = hours.model_dump(mode="json")
    first, last = (month - BEFORE), (month + BEFORE)
    closed = holidays_of(rules.terms, name, rules.holidays)
    return {
        "timezone": hours.timezone,
        "week": written["week"],
        "holidays": sorted(day for day in closed if first <= day <= last),
        "special": {day: written["special"][day] for day in sorted(written["special"])
                    if first <= date.fromisoformat(day) <= last},
    }  # fmt: skip


# --- glossary ---

ALWAYS_EXPLAINED = (
    "band", "basis_points", "business_day", "card", "effective_rate", "handoff", "on_offer",
    "open", "pattern", "return", "round_trip", "standing_still", "void", "watched",
)  # fmt: skip


def glossary_of(facts: Facts) -> list[str]:
    """Return the codes of the terms that this report uses, `kind.code`; its words are the page's."""
    return sorted({f"term.{code}" for code in ALWAYS_EXPLAINED} | set(_used(facts)))


def _used(facts: Facts) -> Iterator[str]:
    yield from (f"obligation.{row['obligation']}" for row in facts["sla"]["rows"])
    yield from (f"outcome.{row['key']}" for row in facts["volumes"]["by_outcome"])
    yield from (f"activity.{row['key']}" for row in facts["volumes"]["by_activity"] if row["key"])
    yield from (f"charge.{row['key']}" for row in facts["effort"]["by_charge"])
