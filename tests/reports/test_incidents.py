"""The report on an incident: drafted from its facts, edited by people, issued under a clock."""

import json
from copy import deepcopy

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from pypdf import PdfReader

from reports.models import IncidentReport
from reports.renderers.incident import incident_pdf, paper_of
from reports.services import incident_jobs, incidents
from tenants.errors import Invalid, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.reports.factories import TERMS, Desk, make_desk, tokyo
from tickets import services
from tickets.domain.lifecycle import RoleNotAllowed
from tickets.models import Obligation, Ticket

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands

WRITTEN = {
    "impact": "Nobody could pay.",
    "emergency_response": "Restarted.",
    "root_cause": "A full disk.",
    "prevention": "An alert at 80 %.",
}


def terms() -> dict:
    document = deepcopy(TERMS)
    document["time"]["targets"].append(
        {"obligation": "incident_report", "priority": ["P1"], "within": "3bd"}
    )
    return document


@pytest.fixture
def desk(db):
    made = make_desk("ACME", document=terms())
    with tenant_scope(made.tenant):
        yield made


def outage(desk: Desk, **more) -> Ticket:
    ticket = desk.open("2026-04-06 10:00", title="The cart is down", impact=1, urgency=1, **more)
    desk.reply(ticket, "2026-04-06 10:09")
    desk.start(ticket, "2026-04-06 10:10")
    ticket.refresh_from_db()
    return ticket


def restored(desk: Desk) -> Ticket:
    ticket = outage(desk)
    desk.offer(ticket, "2026-04-06 10:30")
    services.restore_service(
        ticket=ticket,
        actor=desk.people["operations_engineer"],
        now=tokyo("2026-04-06 11:30"),
        note="Failed over to the standby.",
    )
    ticket.refresh_from_db()
    return ticket


def clock(ticket: Ticket) -> Obligation | None:
    return Obligation.objects.filter(ticket=ticket, kind="incident_report").order_by("pk").last()


def draft(desk: Desk, ticket: Ticket, at: str = "2026-04-06 12:00") -> IncidentReport:
    return incidents.draft_incident_report(
        ticket=ticket, actor=desk.people["operations_engineer"], now=tokyo(at)
    )


def edit(desk: Desk, ticket: Ticket, seen: int, at: str = "2026-04-06 13:00", **words):
    return incidents.edit_incident_report(
        ticket=ticket,
        actor=desk.people["bridge_se"],
        sections=WRITTEN | words,
        seen=seen,
        now=tokyo(at),
    )


def issue(desk: Desk, ticket: Ticket, seen: int, at: str = "2026-04-07 10:00"):
    return incidents.issue_incident_report(
        ticket=ticket, actor=desk.people["bridge_se"], seen=seen, now=tokyo(at)
    )


class TestItsClock:
    def test_starts_with_the_restoration_where_the_terms_promise_a_report(self, desk):
        ticket = outage(desk)
        before = clock(ticket)
        desk.restore(ticket, "2026-04-06 11:30")

        assert before is None
        assert clock(ticket).started_at == tokyo("2026-04-06 11:30")
        assert clock(ticket).due_at == tokyo("2026-04-09 18:00")

    def test_does_not_start_for_a_priority_without_a_promise(self, desk):
        ticket = desk.open("2026-04-06 10:00", impact=3, urgency=3)
        desk.restore(ticket, "2026-04-06 11:30")

        assert clock(ticket) is None

    def test_starts_late_when_the_priority_rises_after_the_restoration(self, desk):
        ticket = desk.open("2026-04-06 10:00", impact=3, urgency=3)
        desk.restore(ticket, "2026-04-06 11:30")
        desk.confirm(ticket, "2026-04-06 14:00", impact=1, urgency=1)

        assert clock(ticket).started_at == tokyo("2026-04-06 14:00")

    def test_stands_through_a_pause_and_the_resolution(self, desk):
        ticket = restored(desk)
        desk.pause(ticket, "2026-04-06 14:00")
        desk.resume(ticket, "2026-04-07 14:00")
        desk.resolve(ticket, "2026-04-07 15:00")

        assert clock(ticket).paused_seconds == 0
        assert clock(ticket).stopped_at is None

    def test_stops_when_the_report_is_issued(self, desk):
        ticket = restored(desk)
        draft(desk, ticket)
        edit(desk, ticket, seen=1)
        issue(desk, ticket, seen=2)

        assert clock(ticket).stopped_at == tokyo("2026-04-07 10:00")
        assert clock(ticket).state == "met"

    def test_is_void_when_the_work_turns_out_to_be_outside_the_contract(self, desk):
        ticket = restored(desk)
        desk.confirm(ticket, "2026-04-06 15:00", activity="perfective")

        assert clock(ticket).state == "void"


