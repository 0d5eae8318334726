"""What maintenance delivers: releases, the end of a stage of maintenance, and the warranty."""

from copy import deepcopy
from datetime import timedelta

import pytest

from tenants.errors import Invalid, NotPermitted
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.reports.factories import TERMS, Desk, make_desk, tokyo
from tickets import services
from tickets.models import Delivery, Release, Ticket

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands


@pytest.fixture
def desk(db):
    made = make_desk("ACME")
    with tenant_scope(made.tenant):
        yield made


@pytest.fixture
def warranted(db):
    """A desk whose defects are included for 30 days after a release, and cost an estimate later."""
    document = deepcopy(TERMS)
    document["scope"]["warranty"] = {"for": "30d"}
    document["scope"]["clauses"] = [
        {"id": "W1", "text": {"en": "Within the warranty"},
         "when": {"activity": ["corrective"], "warranty": True}, "then": "included"},
        {"id": "W2", "text": {"en": "After it"},
         "when": {"activity": ["corrective"], "warranty": False}, "then": "estimate"},
        *document["scope"]["clauses"],
    ]  # fmt: skip
    made = make_desk("ACME", document=document)
    with tenant_scope(made.tenant):
        yield made


def record(desk: Desk, at: str, name: str = "2.4.1", system: str = "ec-site", **more) -> Release:
    return services.record_release(
        contract=desk.contract,
        actor=more.pop("actor", desk.people["maintenance_engineer"]),
        system=system,
        kind="version",
        name=name,
        released_at=tokyo(at),
        now=more.pop("now", tokyo(at) + timedelta(hours=1)),
        **more,
    )


def in_maintenance(desk: Desk, at: str = "2026-04-06 10:00") -> Ticket:
    ticket = desk.open(at, activity="corrective", type="service_request")
    desk.start(ticket, at)
    ticket.refresh_from_db()
    return ticket


def resolve(desk: Desk, ticket: Ticket, at: str, **told) -> Ticket:
    return services.resolve_ticket(
        ticket=ticket,
        actor=desk.people["maintenance_engineer"],
        resolution="Done.",
        now=tokyo(at),
        **told,
    )


class TestRecording:
    def test_leaves_the_release_its_deliveries_and_one_trace(self, desk):
        ticket = in_maintenance(desk)

        release = record(
            desk, "2026-04-08 22:00", documents=["Basic design 3.2 ", ""], fixes=[ticket]
        )

        assert release.documents == ["Basic design 3.2"]
        assert [d.ticket_id for d in release.deliveries.all()] == [ticket.pk]
        event = AuditEvent.objects.get(verb="release.recorded")
        assert (event.subject_id, event.data["fixes"]) == (release.pk, [ticket.key])

    def test_refuses_the_future_another_name_twice_and_an_unknown_system(self, desk):
        record(desk, "2026-04-08 22:00")

        with pytest.raises(Invalid) as late:
            record(desk, "2026-04-09 22:00", "2.5", now=tokyo("2026-04-09 10:00"))
        with pytest.raises(Invalid) as twice:
            record(desk, "2026-04-09 22:00")
        with pytest.raises(Invalid) as unknown:
            record(desk, "2026-04-09 22:00", system="mars")

        assert [e.value.field for e in (late, twice, unknown)] == ["released_at", "name", "system"]
        assert Release.objects.count() == 1

    def test_is_the_vendors_doing_for_this_client(self, desk):
        with pytest.raises(NotPermitted):
            record(desk, "2026-04-08 22:00", actor=desk.people["service_owner"])

    def test_fixes_nothing_that_operation_has(self, desk):
        ticket = desk.open("2026-04-06 10:00")

        with pytest.raises(Invalid):
            record(desk, "2026-04-08 22:00", fixes=[ticket])

        assert not Release.objects.exists()


class TestResolvingInMaintenance:
    def test_needs_a_release_or_a_reason_for_none(self, desk):
        ticket = in_maintenance(desk)

        with pytest.raises(Invalid) as refused:
            resolve(desk, ticket, "2026-04-09 10:00")

        ticket.refresh_from_db()
        assert (refused.value.field, ticket.status) == ("release", "in_progress")

    def test_names_the_release(self, desk):
        ticket, release = in_maintenance(desk), record(desk, "2026-04-08 22:00")

        resolve(desk, ticket, "2026-04-09 10:00", release=release)

        assert Delivery.objects.get().release == release

    def test_says_why_there_is_none(self, desk):
        ticket = in_maintenance(desk)

        resolve(desk, ticket, "2026-04-09 10:00", no_release="A setting of the client.")

        delivery = Delivery.objects.get()
        assert (delivery.release, delivery.reason) == (None, "A setting of the client.")

    def test_a_recorded_release_is_enough_until_the_ticket_is_opened_again(self, desk):
        ticket = in_maintenance(desk)
        record(desk, "2026-04-08 22:00", fixes=[ticket])
        resolve(desk, ticket, "2026-04-09 10:00")
        ticket.refresh_from_db()
        desk.reopen(ticket, "2026-04-10 10:00")

        with pytest.raises(Invalid):
            resolve(desk, ticket, "2026-04-10 15:00")

    def test_operation_needs_none(self, desk):
        ticket = desk.open("2026-04-06 10:00")
        desk.start(ticket, "2026-04-06 10:05")

        resolve(desk, ticket, "2026-04-06 11:00", fix_reason="A restart was enough.")

        assert not Delivery.objects.exists()


