"""Insight by worked examples: values in, values out."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.domain.vocabulary import Activity
from reports.domain import chart
from reports.domain.bounces import hot_potato_cost
from reports.domain.emphasis import BALANCED, Code, Seen, emphasis
from reports.domain.fee import fee_value
from reports.domain.lives import Happened, Holding, Life, Step, Verdict
from reports.domain.patterns import patterns
from reports.domain.releases import Released, Releases, releases
from reports.domain.scope import Offered, OfferStep, offers
from reports.domain.slow import is_slow
from reports.domain.split import split_of, state_of
from reports.domain.trend import trend
from reports.domain.worth import Worked, worth_of

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def on(day: int, hour: int = 9) -> datetime:
    return APRIL + timedelta(days=day - 1, hours=hour)


def life(key: str = "A-1", received: datetime | None = None, **more) -> Life:
    at = received or on(6)
    verdict = Verdict(
        at, 1, "included", "S1", more.pop("activity", "incident_response"), "P2",
        more.pop("system", "ec"), cause=more.pop("cause", ""),
    )  # fmt: skip
    defaults = {
        "type": "incident",
        "symptom": "slow",
        "received_at": at,
        "since": max(at, APRIL),
        "received": at >= APRIL,
        "registered_late": False,
        "verdicts": (verdict,),
        "holdings": (Holding(at, 1, "L1", ""),),
    }
    return Life(key=key, **(defaults | more))


def work(ticket: str = "A-1", minutes: int = 60, worth: int = 4000, **more) -> Worked:
    defaults = {"stream": "operation", "tier": "L1", "kind": "included", "starts_at": on(6, 10)}
    return Worked(ticket=ticket, minutes=minutes, worth=worth, **(defaults | more))


class TestTheSplit:
    @pytest.mark.parametrize(
        ("share", "state"),
        [(None, ""), (3999, "below"), (4000, "within"), (6000, "within"), (6001, "above")],
    )
    def test_both_ends_of_the_band_are_within(self, share, state):
        assert state_of(share) == state

    def test_hours_and_money_can_stand_apart(self):
        pieces = [work(worth=4000), work(stream="maintenance", tier="L3", worth=16000)]

        split = split_of({"operation": 60, "maintenance": 60}, pieces)

        assert (split.minutes.basis_points, split.minutes.state) == (5000, "within")
        assert (split.worth.basis_points, split.worth.state) == (8000, "above")


class TestTheFee:
    def test_what_is_billed_apart_is_not_bought_by_it(self):
        pieces = [work(), work(kind="triage", worth=2000, minutes=30), work(kind="overage")]

        value = fee_value([{"kind": "fee", "amount": 3000}], pieces)

        assert (value.minutes, value.worth) == (90, 6000)
        assert (value.effective_rate, value.card_rate, value.basis_points) == (2000, 4000, 20000)

    def test_without_work_nothing_can_be_said(self):
        value = fee_value([{"kind": "fee", "amount": 3000}], [])

        assert (value.effective_rate, value.card_rate, value.basis_points) == (None, None, 0)

    def test_worth_is_never_rounded_up(self):
        assert worth_of(59, 4000) == 3933


class TestLosses:
    def test_an_offer_runs_through_its_dispute_until_somebody_takes_it(self):
        told = (
            Happened(Step.OFFERED, on(6, 10)),
            Happened(Step.DISPUTED, on(6, 11)),
            Happened(Step.OFFERED, on(6, 12)),
            Happened(Step.ACCEPTED, on(6, 13)),
        )

        [loss] = hot_potato_cost([life(happened=told)], [], MAY).tickets

        assert (loss.disputes, loss.on_offer_seconds) == (1, 3 * 3600)

    def test_an_offer_that_nobody_takes_runs_to_the_months_end(self):
        told = (Happened(Step.OFFERED, MAY - timedelta(hours=2)),)

        [loss] = hot_potato_cost([life(happened=told)], [], MAY).tickets

        assert loss.on_offer_seconds == 2 * 3600

    def test_the_work_between_leaving_a_desk_and_coming_back_was_for_nothing(self):
        held = (
            Holding(on(6, 9), 1, "L1", "A"),
            Holding(on(6, 10), 1, "L2", "B"),
            Holding(on(6, 15), 1, "L1", "A"),
        )
        pieces = [
            work(starts_at=on(6, 9)),
            work(starts_at=on(6, 11), minutes=45, worth=4500),
            work(starts_at=on(6, 15), minutes=30),
        ]

        lost = hot_potato_cost([life(holdings=held)], pieces, MAY)

        assert (lost.returns, lost.round_trip_seconds) == (1, 5 * 3600)
        assert (lost.minutes, lost.worth) == (45, 4500)

    def test_a_day_without_any_step_on_the_vendors_side_is_standing_still(self):
        held = (
            Holding(on(6), 1, "L1", "A"),
            Holding(on(6, 10), 1, "L2", "B"),
            Holding(on(8, 10), 1, "L1", "A"),
        )
        told = (
            Happened(Step.PAUSED, on(8, 11), "client_information"),
            Happened(Step.RESUMED, on(20), ""),
            Happened(Step.RESOLVED, on(20, 10), ""),
        )

        lost = hot_potato_cost([life(holdings=held, happened=told)], [], MAY)

        assert lost.still_seconds == 2 * 24 * 3600

    def test_a_ticket_that_went_straight_lost_nothing(self):
        assert hot_potato_cost([life()], [work()], MAY).tickets == ()


class TestPatterns:
    def five(self):
        return [life(f"A-{n}") for n in range(1, 6)]

    def test_stand_beside_the_typical_fix(self):
        pieces = [work(f"A-{n}", minutes=60, worth=4000) for n in range(1, 6)]
        fixes = [
            work(f"B-{n}", minutes=n * 60, worth=n * 8000, stream="maintenance") for n in (1, 2, 9)
        ]

        [pattern] = patterns(self.five(), [*pieces, *fixes])

        assert (pattern.count, pattern.minutes, pattern.worth) == (5, 300, 20000)
        assert (pattern.fix.source, pattern.fix.amount, pattern.fix.minutes) == (
            "typical",
            16000,
            120,
        )
        assert pattern.pays_back_months == 1

    def test_an_estimate_on_one_of_its_tickets_is_the_price(self):
        offer = Offered("E", "sent", on(10), on(10), 1, 45000)

        [pattern] = patterns(self.five(), [work("A-1", worth=20000)], {"A-3": (offer,)})

        assert (pattern.fix.source, pattern.fix.amount) == ("estimate", 45000)
        assert pattern.pays_back_months == 3

    def test_a_declined_estimate_is_none(self):
        offer = Offered("E", "declined", on(10), on(10), 1, 45000)

        [pattern] = patterns(self.five(), [], {"A-3": (offer,)})

        assert (pattern.fix.source, pattern.pays_back_months) == ("unknown", None)


class TestOffers:
    def test_only_what_was_sent_is_told_with_its_last_step(self):
        told = offers(
            [
                OfferStep("E1", "sent", on(3), 1, 100),
                OfferStep("E2", "withdrawn", on(3), 1, 100),
                OfferStep("E1", "accepted", on(5), 2, 120),
            ]
        )

        assert told == (Offered("E1", "accepted", on(5), on(3), 2, 120),)


class TestReleases:
    def test_count_the_months_incidents_of_their_system_for_fourteen_days(self):
        released = Released("2.0", "version", "ec", on(5), 1, ())
        lives = [
            life("A-1", on(5)),
            life("A-2", on(19) - timedelta(seconds=1)),
            life("A-3", on(19)),
            life("A-4", on(6), system="core"),
            life("A-5", on(6), type="service_request"),
            life("A-6", on(4)),
        ]

        [row] = releases([released], lives).rows

        assert row.incidents_after == ("A-1", "A-2")


def seen(lives, **more) -> Seen:
    defaults = {
        "ends_at": MAY,
        "releases": Releases(14, ()),
        "always_on": frozenset(),
        "revenue_critical": frozenset(),
        "is_open_at": lambda at: 9 <= at.hour < 18,
        "missed": {},
        "earlier": [],
    }
    return Seen(lives=lives, **(defaults | more))


class TestEmphasis:
    def codes(self, found):
        return [advice.code for advice in found.advice]

    def test_nothing_to_see_is_balance(self):
        assert emphasis(seen([])).towards == BALANCED

    def test_a_release_asks_operation_to_watch(self):
        released = releases([Released("2.0", "version", "ec", on(5), 1, ())], [life()])

        found = emphasis(seen([life()], releases=released))

        assert (found.towards, self.codes(found)) == ("operation", [Code.RECENT_RELEASE])
        assert found.advice[0].tickets == ("A-1",)

    def test_a_system_around_the_clock_counts_what_came_at_night(self):
        lives = [life("A-1", on(6, 3)), life("A-2", on(6, 10))]

        found = emphasis(seen(lives, always_on=frozenset({"ec"})))

        assert [advice.tickets for advice in found.advice] == [("A-1",)]

    def test_a_system_that_earns_money_counts_its_misses(self):
        found = emphasis(
            seen([life()], revenue_critical=frozenset({"ec"}), missed={"A-1": 2, "A-9": 5})
        )

        assert found.advice[0].said == {"missed": 2}

    @pytest.mark.parametrize(
        ("before", "rises"), [([2, 2, 2], True), ([3, 3, 3], False), ([], False)]
    )
    def test_faults_rise_a_fifth_above_the_months_before(self, before, rises):
        lives = [life(f"A-{n}") for n in range(3)]
        earlier = [{"month": f"2026-0{n}", "bugs": b, "slow": 9} for n, b in enumerate(before, 1)]

        found = emphasis(seen(lives, earlier=earlier))

        assert (Code.BUG_TREND in self.codes(found)) is rises

    def test_a_defect_of_thirty_days_ages(self):
        old = life(
            "A-1", MAY - timedelta(days=30), activity=Activity.CORRECTIVE, type="service_request"
        )
        young = life(
            "A-2", MAY - timedelta(days=29), activity=Activity.CORRECTIVE, type="service_request"
        )

        found = emphasis(seen([old, young]))

        [advice] = found.advice
        assert (advice.code, advice.tickets) == (Code.AGEING_DEFECTS, ("A-1",))
        assert advice.said == {"oldest_days": 30}

    def test_what_the_law_asks_for_is_maintenance(self):
        lives = [
            life("A-1", type="change_request", activity=Activity.ADAPTIVE),
            life("A-2", type="change_request", activity=Activity.PERFECTIVE, cause="regulation"),
            life("A-3", type="change_request", activity=Activity.PERFECTIVE),
        ]

        [advice] = emphasis(seen(lives)).advice

        assert (advice.code, advice.tickets) == (Code.REGULATION, ("A-1", "A-2"))

    def test_more_complaints_of_slowness_are_maintenance(self):
        lives = [life(f"A-{n}", slow=True) for n in range(3)]

        found = emphasis(seen(lives, earlier=[{"month": "2026-03", "bugs": 99, "slow": 1}]))

        assert self.codes(found) == [Code.SLOWER]


@pytest.mark.parametrize(
    ("text", "slow"),
    [
        ("The shop is slow", True),
        ("Search takes longer: response time 9 s", True),
        ("検索画面が遅い", True),
        ("処理がタイムアウトする", True),
        ("Trang tìm kiếm rất chậm", True),
        ("The logo is wrong", False),
        ("Payslow GmbH calls", False),
        ("帳票の文字が欠ける", False),
    ],
)
def test_slowness_is_heard_in_three_languages(text, slow):
    assert is_slow(text) is slow


def test_the_trend_keeps_twelve_months_and_never_this_one_twice():
    earlier = [{"month": f"2025-{n:02d}"} for n in range(1, 13)] + [{"month": "2026-01"}]

    points = trend(earlier, {"month": "2026-01"})

    assert [point["month"] for point in points] == [
        *(f"2025-{n:02d}" for n in range(2, 13)),
        "2026-01",
    ]


def test_a_line_goes_from_margin_to_margin_with_its_highest_on_top():
    drawn = chart.line([0, 5, 10])

    assert [(point.x, point.y) for point in drawn.points] == [(12, 148), (320, 80), (628, 12)]
    assert drawn.path == "M12 148 L320 80 L628 12"


def test_a_line_of_nothing_stays_on_the_ground():
    assert [point.y for point in chart.line([0, 0]).points] == [148, 148]
