"""How long a replay of 10,000 past tickets takes, beside a bare loop that compares as many dicts."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from contracts import terms_yaml
from contracts.domain.calendars import service_hours
from contracts.domain.cost import Authority, AuthorityKind, Work, in_force
from contracts.domain.examples import split
from contracts.domain.scope import Facts
from contracts.domain.terms import Outcome, Terms, Tier, parse
from contracts.domain.vocabulary import Place
from tests.bench.machine import Row, row
from tickets.domain.replay import PastStage, PastTicket, Replayed, Verdict, replay
from tickets.domain.replay_money import Deal, PastWork, price

CONTRACT = Path(__file__).parents[2] / "portal" / "demo" / "contracts" / "hoshino.yaml"
TICKETS = 10_000
ROUNDS = 5
FIRST_ON, UNTIL_ON = date(2026, 1, 1), date(2027, 1, 1)
HOLIDAYS = {"JP": [date(2026, 4, 29)]}
NO = dict.fromkeys(range(8), False)
KNOWN = (
    Facts(answers={0: True}, priority="P2"),
    Facts(answers={0: True}, priority="P4"),
    Facts(answers=NO | {7: True}, priority="P3", effort_minutes=180),
    Facts(answers=NO | {2: True}, priority="P3", cause="third_party"),
    Facts(answers=NO | {5: True}, priority="P4"),
    Facts(answers={0: False, 1: False}, priority="P3"),
)


def run() -> list[Row]:
    """Return the verdicts of 10,000 tickets, and their year of statements before and after."""
    terms = parse(split(terms_yaml.load(CONTRACT.read_text(encoding="utf-8")))[0])
    hours = service_hours(terms, HOLIDAYS)["office"]
    tickets = _tickets()
    rows = [{"outcome": number % 3, "clause": number % 7} for number in range(TICKETS)]
    wanted = {"outcome": 1, "clause": 5}

    def verdicts() -> list[Replayed]:
        return list(replay(terms, hours, tickets))

    def floor() -> int:
        return sum(each == wanted for each in rows)

    works, done = _works(), verdicts()
    return [
        row("replay", TICKETS, verdicts, floor, rounds=ROUNDS),
        row("price", TICKETS, lambda: _price(terms, works, done), floor, rounds=ROUNDS),
    ]


def _tickets() -> list[PastTicket]:
    first = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    before = Verdict(Outcome.POOL, "H5", "support")
    place = {"system": "ec-site", "environment": "production", "in_hours": True}
    known = [Facts.from_dict({**facts.to_dict(), **place}) for facts in KNOWN]
    return [
        PastTicket(
            f"HOSHINO-{number}",
            first + timedelta(minutes=52 * number),
            (PastStage(number, 1, known[number % len(known)], before),),
        )
        for number in range(TICKETS)
    ]


def _works() -> list[PastWork]:
    """Return an hour on each ticket from its receipt."""
    pool = Authority(AuthorityKind.POOL, "support", "H5")
    return [
        PastWork(
            Work(
                ref=ticket.key,
                ticket=ticket.key,
                starts_at=ticket.received_at,
                ends_at=ticket.received_at + timedelta(hours=1),
                tier=Tier.L2,
                authority=pool,
                place=Place.ONSHORE,
            ),
            ticket.stages[0].key,
            "pool",
        )
        for ticket in _tickets()
    ]


def _price(terms: Terms, works: list[PastWork], done: list[Replayed]) -> int | None:
    version = in_force(terms, FIRST_ON, HOLIDAYS)
    deal = Deal("Asia/Tokyo", FIRST_ON, None, (version,))
    return price(deal, version, deal.months(FIRST_ON, UNTIL_ON), works, done).change