class TestDrafting:
    def test_takes_its_first_words_from_what_the_ticket_says(self, desk):
        report = draft(desk, restored(desk))

        assert (report.revision, report.state) == (1, "draft")
        assert "Failed over to the standby." in report.sections["emergency_response"]
        assert "It leaks." in report.sections["root_cause"]
        assert report.language == "ja"
        assert "1時間 30分" in report.sections["impact"]

    def test_keeps_the_facts_of_the_instant(self, desk):
        facts = json.loads(draft(desk, restored(desk)).facts)

        assert facts["times"]["down_seconds"] == 90 * 60
        assert facts["times"]["acknowledged_at"] == "2026-04-06T01:09:00Z"
        codes = [moment["code"] for moment in facts["timeline"]]
        assert codes.index("ticket.opened") < codes.index("ticket.restored")
        assert [moment["at"] for moment in facts["timeline"]] == sorted(
            moment["at"] for moment in facts["timeline"]
        )

    def test_tells_nothing_of_the_vendors_own_lanes(self, desk):
        ticket = restored(desk)
        services.comment(
            ticket=ticket,
            actor=desk.people["bridge_se"],
            body="Between us: it was our deploy.",
            lane="internal",
            now=tokyo("2026-04-06 11:45"),
        )

        assert "Between us" not in draft(desk, ticket).facts

    def test_is_only_for_incidents_and_only_once(self, desk):
        ticket = restored(desk)
        draft(desk, ticket)
        request = desk.open("2026-04-06 10:00", activity="service_desk", type="service_request")

        with pytest.raises(Refused):
            draft(desk, ticket)
        with pytest.raises(Refused):
            draft(desk, request)

    def test_happens_by_itself_where_a_report_is_owed(self, desk, time_machine):
        ticket = restored(desk)
        time_machine.move_to(tokyo("2026-04-06 11:40"), tick=False)

        incident_jobs.draft_owed(None)
        incident_jobs.draft_owed(None)

        report = IncidentReport.objects.get()
        assert (report.ticket, report.by) == (ticket, None)
        assert AuditEvent.objects.get(verb="incident_report.drafted").actor is None


class TestEditing:
    def test_writes_a_revision_and_leaves_the_earlier_one(self, desk):
        ticket = restored(desk)
        first = draft(desk, ticket)
        second = edit(desk, ticket, seen=1)

        first.refresh_from_db()
        assert (first.revision, second.revision) == (1, 2)
        assert second.sections["root_cause"] == "A full disk."
        assert "It leaks." in first.sections["root_cause"]

    def test_refuses_what_was_written_over_somebody_elses_revision(self, desk):
        ticket = restored(desk)
        draft(desk, ticket)
        edit(desk, ticket, seen=1)

        with pytest.raises(Refused):
            edit(desk, ticket, seen=1, root_cause="Another one.")

        assert IncidentReport.objects.count() == 2

    def test_is_not_the_clients(self, desk):
        ticket = restored(desk)
        draft(desk, ticket)

        with pytest.raises(RoleNotAllowed):
            incidents.edit_incident_report(
                ticket=ticket,
                actor=desk.people["service_owner"],
                sections=WRITTEN,
                seen=1,
                now=tokyo("2026-04-06 13:00"),
            )

    def test_no_revision_is_ever_changed(self, desk):
        report = draft(desk, restored(desk))

        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE reports_incidentreport SET facts = '{}' WHERE id = %s", [report.pk]
            )


class TestIssuing:
    def test_leaves_an_issued_revision_with_the_facts_of_now(self, desk):
        ticket = restored(desk)
        draft(desk, ticket)
        edit(desk, ticket, seen=1)
        report = issue(desk, ticket, seen=2)

        lines = {line["obligation"]: line for line in json.loads(report.facts)["clocks"]}
        assert (report.revision, report.state) == (3, "issued")
        assert lines["incident_report"]["state"] == "met"
        verbs = AuditEvent.objects.filter(verb__startswith="incident_report.").order_by("pk")
        assert [event.verb.partition(".")[2] for event in verbs] == ["drafted", "edited", "issued"]

    def test_needs_the_sections_the_client_waits_for(self, desk):
        ticket = restored(desk)
        draft(desk, ticket)
        edit(desk, ticket, seen=1, prevention="  ")

        with pytest.raises(Invalid) as refused:
            issue(desk, ticket, seen=2)

        assert refused.value.field == "prevention"
        assert clock(ticket).stopped_at is None

    def test_a_correction_is_another_revision(self, desk):
        ticket = restored(desk)
        draft(desk, ticket)
        edit(desk, ticket, seen=1)
        issue(desk, ticket, seen=2)
        edit(desk, ticket, seen=3, root_cause="A leak of handles.")
        issue(desk, ticket, seen=4, at="2026-04-08 10:00")

        states = IncidentReport.objects.order_by("revision").values_list("state", flat=True)
        assert list(states) == ["draft", "draft", "issued", "draft", "issued"]
        with pytest.raises(Refused):
            issue(desk, ticket, seen=5, at="2026-04-08 11:00")


