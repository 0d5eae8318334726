"""What was held gets its answer: a pool, a preapproval, or goodwill where nobody asked."""

import json
from copy import deepcopy
from datetime import date

import pytest

from contracts.domain.scope import Facts
from reports.services.issue import issue_report
from reports.services.verify import verify_report
from tenants.scoping import tenant_scope
from tests.tickets.factories import TEN, TERMS, Client, after
from tickets import services
from tickets.domain.favour import settles_as
from tickets.models import Settlement, TimeEntry

pytestmark = pytest.mark.allow_n_plus_one

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
RULED_AT = after(hours=10)
IN_MAY, IN_JUNE = after(days=30), after(days=60)
UNNAMED = Facts(activity="security_operation")  # no clause decides


def document(when_empty="bill") -> dict:
    terms = deepcopy(TERMS)
    terms["cost"]["pools"][0] |= {"per_month": "2h", "when_empty": when_empty}
    return terms


@pytest.fixture
def client(db):
    made = Client("ACME", document())
    with tenant_scope(made.tenant):
        yield made


def work(client, ticket, minutes=60, starts_at=TEN):
    services.log_time(
        ticket=ticket,
        actor=client.operations_engineer,
        starts_at=starts_at,
        ends_at=starts_at + (after(minutes=minutes) - TEN),
        now=after(hours=9),
    )


def rule(client, ticket, now=RULED_AT, **said):
    services.rule_undecided(
        ticket=ticket, actor=client.account_manager, reason="It is support.", now=now, **said
    )


def settled() -> list[tuple[str, str, str]]:
    rows = Settlement.objects.order_by("pk")
    return list(rows.values_list("authority", "authority_key", "cause"))


def cost_of(client, month, now) -> dict:
    report = issue_report(client.contract, month, now=now)
    assert verify_report(report.pk) == []
    return json.loads(report.facts)["cost"]


ON_THE_POOL = {"outcome": "pool", "clause_id": "S3", "pool": "support"}
PREAPPROVED = {"outcome": "preapproved", "clause_id": "S3", "cap": 5_000}


@pytest.mark.parametrize(
    ("stands", "was", "outcome", "given", "becomes"),
    [
        ("held", "estimate", "included", {}, "included"),
        ("pool", "pool", "included", {"goodwill": True}, "goodwill"),
        ("included", "included", "included", {}, None),
        ("goodwill", "estimate", "pool", {}, None),
        ("held", "undecided", "pool", {}, "pool"),
        ("held", "undecided", "preapproved", {}, "preapproved"),
        ("held", "estimate", "preapproved", {}, "preapproved"),
        ("held", "not_provided", "pool", {}, "pool"),
        ("held", "estimate", "pool", {"overridden": True}, None),
        ("held", "pool", "preapproved", {}, None),
        ("held", "undecided", "estimate", {}, None),
        ("pool", "pool", "preapproved", {}, None),
        ("preapproved", "preapproved", "pool", {}, None),
    ],
)
def test_minutes_of_before_change_in_the_clients_favour_only(stands, was, outcome, given, becomes):
    said = {"goodwill": False, "overridden": False} | given

    assert settles_as(stands, was, outcome, **said) == becomes


