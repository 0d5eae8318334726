"""Past tickets held against other terms: verdicts, quotas, answers that move, and money."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.domain.calendars import service_hours
from contracts.domain.cost import Authority, AuthorityKind, Bought, Work, in_force
from contracts.domain.scope import Facts
from contracts.domain.terms import Outcome, Terms, Tier, parse
from tests.tickets.factories import TERMS
from tickets.domain.replay import (
    PastStage,
    PastTicket,
    Replayed,
    Verdict,
    moved,
    moves_between,
    new_gaps,
    replay,
    transitions,
)
from tickets.domain.replay_money import Deal, PastWork, minutes_by_stage, price

TEN = datetime(2026, 4, 15, 1, tzinfo=UTC)  # 10:00 in Tokyo
APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
SHOP = {"system": "shop", "environment": "production", "priority": "P3", "in_hours": True}
QUESTION = Facts(activity="service_desk", **SHOP)
SMALL = Facts(activity="perfective", effort_minutes=120, **SHOP)
INCLUDED = Verdict(Outcome.INCLUDED, "S5")
FROM_POOL = Verdict(Outcome.POOL, "S3", pool="support")


def amended(**changes) -> Terms:
    """Return the terms with changed clauses, by id (None takes one out), or changed cost."""
    document = deepcopy(TERMS)
    document["cost"] |= changes.pop("cost", {})
    for id_, change in changes.items():
        place = next(i for i, c in enumerate(document["scope"]["clauses"]) if c["id"] == id_)
        if change is None:
            del document["scope"]["clauses"][place]
        else:
            document["scope"]["clauses"][place] |= change
    return parse(document)


def one(key: int, facts: Facts, before: Verdict, at: datetime = TEN, **given) -> PastTicket:
    """Return a ticket of one stage."""
    stage = PastStage(key, 1, facts, before, **given)
    return PastTicket(f"ACME-{key}", at, (stage,))


def run(terms: Terms, *tickets: PastTicket) -> list[Replayed]:
    return list(replay(terms, service_hours(terms, {})["office"], tickets))


class TestVerdicts:
    def test_a_changed_clause_changes_the_tickets_that_fell_under_it_and_no_other(self):
        tickets = [one(1, QUESTION, FROM_POOL), one(2, SMALL, INCLUDED), one(3, SMALL, INCLUDED)]

        done = run(amended(S3={"then": "included"}), *tickets)

        assert [each.ticket for each in done if each.changed] == ["ACME-1"]
        assert done[0].after == Verdict(Outcome.INCLUDED, "S3")
        assert transitions(done) == [{"before": "pool", "after": "included", "stages": 1}]

    def test_the_same_terms_change_nothing(self):
        tickets = [one(1, QUESTION, FROM_POOL), one(2, SMALL, INCLUDED)]

        assert not any(each.changed for each in run(parse(TERMS), *tickets))

    def test_a_fact_that_is_missing_now_leaves_it_pending_with_its_question(self):
        (done,) = run(
            amended(S3={"when": {"activity": ["service_desk"], "cause": ["client_change"]}}),
            one(1, QUESTION, FROM_POOL),
        )

        # no clause after it takes questions: undecided and pending differ
        assert (done.after.name, done.after.question) == ("pending", "cause")
        assert not done.is_new_gap

    def test_pending_on_another_question_is_no_change(self):
        before = Verdict(Outcome.UNDECIDED, pending=True, question="answers.0")

        (done,) = run(parse(TERMS), one(1, Facts(answers={0: False}, **SHOP), before))

        assert (done.after.question, done.changed) == ("answers.1", False)

    def test_what_nothing_decides_any_more_is_a_new_gap(self):
        open_before = Verdict(Outcome.UNDECIDED)
        tickets = [
            one(1, QUESTION, FROM_POOL),
            one(2, QUESTION, open_before),
            one(3, QUESTION, FROM_POOL),
        ]

        (gap,) = new_gaps(run(amended(S3=None), *tickets))

        assert (gap.activity, gap.system, gap.priority) == ("service_desk", "shop", "P3")
        assert gap.tickets == ("ACME-1", "ACME-3")

    def test_what_a_person_decided_stays_and_says_where_the_rule_is_another(self):
        given = {"before": Verdict(Outcome.INCLUDED, "S3"), "overrules": ("pool", "S3")}
        ticket = one(1, QUESTION, **given)

        (same,) = run(parse(TERMS), ticket)
        (other,) = run(amended(S3={"then": "estimate"}), ticket)

        assert (same.changed, same.asks_ruling_again) == (False, False)
        assert (other.changed, other.asks_ruling_again) == (False, True)
        assert other.by_rule.name == "estimate"

    def test_in_or_out_of_hours_is_measured_on_the_new_hours(self):
        document = deepcopy(TERMS)
        document["hours"]["office"]["week"] = {"mon-fri": ["13:00-18:00"]}
        document["scope"]["clauses"][2]["when"]["in_hours"] = True
        document["scope"]["clauses"][2]["then"] = "included"

        morning, afternoon = run(
            parse(document),
            one(1, QUESTION, FROM_POOL),
            one(2, QUESTION, FROM_POOL, TEN + timedelta(hours=4)),
        )

        assert (morning.after.name, afternoon.after.name) == ("undecided", "included")

    def test_what_follows_operation_is_classified_from_the_second_question(self):
        facts = Facts(answers={0: True, 1: True}, **SHOP)

        first, second = run(
            parse(TERMS),
            one(1, facts, INCLUDED),
            one(2, facts, INCLUDED, follows_operation=True),
        )

        assert (first.activity, second.activity) == ("incident_response", "corrective")

    def test_tickets_out_of_order_are_refused(self):
        with pytest.raises(ValueError, match="ACME-2 was received before"):
            run(parse(TERMS), one(1, SMALL, INCLUDED), one(2, SMALL, INCLUDED, TEN - timedelta(1)))


class TestQuotas:
    def outcomes(self, terms: Terms, *tickets: PastTicket) -> list[str]:
        return [done.after.clause for done in run(terms, *tickets)]

    def test_are_counted_in_the_order_of_receipt(self):
        tickets = [one(n, SMALL, INCLUDED, TEN + timedelta(minutes=n)) for n in range(4)]

        assert self.outcomes(parse(TERMS), *tickets) == ["S5", "S5", "S6", "S6"]
        one_more = amended(S5={"quota": {"per": "month", "count": 3}})
        assert self.outcomes(one_more, *tickets) == ["S5", "S5", "S5", "S6"]

    def test_begin_anew_with_the_month_of_the_contracts_zone(self):
        last = datetime(2026, 4, 30, 14, 59, tzinfo=UTC)  # 23:59 in Tokyo
        tickets = [one(n, SMALL, INCLUDED, last) for n in range(3)]
        tickets.append(one(3, SMALL, INCLUDED, last + timedelta(minutes=1)))

        assert self.outcomes(parse(TERMS), *tickets) == ["S5", "S5", "S6", "S5"]

    def test_take_a_ticket_once_and_never_against_itself(self):
        stages = tuple(PastStage(n, n, SMALL, INCLUDED) for n in (1, 2, 3))
        tickets = [PastTicket("ACME-1", TEN, stages), one(4, SMALL, INCLUDED)]

        assert self.outcomes(parse(TERMS), *tickets) == ["S5"] * 4

    def test_take_nothing_for_a_cancelled_ticket_nor_for_goodwill(self):
        cancelled = replace(one(1, SMALL, INCLUDED), cancelled=True)
        given = one(2, SMALL, INCLUDED, overrules=("estimate", "S6"), takes_quota=False)
        tickets = [cancelled, given, *(one(n, SMALL, INCLUDED) for n in (3, 4, 5))]

        assert self.outcomes(parse(TERMS), *tickets) == ["S5", "S5", "S5", "S5", "S6"]

    def test_count_minutes_too(self):
        terms = amended(S5={"quota": {"per": "month", "effort": "3h"}})
        tickets = [one(1, SMALL, INCLUDED), one(2, SMALL, INCLUDED)]
        tickets.append(one(3, replace(SMALL, effort_minutes=60), INCLUDED))

        assert self.outcomes(terms, *tickets) == ["S5", "S6", "S5"]


class TestAnswers:
    def test_go_with_their_questions(self):
        document = deepcopy(TERMS)
        asked = document["scope"]["classify"]
        new = {"ask": {"en": "Is it monitoring?"}, "then": "monitoring"}
        document["scope"]["classify"] = [asked[0], new, *asked[2:], asked[1]]
        facts = Facts(
            answers={0: False, 1: False, 2: True},
            confirmed=frozenset({"answers.1", "answers.2", "system"}),
        )

        moves = moves_between(parse(TERMS), parse(document))
        then = moved(facts, moves)

        assert moves == {0: 0, 1: 4, 2: 2, 3: 3}
        assert then.answers == {0: False, 4: False, 2: True}
        assert then.confirmed == {"answers.4", "answers.2", "system"}

    def test_to_a_question_that_is_no_longer_asked_are_dropped(self):
        document = deepcopy(TERMS)
        document["scope"]["classify"][0]["ask"] = {"en": "Is it broken?"}
        facts = Facts(answers={0: True, 1: False}, confirmed=frozenset({"answers.0"}))

        then = moved(facts, moves_between(parse(TERMS), parse(document)))

        assert (then.answers, then.confirmed) == ({1: False}, frozenset())

    def test_stay_where_a_translation_was_added(self):
        document = deepcopy(TERMS) | {"languages": ["en", "ja"]}
        document["scope"]["classify"][0]["ask"]["ja"] = "止まっていますか"

        assert moves_between(parse(TERMS), parse(document)) is None


DEAL = Deal("Asia/Tokyo", APRIL, None, (in_force(parse(TERMS), APRIL),))
POOL = Authority(AuthorityKind.POOL, "support", "S3")


def work(stage: int, hours: float, authority: Authority, at: datetime = TEN, **given) -> PastWork:
    ends_at = at + timedelta(hours=hours)
    entry = Work(f"{stage}-{at}", f"ACME-{stage}", at, ends_at, Tier.L2, authority)
    return PastWork(entry._replace(**given), stage, "pool" if authority == POOL else "included")


def priced(terms: Terms, works: list[PastWork], done: list[Replayed], first=APRIL, until=MAY):
    return price(DEAL, in_force(terms, first), DEAL.months(first, until), works, done)


class TestMoney:
    """April: 21 h of questions on a pool of 20 h (1 h at 12,000), 2 h of a small improvement."""

    WORKS = [work(1, 21, POOL), work(2, 2, Authority(AuthorityKind.INCLUDED, "", "S5"))]
    TICKETS = [one(1, QUESTION, FROM_POOL), one(2, SMALL, INCLUDED)]

    def test_the_same_terms_cost_the_same(self):
        money = priced(parse(TERMS), self.WORKS, run(parse(TERMS), *self.TICKETS))

        assert (money.before.total, money.change) == (812_000, 0)

    def test_the_change_is_that_of_the_totals(self):
        """
        The fee rises by 50,000, the overage of 12,000 goes, and of 2 h at 6,000 the cap of 10,000
        pays for 100 minutes: 800,000 + 12,000 before, 850,000 + 10,000 after.
        """
        terms = amended(
            S3={"then": "included"},
            S5={"then": {"preapproved": {"cap": 10_000}}},
            cost={"monthly_fee": 850_000},
        )

        money = priced(terms, self.WORKS, run(terms, *self.TICKETS))

        assert (money.before.total, money.after.total, money.change) == (812_000, 860_000, 48_000)
        shares = money.after.shares
        assert (shares["included"].minutes, shares["included"].amount) == (21 * 60, 0)
        assert (shares["preapproved"].minutes, shares["preapproved"].amount) == (120, 10_000)
        assert shares["preapproved"].held_minutes == 20
        assert shares["preapproved"].held_worth == 2_000
        assert (money.before.shares["pool"].stages, shares["pool"].stages) == (1, 0)

    def test_fee_work_and_tax_add_up(self):
        terms = amended(S3={"then": "included"}, cost={"tax": {"rate": "10%"}})

        document = priced(terms, self.WORKS, run(terms, *self.TICKETS)).to_dict()

        after = document["after"]
        assert (after["fee"], after["work"], after["tax"]) == (800_000, 0, 80_000)
        assert after["total"] == 880_000
        assert document["before"]["months"] == {"2026-04": 812_000}

    def test_work_that_now_needs_an_estimate_is_held_and_worth_its_rate(self):
        terms = amended(S3={"then": "estimate"})

        money = priced(terms, self.WORKS, run(terms, *self.TICKETS))

        share = money.after.shares["estimate"]
        assert (money.change, share.held_minutes, share.held_worth) == (-12_000, 21 * 60, 126_000)

    def test_an_accepted_estimate_keeps_its_authority(self):
        accepted = Authority(AuthorityKind.ESTIMATE, "E1", "S6", 100_000)
        terms = amended(S5={"then": "not_provided"})
        works = [work(2, 2, accepted)]

        money = priced(terms, works, run(terms, one(2, SMALL, INCLUDED)))

        assert (money.before.total, money.change) == (812_000, 0)

    def test_work_on_older_tickets_stands_on_what_it_stood_and_pays_the_new_rates(self):
        works = [work(9, 1, Authority(AuthorityKind.PREAPPROVED, "", "S6", 50_000))]
        terms = amended(cost={"rates": {"L2": 7_000}})

        money = priced(terms, works, [])

        assert (money.before.total, money.after.total) == (806_000, 807_000)

    def test_the_first_month_begins_with_what_was_really_carried_into_it(self):
        document = deepcopy(TERMS)
        pool = document["cost"]["pools"][0]
        pool["rollover"] = {"up_to": "50%", "for_months": 1}
        rolling = parse(document)
        deal = replace(DEAL, versions=(in_force(rolling, APRIL),))
        in_may = work(1, 29, POOL, TEN + timedelta(days=20))  # base 20 h and 8 h from April
        works = [work(3, 12, POOL), in_may]

        money = price(deal, in_force(rolling, MAY), deal.months(MAY, JUNE), works, [])

        assert (money.before.total, money.change) == (812_000, 0)

    def test_bought_hours_are_paid_once_and_drawn_on_both_sides(self):
        """The hour beyond the pool is bought; without it the same work would cost 12,000 more."""
        terms = amended(cost={"monthly_fee": 850_000})
        bought = (
            Bought("support", 60, 10_000, date(2026, 4, 30)),
            Bought("support", 600, 7, MAY),  # of another month
        )
        deal, done = replace(DEAL, bought=bought), run(terms, *self.TICKETS)

        money = price(deal, in_force(terms, APRIL), deal.months(APRIL, MAY), self.WORKS, done)

        before = money.before.to_dict()
        assert (before["fee"], before["bought"], before["work"]) == (800_000, 10_000, 0)
        assert (before["total"], money.change) == (810_000, 50_000)

    def test_hours_bought_before_are_brought_into_the_first_month(self):
        deal = replace(DEAL, bought=(Bought("support", 60, 10_000, date(2026, 4, 30)),))
        in_may = work(1, 21, POOL, TEN + timedelta(days=20))

        money = price(deal, DEAL.versions[0], deal.months(MAY, JUNE), [in_may], [])

        assert (money.before.total, money.change) == (800_000, 0)

    def test_a_missing_rate_is_told_and_no_change_is(self):
        terms = amended(S3={"then": {"preapproved": {"cap": 9_000}}}, cost={"rates": {}})

        money = priced(terms, self.WORKS, run(terms, *self.TICKETS))

        assert money.after.unstated == {"2026-04": "no rate for L2 on 2026-04-15"}
        assert (money.before.total, money.after.total, money.change) == (812_000, None, None)

    def test_other_currencies_are_refused(self):
        with pytest.raises(ValueError, match="currencies differ: JPY, USD"):
            priced(parse({**TERMS, "currency": "USD"}), [], [])

    def test_an_amendment_in_the_middle_of_a_month_is_stated_as_it_was(self):
        dearer = amended(cost={"monthly_fee": 830_000})
        deal = replace(DEAL, versions=(*DEAL.versions, in_force(dearer, date(2026, 4, 16))))

        money = price(deal, in_force(dearer, APRIL), deal.months(APRIL, JUNE), [], [])

        assert (money.before.total, money.after.total) == (815_000 + 830_000, 2 * 830_000)

    def test_minutes_by_stage_are_those_of_the_months(self):
        works = [work(1, 1.5, POOL), work(1, 2, POOL, TEN + timedelta(days=30))]

        assert minutes_by_stage(works, DEAL.months(APRIL, MAY)) == {1: 90}