class TestWarranty:
    def test_a_defect_within_it_is_included(self, warranted):
        record(warranted, "2026-04-08 22:00")

        decision = in_maintenance(warranted, "2026-05-08 21:59").stage.decision

        assert (decision.clause_id, decision.outcome) == ("W1", "included")
        assert "warranty" in decision.facts["confirmed"]

    def test_a_defect_after_it_is_not(self, warranted):
        record(warranted, "2026-04-08 22:00")

        assert in_maintenance(warranted, "2026-05-08 22:00").stage.decision.clause_id == "W2"

    def test_only_the_last_release_of_the_same_system_before_the_receipt_counts(self, warranted):
        record(warranted, "2026-04-02 22:00", "1.0")
        record(warranted, "2026-05-20 22:00", "2.0")
        record(warranted, "2026-05-01 22:00", "1.0", system="core", now=tokyo("2026-05-21 09:00"))

        assert in_maintenance(warranted, "2026-05-19 10:00").stage.decision.clause_id == "W2"

    def test_without_a_release_it_is_asked(self, warranted):
        decision = in_maintenance(warranted).stage.decision

        assert decision.pending

    def test_what_a_person_confirmed_stands(self, warranted):
        record(warranted, "2026-04-02 22:00")
        ticket = in_maintenance(warranted)

        warranted.confirm(ticket, "2026-04-06 11:00", warranty=False)

        ticket.refresh_from_db()
        assert ticket.stage.decision.clause_id == "W2"

    def test_follows_a_corrected_system_when_the_person_leaves_it_open(self, warranted):
        record(warranted, "2026-04-02 22:00", system="core")
        ticket = in_maintenance(warranted)

        warranted.confirm(ticket, "2026-04-06 11:00", system="core", warranty=None)

        ticket.refresh_from_db()
        assert ticket.stage.decision.clause_id == "W1"


class TestPages:
    @pytest.fixture
    def two(self, db):
        acme, globex = make_desk("ACME"), make_desk("GLOBEX")
        with tenant_scope(globex.tenant):
            record(globex, "2026-04-08 22:00", "globex-only")
        with tenant_scope(acme.tenant):
            record(acme, "2026-04-07 22:00", "acme-1")
            acme.open("2026-04-09 10:00", title="After the release")
            acme.ticket = in_maintenance(acme)
        return acme, globex

    def test_the_list_shows_only_this_clients(self, two, client_of):
        browser = client_of(two[0].people["requester"])

        page = browser.get("/tickets/releases/?month=2026-04")

        assert page.status_code == 200
        assert "acme-1" in page.text
        assert "globex-only" not in page.text
        assert [row.incidents_after for row in page.context["page"]] == [1]

    def test_another_clients_release_is_not_there(self, two, client_of):
        with tenant_scope(two[1].tenant):
            theirs = Release.objects.get().public_id

        page = client_of(two[0].people["requester"]).get(f"/tickets/releases/{theirs}/")

        assert page.status_code == 404

    def test_the_lists_queries_do_not_grow(self, two, client_of, django_assert_max_num_queries):
        desk, _globex = two
        with tenant_scope(desk.tenant):
            for day in range(10, 20):
                record(desk, f"2026-04-{day} 22:00", f"acme-{day}")
        browser = client_of(desk.people["bridge_se"])

        with django_assert_max_num_queries(14):
            page = browser.get("/tickets/releases/?month=2026-04")

        assert len(page.context["page"].object_list) == 11

    def test_a_release_is_recorded_by_its_form_and_nothing_typed_is_lost(self, two, client_of):
        desk, _globex = two
        url = f"/tickets/releases/new/{desk.contract.public_id}/"
        told = {
            "system": "ec-site", "kind": "patch", "name": "acme-1",
            "released_at": "2026-04-09T22:00", "summary": "Fixes the kana.",
            "documents": "Basic design 3.2", "fixes": [desk.ticket.key],
        }  # fmt: skip
        browser = client_of(desk.people["maintenance_engineer"])

        again = browser.post(url, told)
        made = browser.post(url, told | {"name": "acme-2"})

        assert again.status_code == 422
        assert "Fixes the kana." in again.text
        assert made.status_code == 302
        with tenant_scope(desk.tenant):
            release = Release.objects.get(name="acme-2")
            assert [d.ticket_id for d in release.deliveries.all()] == [desk.ticket.pk]

    def test_a_client_records_none(self, two, client_of):
        desk, _globex = two
        url = f"/tickets/releases/new/{desk.contract.public_id}/"

        assert client_of(desk.people["service_owner"]).get(url).status_code == 403

    def test_the_ticket_asks_for_the_release_and_shows_it(self, two, client_of):
        desk, _globex = two
        key, browser = desk.ticket.key, client_of(desk.people["maintenance_engineer"])
        with tenant_scope(desk.tenant):
            release = Release.objects.get().public_id

        refused = browser.post(f"/tickets/{key}/resolve/", {"resolution": "Done."})
        done = browser.post(f"/tickets/{key}/resolve/", {"resolution": "Done.", "release": release})

        assert refused.status_code == 422
        assert "Why there is no release" in refused.text
        assert done.status_code == 302
        assert "acme-1" in browser.get(f"/tickets/{key}/").text
