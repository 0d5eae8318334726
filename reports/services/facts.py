"""
The facts of a month: figures made from rows and rules, nothing else (design.md section 10).

They hold codes and parameters, never sentences; whole numbers, text and lists; instants in UTC.
Only what happened before the month's end is looked at, and only tickets that the report could
know, so facts made again later have the same bytes. The cover and the ticket titles are labels:
they are frozen with the facts, and a report made again keeps them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from contracts.domain.canonical import canonical
from contracts.domain.statement import AuthorityKind
from contracts.models import ContractVersion, Period
from contracts.rules import Rules, rules_of
from reports import queries
from reports.domain import metrics
from reports.domain.metrics import ClockResult, Happened, Holding, Life, Result, Step, Verdict
from reports.domain.plain import plain
from reports.queries import Reach
from reports.services.chain import Chain
from reports.services.clocks import clock_results
from reports.services.costs import cost_facts

SCHEMA = 1
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cover:
    """What is written on the report and does not come from the month's own rows."""

    tenant_code: str
    tenant_name: str
    contract: str
    number: str
    title: str
    revision: int
    draft: bool
    previous_sha256: str
    last_ticket: int
    titles: Mapping[str, str] | None = field(default=None)

    @classmethod
    def of(
        cls, period: Period, *, revision: int = 1, previous_sha256: str = "", draft: bool = False
    ) -> "Cover":
        """Return the cover of a report that is made now."""
        contract, tenant = period.contract, period.contract.tenant
        return cls(
            tenant_code=tenant.code,
            tenant_name=tenant.name,
            contract=contract.public_id,
            number=contract.number,
            title=contract.title,
            revision=revision,
            draft=draft,
            previous_sha256=previous_sha256,
            last_ticket=queries.last_ticket_now(),
        )

    @classmethod
    def from_facts(cls, facts: Facts) -> "Cover":
        """Return the cover of stored facts, to make them again."""
        return cls(**facts["cover"], titles=facts["titles"])

    def to_dict(self) -> dict[str, Any]:
        names = (name for name in self.__dataclass_fields__ if name != "titles")
        return {name: getattr(self, name) for name in names}


def facts_of(
    period: Period,
    cover: Cover | None = None,
    chain: Chain | None = None,
    until: datetime | None = None,
) -> Facts:
    """
    Return the facts of a month, the same for the same rows whenever it is called.

    A draft looks only at what happened `until` now, where the month has not ended.

    :raises RateMissing: if work must be billed and no rate was agreed.
    """
    cover = cover or Cover.of(period)
    chain = chain or Chain(period.contract_id, cover.previous_sha256)
    versions = queries.versions(period)
    reach = Reach(
        contract_id=period.contract_id,
        starts_at=period.starts_at,
        ends_at=min(until or period.ends_at, period.ends_at),
        last_ticket=cover.last_ticket,
        known_ticket=chain.known_ticket(period.month),
    )
    lives, titles = _lives(reach)
    rules = {version.pk: rules_of(version) for version in versions}
    clocks = list(clock_results(reach, lives, rules))
    results = metrics.results_for_credits(clocks)
    cost, amounts = cost_facts(period, results, chain)
    adjusting = sum(each["minutes"] for each in cost["adjustments"])
    alive = [life for life in lives.values() if metrics.is_alive(life)]
    charged = [(piece["kind"], piece["raw_minutes"]) for piece in cost["charged"]]
    held = _held(cost["charged"])
    figures = {
        "sla": _sla(clocks, versions, rules),
        "waiting": metrics.waiting(alive, reach.ends_at),
        "flow": metrics.flow(alive, reach.ends_at),
        "volumes": metrics.volumes(alive),
        "scope": metrics.scope_figures(alive, reach.ends_at, held),
        "hot_potato": metrics.hot_potato(alive),
        "patterns": metrics.patterns(alive),
        "effort": metrics.effort_figures(queries.effort(period), charged, amounts, adjusting),
        "cost": cost,
    }
    facts = plain(
        {
            "schema": SCHEMA,
            "cover": cover.to_dict(),
            "month": _month(period) | {"told_until": reach.ends_at},
            "versions": _versions(period, versions),
            **figures,
        }
    )
    facts["summary"] = _summary(facts)
    facts["words"] = _words(facts, versions, rules)
    facts["titles"] = _titles(facts, titles if cover.titles is None else cover.titles)
    return facts


def text_of(facts: Facts) -> str:
    """Return the bytes that are stored and hashed."""
    return canonical(facts)


# --- rows to lives ---