class TestAnswered:
    def test_by_a_ruling_they_draw_on_the_pool_of_their_month(self, client):
        ticket = client.open(facts=UNNAMED)
        work(client, ticket)

        rule(client, ticket, **ON_THE_POOL)

        cost = cost_of(client, APRIL, IN_MAY)
        assert settled() == [("pool", "support", "decision")]
        assert cost["pools"][0]["used"] == 60
        assert (cost["held_minutes"], TimeEntry.objects.get().authority) == (0, "held")

    def test_by_a_ruling_they_are_billed_up_to_its_cap(self, client):
        ticket = client.open(facts=UNNAMED)
        work(client, ticket)

        rule(client, ticket, **PREAPPROVED)

        lines = cost_of(client, APRIL, IN_MAY)["lines"]
        assert [(x["kind"], x["amount"]) for x in lines[1:]] == [("preapproved", 5_000)]

    def test_by_facts_that_put_them_under_a_clause(self, client):
        ticket = client.open(facts=Facts(activity="adaptive"))
        work(client, ticket)

        services.confirm_facts(
            ticket=ticket,
            actor=client.bridge_se,
            changes={"activity": "service_desk"},
            now=after(hours=10),
        )

        assert settled() == [("pool", "support", "decision")]

    def test_not_by_a_vendor_person_who_wants_them_paid(self, client):
        ticket = client.open(facts=Facts(activity="adaptive"))
        work(client, ticket)

        services.override_verdict(
            ticket=ticket,
            actor=client.account_manager,
            reason="We see it as support.",
            now=after(hours=10),
            **PREAPPROVED,
        )

        assert settled() == []

    def test_and_then_cost_nothing_where_a_later_verdict_says_so(self, client):
        ticket = client.open(facts=UNNAMED)
        work(client, ticket)
        rule(client, ticket, **ON_THE_POOL)

        services.override_verdict(
            ticket=ticket,
            actor=client.account_manager,
            outcome="included",
            reason="Our fault.",
            now=after(hours=11),
        )

        assert [kind for kind, *_ in settled()] == ["pool", "goodwill"]
        assert cost_of(client, APRIL, IN_MAY)["pools"][0]["used"] == 0

    def test_after_their_month_closed_as_an_adjustment_of_the_open_one(self, client):
        ticket = client.open(facts=UNNAMED)
        work(client, ticket)
        april = cost_of(client, APRIL, IN_MAY)
        rule(client, ticket, now=IN_MAY, **PREAPPROVED)

        may = cost_of(client, MAY, IN_JUNE)

        assert (april["held_minutes"], april["goodwill_minutes"]) == (60, 0)
        (line,) = [x for x in may["lines"] if x["kind"] == "adjustment"]
        assert (line["key"], line["amount"], line["tickets"]) == ("2026-04", 5_000, [ticket.key])
        assert may["given_back"] == []

    def test_by_a_pool_that_stops_only_where_they_fit(self, db):
        client = Client("ACME", document("stop"))
        with tenant_scope(client.tenant):
            work(client, client.open(facts=Facts(activity="service_desk")), minutes=90)
            large, small = client.open(facts=UNNAMED), client.open(facts=UNNAMED)
            work(client, large, minutes=60)
            work(client, small, minutes=30)

            for ticket in (large, small):
                rule(client, ticket, **ON_THE_POOL)

            assert list(Settlement.objects.values_list("entry__ticket__key", flat=True)) == [
                small.key
            ]


class TestAtClosing:
    def test_they_are_goodwill_where_nobody_asked(self, client):
        work(client, client.open(facts=Facts(activity="adaptive")))

        cost = cost_of(client, APRIL, IN_MAY)

        assert settled() == [("goodwill", "", "nobody_asked")]
        assert (cost["held_minutes"], cost["goodwill_minutes"]) == (0, 60)

    def test_they_wait_for_a_ruling(self, client):
        work(client, client.open(facts=UNNAMED))

        assert cost_of(client, APRIL, IN_MAY)["held_minutes"] == 60
        assert settled() == []

    def test_they_wait_while_the_verdict_is_disputed(self, client):
        ticket = client.open(facts=Facts(activity="adaptive"))
        work(client, ticket)
        services.open_dispute(
            ticket=ticket, actor=client.requester, reason="It is a defect.", now=after(hours=10)
        )

        assert cost_of(client, APRIL, IN_MAY)["held_minutes"] == 60

    def test_they_wait_for_a_pool_that_asks(self, db):
        client = Client("ACME", document("approve"))
        with tenant_scope(client.tenant):
            work(client, client.open(facts=Facts(activity="service_desk")), minutes=150)

            assert cost_of(client, APRIL, IN_MAY)["held_minutes"] == 30
            assert settled() == []

    def test_what_waited_is_goodwill_when_the_ruling_asks_for_an_estimate_that_never_comes(
        self, client
    ):
        ticket = client.open(facts=UNNAMED)
        work(client, ticket)
        cost_of(client, APRIL, IN_MAY)
        rule(client, ticket, now=IN_MAY, outcome="estimate", clause_id="S6")

        may = cost_of(client, MAY, IN_JUNE)

        assert settled() == [("goodwill", "", "nobody_asked")]
        assert [(g["origin"], g["amount"]) for g in may["given_back"]] == [("2026-04", 0)]

    def test_the_triage_of_a_ticket_is_in_the_fee_whatever_becomes_of_the_rest(self, db):
        terms = document()
        terms["cost"]["triage"] = "30m"
        client = Client("ACME", terms)
        with tenant_scope(client.tenant):
            work(client, client.open(facts=Facts(activity="adaptive")))

            cost = cost_of(client, APRIL, IN_MAY)
            kinds = {piece["kind"]: piece["raw_minutes"] for piece in cost["charged"]}
            assert kinds == {"triage": 30, "goodwill": 30}
