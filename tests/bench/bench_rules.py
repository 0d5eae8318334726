"""How long the rules take: a verdict, and a month's statement, beside the barest loop there is."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from contracts import terms_yaml
from contracts.domain.cost import Authority, AuthorityKind, Month, MonthFacts, Work, in_force
from contracts.domain.cost import statement as state
from contracts.domain.examples import split
from contracts.domain.scope import Facts, decide
from contracts.domain.terms import Place, Terms, Tier, parse
from tests.bench.machine import Row, row

CONTRACT = Path(__file__).parents[2] / "portal" / "demo" / "contracts" / "hoshino.yaml"
CLAUSES = 30
ENTRIES = 1000


def run() -> list[Row]:
    """Return one row a rule: median and spread (quartiles) in microseconds, and the floor's."""
    return [_verdict(), _statement()]


def _verdict() -> Row:
    terms = _thirty_clauses()
    facts = Facts(activity="adaptive", system="core", environment="production", in_hours=True)
    rows = [{"system": "pos", "environment": "production"} for _ in range(CLAUSES)]
    wanted = {"system": "core", "environment": "production"}

    def floor() -> bool:
        return any(each == wanted for each in rows)

    return row("decide", CLAUSES, lambda: decide(terms, facts), floor, inner=50)


def _thirty_clauses() -> Terms:
    """Return terms whose thirty clauses all look at two facts, and whose last one decides."""
    document, _examples = split(terms_yaml.load(CONTRACT.read_text(encoding="utf-8")))
    document["scope"]["clauses"] = [
        {
            "id": f"C{number}",
            "text": {"en": "A clause", "ja": "条項"},
            "when": {"activity": ["adaptive"], "system": ["core" if number == CLAUSES else "pos"]},
            "then": "estimate",
        }
        for number in range(1, CLAUSES + 1)
    ]
    return parse(document)


def _statement() -> Row:
    facts = _thousand_entries()
    rates = {Tier.L1: 5000, Tier.L2: 9000, Tier.L3: 12_000}

    def floor() -> int:
        total = 0
        for work in sorted(facts.work, key=lambda work: (work.starts_at, work.tier, work.ref)):
            total += int((work.ends_at - work.starts_at).total_seconds()) // 60 * rates[work.tier]
        return total // 60

    return row("statement", ENTRIES, lambda: state(facts), floor, inner=1)


def _thousand_entries() -> MonthFacts:
    terms = parse(split(terms_yaml.load(CONTRACT.read_text(encoding="utf-8")))[0])
    version = in_force(terms, date(2026, 1, 1), {"JP": [date(2026, 4, 29)]})
    first = datetime(2026, 4, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    authorities = (
        Authority(AuthorityKind.INCLUDED, "", "H2"),
        Authority(AuthorityKind.POOL, "support", "H5"),
        Authority(AuthorityKind.PREAPPROVED, "", "H7", 300_000),
        Authority(AuthorityKind.ESTIMATE, "E1", "H12", 5_000_000),
    )
    blank = Work("", "", first, first, Tier.L1, authorities[0], Place.ONSHORE)
    works = tuple(
        replace(
            blank,
            ref=f"W{number:04d}",
            ticket=f"HOSHINO-{number % 300}",
            starts_at=first + timedelta(minutes=41 * number),
            ends_at=first + timedelta(minutes=41 * number + 20 + number % 70),
            tier=(Tier.L1, Tier.L2, Tier.L3)[number % 3],
            authority=authorities[number % 4],
        )
        for number in range(ENTRIES)
    )
    return MonthFacts(Month(2026, 4, "Asia/Tokyo"), (version,), date(2026, 1, 1), work=works)
