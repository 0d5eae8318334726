"""Failure patterns: recognised, shown at triage, counted in hours and money, ended by a fix."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.api.client import Api
from tests.portal.desk import NOON, browser_of, desk_of
from tickets import services
from tickets.models import Estimate, Link, Occurrence, Pattern, Problem, Ticket
from tickets.services.pattern_figures import figures
from tickets.services.recurrence import recognise

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]  # a page is watched by itself
PLANTED = [
    "受注画面でCSV出力を押すと白い画面になる",
    "受注画面のＣＳＶ出力で真っ白になる",
    "受注画面からCSVを出力したら白くなりました",
    "CSV出力すると受注画面が真っ白（10/12 9:30頃）",
    "【至急】受注画面　ｃｓｖ出力　画面が真っ白です",
]
OTHERS = ["発注画面でCSV出力を押すと白い画面になる", "受注画面でPDF出力を押すと白い画面になる"]


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


def opened(desk, titles, **fields) -> list[Ticket]:
    made = []
    for day, title in enumerate(titles):
        at = NOON + timedelta(days=day)
        made.append(desk.open(title, received_at=at, **fields))
    return made


def recognised(desk) -> None:
    with tenant_scope(desk.tenant):
        recognise(NOON + timedelta(days=30))


def the_pattern(desk) -> Pattern:
    with tenant_scope(desk.tenant):
        return Pattern.objects.select_related("contract", "tenant", "problem__ticket").get(
            title=PLANTED[0]
        )


def incidents_in(desk) -> int:
    """Return how many incidents stand in the planted pattern."""
    with tenant_scope(desk.tenant):
        return the_pattern(desk).occurrences.count()


@pytest.fixture
def planted(acme_desk) -> SimpleNamespace:
    """Five incidents of one fault in five wordings among two like faults, at acme."""
    tickets = opened(acme_desk, [PLANTED[0], *OTHERS, *PLANTED[1:]])
    recognised(acme_desk)
    return SimpleNamespace(desk=acme_desk, tickets=[tickets[0], *tickets[3:]], others=tickets[1:3])


class TestRecognising:
    def test_finds_the_planted_pattern_and_keeps_the_others_apart(self, planted, acme):
        with tenant_scope(acme):
            held = {p.title: p.occurrences.count() for p in Pattern.objects.all()}

        assert held == {PLANTED[0]: 5, OTHERS[0]: 1, OTHERS[1]: 1}

    def test_looks_at_each_incident_once_and_remembers_the_wordings(self, planted, acme, acme_desk):
        opened(acme_desk, ["受注画面よりCSVの出力を行うと真っ白"])
        with tenant_scope(acme):
            assert recognise(NOON) == 1
            assert recognise(NOON) == 0
            assert Occurrence.objects.count() == 8
        assert incidents_in(acme_desk) == 6

    def test_knows_only_the_clients_own(self, planted, globex_desk):
        opened(globex_desk, PLANTED[:1])
        recognised(globex_desk)

        assert incidents_in(globex_desk) == 1
        assert incidents_in(planted.desk) == 5

    def test_of_incidents_only(self, acme_desk, acme):
        opened(acme_desk, ["Where is the manual?"], type="service_request")
        recognised(acme_desk)

        with tenant_scope(acme):
            assert not Pattern.objects.exists()

    def test_a_person_takes_one_out_and_it_stays_out(self, planted, acme):
        with tenant_scope(acme):
            engineer = planted.desk.people["operations_engineer"]
            services.leave_pattern(ticket=planted.tickets[1], actor=engineer, now=NOON)
            recognise(NOON)

            assert incidents_in(planted.desk) == 4
            assert AuditEvent.objects.filter(verb="ticket.left_pattern").count() == 1
            with pytest.raises(Refused):
                services.leave_pattern(ticket=planted.tickets[1], actor=engineer, now=NOON)

            services.join_pattern(
                ticket=planted.tickets[1],
                pattern=the_pattern(planted.desk),
                actor=engineer,
                now=NOON,
            )
            assert incidents_in(planted.desk) == 5

    def test_takes_no_more_queries_for_more_incidents(self, acme_desk, acme):
        opened(acme_desk, PLANTED[:1])
        recognised(acme_desk)
        opened(acme_desk, PLANTED[:1] * 3)
        with tenant_scope(acme), CaptureQueriesContext(connection) as few:
            recognise(NOON)
        opened(acme_desk, PLANTED[:1] * 12)
        with tenant_scope(acme), CaptureQueriesContext(connection) as many:
            recognise(NOON)

        assert len(many) == len(few)


class TestFigures:
    def work(self, desk, ticket, minutes, tier="L2"):
        with tenant_scope(desk.tenant):
            engineer = desk.people["operations_engineer"]
            services.start_work(ticket=ticket, actor=engineer, now=ticket.received_at)
            services.log_time(
                ticket=ticket, actor=engineer, starts_at=ticket.received_at,
                ends_at=ticket.received_at + timedelta(minutes=minutes),
                now=ticket.received_at + timedelta(minutes=minutes), tier=tier,
            )  # fmt: skip

    def test_count_hours_and_their_worth_by_the_card(self, planted, acme):
        self.work(planted.desk, planted.tickets[0], 90)
        self.work(planted.desk, planted.tickets[1], 30)
        self.work(planted.desk, planted.others[0], 45)
        with tenant_scope(acme):
            (found,) = figures([planted.desk.contract], NOON)

        assert (found.count, found.minutes, found.worth) == (5, 120, 2 * 6000)
        assert found.fix.source == "unknown"

    def test_a_report_that_was_cancelled_is_none(self, planted, acme):
        with tenant_scope(acme):
            services.cancel_ticket(
                ticket=planted.tickets[0], actor=planted.desk.people["requester"],
                reason="A mistake.", now=NOON + timedelta(days=9),
            )  # fmt: skip
            assert figures([planted.desk.contract], NOON) == []
            assert figures([planted.desk.contract], NOON, at_least=4)[0].count == 4

    def test_take_the_same_queries_for_more_patterns(self, planted, acme, acme_desk):
        with tenant_scope(acme), CaptureQueriesContext(connection) as one:
            assert len(figures([acme_desk.contract], NOON)) == 1
        opened(acme_desk, [OTHERS[0]] * 5 + [OTHERS[1]] * 5)
        recognised(acme_desk)
        with tenant_scope(acme), CaptureQueriesContext(connection) as three:
            assert len(figures([acme_desk.contract], NOON)) == 3

        assert len(three) == len(one)


class TestProblem:
    def test_stands_for_the_pattern_with_its_open_incidents(self, planted, acme):
        with tenant_scope(acme):
            pattern = the_pattern(planted.desk)
            engineer = planted.desk.people["operations_engineer"]
            ticket = services.raise_problem(pattern=pattern, actor=engineer, now=NOON)
            again = services.raise_problem(pattern=pattern, actor=engineer, now=NOON)

            assert again == ticket
            assert ticket.type == "problem"
            assert ticket.stage.activity == "corrective"
            assert Link.objects.filter(kind="caused_by", other=ticket).count() == 5
            assert AuditEvent.objects.filter(verb="problem.raised").count() == 1

    def test_is_known_once_it_has_its_cause_and_a_workaround(self, planted, acme):
        with tenant_scope(acme):
            engineer = planted.desk.people["operations_engineer"]
            ticket = services.raise_problem(
                pattern=the_pattern(planted.desk), actor=engineer, now=NOON
            )
            with pytest.raises(Invalid, match="workaround"):
                services.describe_problem(
                    ticket=ticket, actor=engineer, now=NOON, root_cause="x", known_error=True
                )
            services.describe_problem(
                ticket=ticket, actor=engineer, now=NOON, root_cause="A null in the total.",
                workaround="Export by the hour.", known_error=True,
            )  # fmt: skip
            assert Problem.objects.get().known_error_at == NOON
            with pytest.raises(Invalid):
                services.describe_problem(ticket=planted.tickets[0], actor=engineer, now=NOON)

    @pytest.mark.parametrize("role", ["requester", "service_owner"])
    def test_is_the_vendors_to_open(self, planted, acme, role):
        with tenant_scope(acme), pytest.raises(NotPermitted):
            services.raise_problem(
                pattern=the_pattern(planted.desk), actor=planted.desk.people[role], now=NOON
            )


def no_clause_for(*activities):
    """Return terms in which these activities need an estimate."""
    from tests.factories import TERMS

    terms = {**TERMS, "scope": {**TERMS["scope"]}}
    clauses = [
        {"id": "E1", "text": {"en": "By estimate"}, "when": {"activity": list(activities)},
         "then": "estimate"},
        *TERMS["scope"]["clauses"],
    ]  # fmt: skip
    terms["scope"]["clauses"] = clauses
    return terms


class TestFix:
    @pytest.fixture
    def acme_desk(self, acme):
        return desk_of(acme, terms=no_clause_for("corrective"))

    def test_is_drafted_in_one_step_with_a_line_of_maintenance(self, planted, acme):
        with tenant_scope(acme):
            engineer = planted.desk.people["maintenance_engineer"]
            drafted = services.draft_fix(
                pattern=the_pattern(planted.desk), actor=engineer, now=NOON, minutes=120
            )
            again = services.draft_fix(
                pattern=the_pattern(planted.desk), actor=engineer, now=NOON, minutes=120
            )

            assert again == drafted
            assert drafted.ticket.type == "problem"
            assert drafted.amount == 16_000

    def test_that_needs_no_estimate_is_refused_with_the_reason(self, globex_desk, globex):
        opened(globex_desk, PLANTED)
        recognised(globex_desk)
        with tenant_scope(globex), pytest.raises(Refused, match="no estimate"):
            services.draft_fix(
                pattern=the_pattern(globex_desk),
                actor=globex_desk.people["maintenance_engineer"], now=NOON,
            )  # fmt: skip

    def test_is_checked_after_its_release(self, planted, acme):
        desk = planted.desk
        engineer = desk.people["maintenance_engineer"]
        with tenant_scope(acme):
            problem = services.raise_problem(
                pattern=the_pattern(desk), actor=engineer, now=NOON + timedelta(days=8)
            )
            services.record_release(
                contract=desk.contract, actor=engineer, system="ec-site", kind="patch", name="1.0.1",
                released_at=NOON + timedelta(days=9), now=NOON + timedelta(days=9), fixes=[problem],
            )  # fmt: skip
            (before,) = figures([desk.contract], NOON)
        for day in (10, 11):
            desk.open(PLANTED[0], received_at=NOON + timedelta(days=day))
        recognised(desk)
        with tenant_scope(acme):
            (after,) = figures([desk.contract], NOON)

        assert (before.since_fix.before, before.since_fix.count) == (5, 0)
        assert (after.since_fix.before, after.since_fix.count, after.came_back) == (5, 2, True)

    def test_page_drafts_it_and_shows_the_price_of_the_repeats(self, planted, acme):
        pattern = the_pattern(planted.desk)
        browser = browser_of(planted.desk.people["account_manager"])

        answer = browser.post(f"/tickets/patterns/{pattern.public_id}/fix/")

        with tenant_scope(acme):
            drafted = Estimate.objects.get()
        assert answer.url == f"/tickets/estimates/{drafted.public_id}/"
        page = browser.get(answer.url).content.decode()
        assert "The price of the repeats" in page
        assert PLANTED[0] in page


class TestPages:
    def test_list_holds_the_clients_own_and_the_price(self, planted, globex_desk):
        opened(globex_desk, ["Globex canary fails"] * 5)
        recognised(globex_desk)

        page = browser_of(planted.desk.people["service_owner"]).get("/tickets/patterns/")

        assert PLANTED[0] in page.content.decode()
        assert "canary" not in page.content.decode()
        assert (
            browser_of(planted.desk.people["requester"]).get("/tickets/patterns/").status_code
            == 403
        )

    def test_pattern_is_one_clients(self, planted, globex_desk):
        address = f"/tickets/patterns/{the_pattern(planted.desk).public_id}/"

        assert browser_of(planted.desk.people["bridge_se"]).get(address).status_code == 200
        assert browser_of(globex_desk.people["bridge_se"]).get(address).status_code == 404
        assert browser_of(planted.desk.people["requester"]).get(address).status_code == 404

    def test_triage_says_how_often_and_what_helped(self, planted, acme):
        desk, engineer = planted.desk, planted.desk.people["operations_engineer"]
        with tenant_scope(acme):
            services.start_work(ticket=planted.tickets[1], actor=engineer, now=NOON + timedelta(5))
            services.resolve_ticket(
                ticket=planted.tickets[1], actor=engineer, now=NOON + timedelta(6),
                resolution="Cleared the cache of the export.", fix="none_needed", fix_reason="Cache.",
            )  # fmt: skip
        newest = planted.tickets[-1]

        page = browser_of(engineer).get(f"/tickets/{newest.key}/").content.decode()

        assert "Seen 5 times" in page
        assert "Cleared the cache of the export." in page
        assert planted.tickets[1].key in page
        asked = browser_of(desk.people["requester"]).get(f"/tickets/{newest.key}/").content.decode()
        assert "Seen 5 times" not in asked

    def test_a_new_incident_is_known_before_anybody_looked(self, planted, acme_desk):
        fresh = acme_desk.open(PLANTED[2], received_at=NOON + timedelta(days=20))

        page = browser_of(acme_desk.people["service_desk"]).get(f"/tickets/{fresh.key}/")

        assert "Seen 6 times" in page.content.decode()

    def test_problem_is_written_on_its_page(self, planted, acme):
        browser = browser_of(planted.desk.people["operations_engineer"])
        pattern = the_pattern(planted.desk)
        address = browser.post(f"/tickets/patterns/{pattern.public_id}/problem/").url

        told = {"root_cause": "A null.", "workaround": "By the hour.", "known_error": "on"}
        assert browser.post(f"{address}problem/", {**told, "workaround": ""}).status_code == 422
        assert browser.post(f"{address}problem/", told).status_code == 302
        page = browser.get(address).content.decode()
        assert "Known error" in page
        assert "By the hour." in page
        shown = browser.get(f"/tickets/{planted.tickets[0].key}/").content.decode()
        assert "By the hour." in shown

    def test_one_is_taken_out_by_a_button(self, planted):
        browser = browser_of(planted.desk.people["service_desk"])

        assert browser.post(f"/tickets/{planted.tickets[0].key}/not-this/").status_code == 302
        assert incidents_in(planted.desk) == 4


class TestApi:
    def test_lists_the_clients_own(self, planted, globex_desk):
        opened(globex_desk, ["Globex canary fails"] * 5)
        recognised(globex_desk)

        answer = Api(planted.desk.people["bridge_se"]).get("patterns/").json()

        assert [row["title"] for row in answer["results"]] == [PLANTED[0]]
        assert answer["results"][0]["count"] == 5
        assert Api(planted.desk.people["requester"]).get("patterns/").status_code == 403

    def test_opens_the_problem_and_describes_it(self, planted, globex_desk):
        api = Api(planted.desk.people["operations_engineer"])
        address = f"patterns/{the_pattern(planted.desk).public_id}/problem/"

        key = api.post(address).json()["key"]

        assert api.post(address).json()["key"] == key
        told = {"root_cause": "A null.", "workaround": "By the hour.", "known_error": True}
        assert api.post(f"tickets/{key}/problem/", told).status_code == 200
        assert Api(globex_desk.people["bridge_se"]).post(address).status_code == 404

    def test_says_why_no_estimate_is_drafted(self, planted):
        api = Api(planted.desk.people["operations_engineer"])

        answer = api.post(f"patterns/{the_pattern(planted.desk).public_id}/fix/")

        assert answer.status_code == 409
        with tenant_scope(planted.desk.tenant):
            assert not Ticket.objects.filter(type="problem").exists()

    def test_moves_an_incident_out_and_in(self, planted):
        api = Api(planted.desk.people["operations_engineer"])
        key, pattern = planted.tickets[0].key, the_pattern(planted.desk).public_id

        assert api.post(f"tickets/{key}/leave-pattern/").status_code == 200
        assert incidents_in(planted.desk) == 4
        assert api.post(f"tickets/{key}/join-pattern/", {"pattern": pattern}).status_code == 200
        assert api.post(f"tickets/{key}/join-pattern/", {"pattern": "x"}).status_code == 400
        assert incidents_in(planted.desk) == 5