class TestOnPaper:
    @pytest.mark.parametrize("language", ["en", "ja", "vi"])
    def test_the_same_revision_gives_the_same_bytes(self, desk, language):
        ticket = restored(desk)
        draft(desk, ticket)
        edit(desk, ticket, seen=1, impact="#set text(red) *決済* không thanh toán được")
        report = issue(desk, ticket, seen=2)

        first, second = incident_pdf(report, language), incident_pdf(report, language)

        assert first == second
        assert first.startswith(b"%PDF")

    def test_says_what_people_wrote_and_what_happened(self, desk, tmp_path):
        ticket = restored(desk)
        draft(desk, ticket)
        report = edit(desk, ticket, seen=1)
        file = tmp_path / "report.pdf"
        file.write_bytes(incident_pdf(report, "en"))

        text = "\n".join(page.extract_text() for page in PdfReader(file).pages)

        assert "A full disk." in text
        assert "Service restored" in text
        assert ticket.key in text

    def test_is_drawn_in_the_readers_language(self, desk):
        report = draft(desk, restored(desk))
        titles = {
            language: [section["title"] for section in paper_of(report, language)["sections"]]
            for language in ("en", "ja", "vi")
        }

        assert titles["en"][3] == "Root cause"
        assert len({tuple(found) for found in titles.values()}) == 3


class TestPages:
    @pytest.fixture
    def two(self, db):
        acme, globex = make_desk("ACME", document=terms()), make_desk("GLOBEX", document=terms())
        for each in (acme, globex):
            with tenant_scope(each.tenant):
                each.ticket = restored(each)
                draft(each, each.ticket)
        return acme, globex

    def page(self, desk: Desk, part: str = "") -> str:
        return f"/reports/incidents/{desk.ticket.key}/{part}"

    def test_a_client_sees_nothing_before_it_is_issued(self, two, client_of):
        owner = client_of(two[0].people["service_owner"])

        assert owner.get(self.page(two[0])).status_code == 404
        assert owner.get(self.page(two[0], "pdf/")).status_code == 404
        assert self.page(two[0]) not in owner.get(f"/tickets/{two[0].ticket.key}/").text

    def test_a_client_reads_what_was_issued_and_no_draft(self, two, client_of):
        desk = two[0]
        with tenant_scope(desk.tenant):
            edit(desk, desk.ticket, seen=1, root_cause="First guess.")
            edit(desk, desk.ticket, seen=2)
            issue(desk, desk.ticket, seen=3)
            edit(desk, desk.ticket, seen=4, root_cause="Second thoughts.")
        owner = client_of(desk.people["service_owner"])

        page = owner.get(self.page(desk))

        assert "A full disk." in page.text
        assert "Second thoughts." not in page.text
        assert owner.get(self.page(desk) + "?revision=2").status_code == 404
        assert owner.get(self.page(desk, "pdf/")).status_code == 200
        assert owner.get(self.page(desk, "edit/")).status_code == 403
        assert self.page(desk) in owner.get(f"/tickets/{desk.ticket.key}/").text

    def test_another_clients_is_not_there(self, two, client_of):
        person = client_of(two[0].people["bridge_se"])

        for part in ("", "pdf/", "edit/"):
            assert person.get(self.page(two[1], part)).status_code == 404
        for part in ("draft/", "issue/"):
            assert person.post(self.page(two[1], part), {"seen": 1}).status_code == 404

    def test_is_edited_and_issued_on_its_pages(self, two, client_of):
        desk = two[0]
        person = client_of(desk.people["bridge_se"])

        short = person.post(self.page(desk, "issue/"), {"seen": 1}, follow=True)
        saved = person.post(self.page(desk, "edit/"), WRITTEN | {"seen": 1, "summary": "Down."})
        issued = person.post(self.page(desk, "issue/"), {"seen": 2}, follow=True)

        assert "Write this section" in short.text
        assert saved.status_code == 302
        assert "The client can read it now." in issued.text

    def test_a_stale_form_is_refused(self, two, client_of):
        desk = two[0]
        person = client_of(desk.people["bridge_se"])
        person.post(self.page(desk, "edit/"), WRITTEN | {"seen": 1, "summary": "Mine."})

        again = person.post(self.page(desk, "edit/"), WRITTEN | {"seen": 1, "summary": "Late."})

        assert again.status_code == 409
        with tenant_scope(desk.tenant):
            assert IncidentReport.objects.count() == 2

    def test_what_people_wrote_is_never_markup(self, two, client_of):
        desk = two[0]
        person = client_of(desk.people["bridge_se"])
        person.post(
            self.page(desk, "edit/"), WRITTEN | {"seen": 1, "impact": "<script>alert(1)</script>"}
        )

        page = person.get(self.page(desk)).text

        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page
