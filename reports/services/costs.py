"""The month's statement: its work charged by the versions in force, with what earlier months left."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from contracts.domain import cost
from contracts.domain.cost import ChargedEntry, MonthFacts, SlaResult, Statement
from contracts.models import Period
from reports import queries
from reports.domain.plain import Plain
from reports.domain.worth import Worked, worth_of
from reports.services.chain import Chain
from reports.services.fixed_prices import fixed_charges
from reports.services.in_dispute import in_dispute, in_dispute_before
from reports.services.late_work import counted, late_work
from reports.services.rate_cards import Cards
from tickets.services import worked
from tickets.services.openings import Openings, facts_with
from tickets.services.worked import Row, rows_of, settled_by

DISPUTE = ("ticket", "clause", "outcome", "opened_at", "ruled")


class Costs(NamedTuple):
    """The statement with its adjustments explained, charged money by stream, and what work is worth."""

    document: dict[str, Any]
    amounts: dict[str, int]
    pieces: list[Worked]


def cost_facts(period: Period, results: Sequence[SlaResult], chain: Chain) -> Costs:
    """Return what the month costs, from its work on time and what changed of closed months."""
    disputes = queries.open_disputes(period)
    rows = list(rows_of(worked.on_time(period), settled_by(period), disputes))
    openings = Openings(chain)
    opening = openings.of(period)
    late = late_work(period, opening.late)
    facts = replace(
        facts_with(period, rows, opening.carried, period),
        results=tuple(results),
        charges=fixed_charges(period),
        adjustments=opening.adjustments(),
    )
    stated = cost.statement(facts)
    pieces = _pieces(stated, rows, facts)
    document = stated.heads() | {
        "charged": Plain(
            {**entry.to_dict(), "stream": piece.stream, "worth": piece.worth}
            for entry, piece in zip(stated.charged, pieces, strict=True)
        ),
        "late": late,
        "adjustments": [news.to_dict() for news in opening.late],
        "given_back": [news.to_dict() for news in opening.given],
        "disputed": in_dispute(stated, facts, rows)
        | {"earlier": in_dispute_before(period, openings, disputes)},
        "disputes": [dict(zip(DISPUTE, row, strict=True)) for row in queries.dispute_rows(period)],
    }
    terms = [version.terms for version in facts.versions]
    document["shown_to_requesters"] = bool(terms) and terms[-1].cost.shown_to_requesters
    return Costs(document, _by_stream(stated, pieces), pieces + counted(late))


def _by_stream(stated: Statement, pieces: Iterable[Worked]) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for entry, piece in zip(stated.charged, pieces, strict=True):
        amounts[piece.stream] = amounts.get(piece.stream, 0) + entry.amount
    return amounts


def _pieces(stated: Statement, rows: Sequence[Row], facts: MonthFacts) -> list[Worked]:
    """Return the month's work as it was charged, each piece with its worth by its day's rate card."""
    known = {str(row.pk): row for row in rows}
    cards = Cards(facts.versions)
    return [_piece(entry, known[entry.ref], cards) for entry in stated.charged]


def _piece(entry: ChargedEntry, row: Row, cards: "Cards") -> Worked:
    rate = cards.rate(entry.on, row.tier, row.place)
    minutes = entry.raw_minutes
    worth, rated = worth_of(minutes, rate or 0), rate is not None
    return Worked(
        row.ticket, row.stream, row.tier, entry.kind, row.starts_at, minutes, worth, rated
    )