def _lives(reach: Reach) -> tuple[dict[int, Life], dict[str, str]]:
    """Return the tickets of the month by id, in the order of their numbers, and their titles."""
    verdicts = _by_ticket(queries.verdicts(reach), _verdict)
    holdings = _by_ticket(queries.holdings(reach), lambda *row: Holding(*row))
    happened = _by_ticket(queries.happenings(reach), _happened)
    lives, titles = {}, {}
    for pk, key, number, kind, title, symptom, received_at in queries.tickets(reach):
        late = reach.is_late(number, received_at)
        titles[key] = title
        lives[pk] = Life(
            key=key,
            type=kind,
            symptom=symptom,
            received_at=received_at,
            since=received_at if late else reach.starts_at,
            received=late or received_at >= reach.starts_at,
            registered_late=late,
            happened=tuple(happened.get(pk, ())),
            verdicts=tuple(verdicts.get(pk, ())),
            holdings=tuple(holdings.get(pk, ())),
        )
    return lives, titles


def _by_ticket(rows: Iterator[tuple], make) -> dict[int, list]:
    found: defaultdict[int, list] = defaultdict(list)
    for pk, *values in rows:
        found[pk].append(make(*values))
    return found


def _verdict(at, stage, outcome, pending, clause, activity, kind, priority, system) -> Verdict:
    return Verdict(
        at=at,
        stage=stage,
        outcome=metrics.PENDING if pending else outcome,
        clause=clause,
        activity=activity,
        priority=priority or "",
        system=system or "",
        kind=kind,
    )


def _happened(verb: str, at, cause: str | None) -> Happened:
    return Happened(Step(verb), at, cause or "")


# --- parts of the document ---


def _month(period: Period) -> Facts:
    contract = period.contract
    return {
        "month": f"{period.month:%Y-%m}",
        "timezone": contract.timezone,
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "closes_at": period.closes_at,
    }


def _versions(period: Period, versions: Sequence[ContractVersion]) -> list[Facts]:
    return [
        {"number": v.number, "sha256": v.sha256, "effective_on": v.effective_on}
        for v in queries.versions_during(period, versions)
    ]


def _sla(
    clocks: Iterable[ClockResult], versions: Sequence[ContractVersion], rules: Mapping[int, Rules]
) -> Facts:
    clocks = list(clocks)
    rows = metrics.sla_rows(clocks)
    listed = {
        name: [clock for clock in clocks if clock.result is result]
        for name, result in (
            ("misses", Result.MISSED),
            ("void", Result.VOID),
            ("open", Result.OPEN),
        )
    }
    commitment = rules[versions[-1].pk].terms.time.commitment if versions else "goal"
    return {
        "commitment": commitment,
        "rows": rows,
        "totals": metrics.sla_totals(rows),
        "credited": metrics.results_for_credits(clocks),
        **listed,
    }


def _held(charged: Iterable[Facts]) -> dict[str, int]:
    """Return the minutes without authority by ticket, as the statement has them."""
    held: Counter[str] = Counter()
    for piece in charged:
        if piece["kind"] == AuthorityKind.HELD:
            held[piece["ticket"]] += piece["raw_minutes"]
    return dict(held)


def _summary(facts: Facts) -> Facts:
    """Return the few figures of the list of reports and of the first lines."""
    sla, cost = facts["sla"]["totals"], facts["cost"]
    return {
        "received": facts["volumes"]["received"],
        "out_of_scope": facts["scope"]["out_of_scope"],
        "met": sla["met"],
        "missed": sla["missed"],
        "basis_points": sla["basis_points"],
        "minutes": facts["effort"]["minutes"],
        "held_minutes": cost["held_minutes"],
        "total": cost["total"],
        "currency": cost["currency"],
    }


def _words(facts: Facts, versions: Sequence[ContractVersion], rules: Mapping[int, Rules]) -> Facts:
    """Return the contract's own words, in its languages, for the codes that the facts name."""
    clauses = {each["clause"] for each in facts["scope"]["tickets"]}
    clauses |= {line["clause"] for line in facts["cost"]["lines"]}
    systems = {each["key"] for each in facts["volumes"]["by_system"]}
    systems |= {each["system"] for each in facts["patterns"]}
    words: Facts = {"clauses": {}, "systems": {}}
    for version in versions:
        terms = rules[version.pk].terms
        words["clauses"] |= {c.id: dict(c.text) for c in terms.scope.clauses if c.id in clauses}
        words["systems"] |= {s.key: dict(s.name) for s in terms.systems if s.key in systems}
    return plain(words)


def _titles(facts: Facts, titles: Mapping[str, str]) -> dict[str, str]:
    """Return the titles of the tickets that are listed one by one."""
    sla = facts["sla"]
    rows = [*sla["misses"], *sla["open"], *sla["void"]]
    rows += [*facts["scope"]["tickets"], *facts["hot_potato"]["tickets"]]
    keys = {row["ticket"] for row in rows}
    keys |= {*facts["scope"]["pending"], *facts["scope"]["undecided"]}
    return {key: titles[key] for key in sorted(keys) if key in titles}


def month_of(facts: Facts) -> date:
    return date.fromisoformat(f"{facts['month']['month']}-01")
