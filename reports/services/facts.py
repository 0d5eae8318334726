"""
The facts of a month: figures made from rows and rules, nothing else (design.md section 10).

They hold codes and parameters, never sentences; whole numbers, text and lists; instants in UTC.
Money is minor units of `cost.currency`, shares are basis points. The keys, a section each:

    schema, cover, month, versions, summary     what this report is
    sla         rows, totals, credited, misses (each with `stretches` and `held`), void, open
    calendars   by name: the service hours of the misses, with closed days (`joint`: of others)
    waiting, flow, volumes, hot_potato, effort
    cost        the statement; charged: every piece of work with its stream and worth; late: work of
                closed months that was told in this one, `counts` where its minutes are this month's
    scope       as before; each ticket has `estimates`, and `estimates` are all that moved in the
                month: ticket, estimate, step (sent, accepted, declined, expired, withdrawn,
                cancelled, delivered, delivery_accepted, delivery_refused), at, sent_at, revision,
                amount
    patterns    system, symptom, count, minutes, worth, fix {source, amount, minutes, sample,
                estimate}, pays_back_months, tickets
    open_items  every open ticket: ticket, type, priority, system, activity, outcome, received_at,
                age_days, state, tier, team; as many as `flow.open_after`
    releases    watched_days; rows: name, kind, system, released_at, documents, fixes,
                incidents_after
    routines    due, on_time, late, missed; rows: title, kind, system, and the same, proofs;
                misses: title, system, due_on, closes_at, done_at (of a late one)
    monitoring  availability  rows: system, hours (their name), agreed_seconds, maintenance_seconds,
                              down_seconds, unwatched_seconds, outages, basis_points (rounded down),
                              at_least (were it down while unwatched); intervals: system, kind
                              (outage, silence), ticket, starts_at, ends_at (none: it lasts), seconds
                              (as counted); maintenance: system, starts_at, ends_at, reason, seconds
                alerts     heard = opened + folded + held_back + lost; silences (of heard), by_itself
                           (of the tickets), noise; response; by_source: the same for each; tickets:
                           ticket, source, alerts, opened, by_itself, response_seconds; windows
                security   opened, closed, missed (in the month), open, overdue, accepted (at its
                           end); by_severity: the same; rows: every finding with its state then
    insight     split      band; minutes and worth: operation, maintenance, basis_points (of
                           maintenance), state (below, within, above the band, or empty)
                emphasis   towards (operation, maintenance, balanced); advice: code, towards,
                           system, count, tickets, said {the parameters of its sentence}
                hot_potato disputes, returns, on_offer_seconds, round_trip_seconds, still_seconds,
                           minutes, worth; tickets: the same for each
                fee        fee, minutes, worth, effective_rate, card_rate, basis_points,
                           unrated_minutes; by_tier and by_kind: key, minutes, worth
                trend      twelve months at most, this one last: month, received, out_of_scope,
                           open_after, met, missed, bugs, slow, operation_minutes,
                           maintenance_minutes, returns, lost_minutes, releases, held_minutes, total
    tickets     columns; rows: every ticket of the month, values in the order of the columns
                (`reports.domain.month_tickets`): the list that the figures count
    audit       position and sha256 of the client's audit chain when the report was made; days:
                day, position, sha256 of the link with which each day ended
    glossary    codes of the terms it uses: obligation.*, outcome.*, activity.*, charge.*, term.*
    words, titles                               the contract's own words, and ticket titles

Only what happened before the month's end is looked at, and only tickets that the report could
know, so facts made again later have the same bytes. The cover and the ticket titles are labels:
they are frozen with the facts, and a report made again keeps them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from contracts.domain.canonical import canonical
from contracts.domain.statement import AuthorityKind, SlaResult
from contracts.models import ContractVersion, Period
from contracts.rules import Rules, rules_of
from contracts.services import month_facts
from reports import queries
from reports.domain import metrics
from reports.domain.metrics import Clock, Life, Result
from reports.domain.month_tickets import keys_in, month_tickets
from reports.domain.open_items import open_items
from reports.domain.plain import plain
from reports.queries import Reach
from reports.services.audit_heads import audit_heads
from reports.services.chain import Chain
from reports.services.clocks import clock_results
from reports.services.collecting import without_collecting
from reports.services.costs import Costs, cost_facts
from reports.services.insight import insight_of, offers_of, releases_of
from reports.services.lives import lives_of
from reports.services.monitoring import monitoring_of
from reports.services.routines import routines_of
from reports.services.words import calendars_of, glossary_of, titles_of, words_of
from tenants.audit_chain import head

SCHEMA = 5
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
    last_link: int = 0  # place in the client's audit chain
    corrects: Mapping[str, Any] | None = None  # revision, sha256 and reason, of a correction
    titles: Mapping[str, str] | None = field(default=None)
    timezone: str = ""  # of the contract then; it, too, may be another one now

    @classmethod
    def of(
        cls,
        period: Period,
        *,
        revision: int = 1,
        previous_sha256: str = "",
        draft: bool = False,
        last_ticket: int | None = None,
        last_link: int | None = None,
        corrects: Mapping[str, Any] | None = None,
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
            last_ticket=queries.last_ticket_now() if last_ticket is None else last_ticket,
            last_link=head(period.tenant_id)[0] if last_link is None else last_link,
            corrects=corrects,
        )

    @classmethod
    def from_facts(cls, facts: Facts) -> "Cover":
        """Return the cover of stored facts, to make them again."""
        zone = facts["month"]["timezone"]
        return cls(**facts["cover"], titles=facts["titles"], timezone=zone)

    def to_dict(self) -> dict[str, Any]:
        names = (
            name
            for name in self.__dataclass_fields__
            if name not in ("titles", "corrects", "timezone")
        )
        corrects = {"corrects": dict(self.corrects)} if self.corrects else {}
        return {name: getattr(self, name) for name in names} | corrects


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
    with without_collecting():
        return _facts_of(period, cover, chain, until)


def _facts_of(
    period: Period, cover: Cover | None, chain: Chain | None, until: datetime | None
) -> Facts:
    cover = cover or Cover.of(period)
    if cover.timezone:
        period.contract.timezone = cover.timezone  # of this one object: no row is written
    chain = chain or Chain(period.contract_id, cover.previous_sha256)
    versions = month_facts.versions(period)
    reach = Reach(
        contract_id=period.contract_id,
        starts_at=period.starts_at,
        ends_at=min(until or period.ends_at, period.ends_at),
        last_ticket=cover.last_ticket,
        known_ticket=chain.known_ticket(period.month),
    )
    lives, titles = lives_of(reach, cover.titles)
    rules = {version.pk: rules_of(version) for version in versions}
    clocks = list(clock_results(reach, lives, rules))
    credited = metrics.results_for_credits(clocks)
    costs = cost_facts(period, credited, chain)
    alive = [life for life in lives.values() if metrics.is_alive(life)]
    figures = _figures(period, reach, alive, costs)
    insight = insight_of(
        f"{period.month:%Y-%m}",
        reach,
        figures,
        alive,
        clocks,
        costs.pieces,
        rules[versions[-1].pk] if versions else None,
        _trend_before(chain, period),
    )
    facts = plain(
        {
            "schema": SCHEMA,
            "cover": cover.to_dict(),
            "month": _month(period) | {"told_until": reach.ends_at},
            "versions": _versions(period, versions),
            "sla": _sla(clocks, credited, versions, rules),
            **figures,
            "monitoring": monitoring_of(period, reach, lives, clocks, versions, rules),
            "insight": insight,
            "audit": audit_heads(period, cover.last_link, reach.ends_at),
            "tickets": month_tickets(alive, lives.values(), clocks, costs.pieces, reach.ends_at),
        }
    )
    facts["summary"] = _summary(facts)
    facts["words"] = words_of(facts, versions, rules)
    facts["calendars"] = calendars_of(facts, versions, rules, period.month)
    facts["glossary"] = glossary_of(facts)
    facts["titles"] = titles_of(keys_in(facts["tickets"]), cover.titles, titles)
    return facts


def _figures(period: Period, reach: Reach, alive: list[Life], costs: Costs) -> dict[str, Any]:
    """Return what the month counts, each key a section of the report."""
    cost = costs.document
    adjusting = sum(each["minutes"] for each in cost["late"] if each["counts"])
    charged = [(piece["kind"], piece["raw_minutes"]) for piece in cost["charged"]]
    worked, corrected = queries.effort(period)
    offered = offers_of(reach)
    return {
        "waiting": metrics.waiting(alive, reach.ends_at),
        "flow": metrics.flow(alive, reach.ends_at),
        "volumes": metrics.volumes(alive),
        "scope": metrics.scope_figures(alive, reach.ends_at, _held(cost["charged"]), offered),
        "hot_potato": metrics.hot_potato(alive),
        "patterns": metrics.patterns(alive, costs.pieces, offered),
        "open_items": open_items(alive, reach.ends_at),
        "releases": releases_of(reach, alive),
        "routines": routines_of(reach),
        "effort": metrics.effort_figures(worked, charged, costs.amounts, adjusting, corrected),
        "cost": cost,
    }


def _trend_before(chain: Chain, period: Period) -> list[Facts]:
    """Return the trend's points as the report before froze them."""
    before = chain.before(period.month)
    return before.get("insight", {}).get("trend", []) if before else []


def text_of(facts: Facts) -> str:
    """Return the bytes that are stored and hashed."""
    return canonical(facts)


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
        for v in month_facts.versions_during(period, versions)
    ]


def _sla(
    clocks: Sequence[Clock],
    credited: Sequence[SlaResult],
    versions: Sequence[ContractVersion],
    rules: Mapping[int, Rules],
) -> Facts:
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
        "credited": credited,
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


def month_of(facts: Facts) -> date:
    return date.fromisoformat(f"{facts['month']['month']}-01")
