"""An emergency outside the scope is worked at once; its money depends on what the client was told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from contracts.domain.scope import Facts
from contracts.domain.statement import AuthorityKind
from tenants.errors import Invalid, Refused
from tenants.models import AuditEvent
from tests.tickets.factories import TEN, after, clock_of
from tests.tickets.test_effort import log
from tests.tickets.test_overrides import override
from tickets import services
from tickets.domain.emergency import Told, is_emergency, shares
from tickets.domain.lifecycle import RoleNotAllowed, TransitionNotAllowed
from tickets.models import Emergency, Settlement, TimeEntry
from tickets.services.sweep import sweep_emergencies

pytestmark = pytest.mark.allow_n_plus_one

TOLD_AT, WRITTEN_AT, AFTERNOON = after(minutes=30), after(minutes=40), after(hours=5)
DUE = datetime(2026, 4, 17, 9, tzinfo=UTC)  # the close of the second business day
LATE = DUE + timedelta(seconds=1)


def outage(client, **given):
    """Open a P1 on the system that the contract leaves out, confirmed by the vendor."""
    return client.open(system="office", actor=client.service_desk, **given)


def declare(client, ticket, told_at=TOLD_AT, now=WRITTEN_AT, **given):
    return services.declare_emergency(
        ticket=ticket, actor=client.operations_engineer, told_at=told_at, now=now, **given
    )


def send(client, ticket, now=AFTERNOON, **given):
    told = {"amount": 24000, "text": "Four hours to bring the mail back.", **given}
    return services.send_retro_estimate(ticket=ticket, actor=client.bridge_se, now=now, **told)


def authorities(ticket):
    rows = TimeEntry.objects.filter(ticket=ticket).order_by("starts_at")
    return list(rows.values_list("authority", "minutes"))


class TestDeclare:
    def test_notes_who_was_told_and_when_the_estimate_is_due(self, client):
        emergency = declare(client, outage(client))

        assert (emergency.owner_told, emergency.owner_told_at) == (
            client.service_owner,
            after(minutes=30),
        )
        assert (emergency.began_at, emergency.estimate_due_at) == (TEN, DUE)
        assert AuditEvent.objects.filter(verb="emergency.declared").exists()

    def test_begins_when_a_vendor_person_confirmed_the_priority(self, client):
        ticket = client.open(system="office")
        with pytest.raises(Refused):
            declare(client, ticket)
        for hours in (1, 2):
            services.confirm_facts(
                ticket=ticket, actor=client.service_desk, changes={}, now=after(hours=hours)
            )

        emergency = declare(client, ticket, told_at=after(hours=1), now=after(hours=3))

        assert emergency.began_at == after(hours=1)

    def test_is_not_for_what_the_contract_includes(self, client):
        with pytest.raises(Refused):
            declare(client, client.open(actor=client.service_desk))

    def test_is_not_for_lower_priorities(self, client):
        with pytest.raises(Refused):
            declare(client, outage(client, impact=2))

    def test_happens_once(self, client):
        ticket = outage(client)
        first = declare(client, ticket)

        with pytest.raises(Refused):
            declare(client, ticket)
        with pytest.raises(IntegrityError, match="one_emergency"), transaction.atomic():
            Emergency.objects.create(
                tenant=client.tenant,
                ticket=ticket,
                began_at=TEN,
                declared_by=client.bridge_se,
                declared_at=first.declared_at,
                estimate_due_at=DUE,
            )

    def test_is_the_vendors_while_it_is_worked_on(self, client):
        ticket = outage(client)
        with pytest.raises(RoleNotAllowed):
            services.declare_emergency(
                ticket=ticket, actor=client.service_owner, told_at=TEN, now=TEN
            )
        services.cancel_ticket(ticket=ticket, actor=client.requester, reason="No.", now=TEN)
        with pytest.raises(TransitionNotAllowed):
            declare(client, ticket)

    @pytest.mark.parametrize("told_at", [after(minutes=-1), after(minutes=41)])
    def test_refuses_a_time_that_cannot_be(self, client, told_at):
        with pytest.raises(Invalid) as refusal:
            declare(client, outage(client), told_at=told_at)

        assert refusal.value.field == "told_at"

    def test_tells_the_service_owner_and_nobody_else(self, client):
        with pytest.raises(Invalid) as refusal:
            declare(client, outage(client), told=client.requester)

        assert refusal.value.field == "told"


class TestMinutes:
    def test_are_billable_to_the_cap_and_held_beyond(self, client):
        ticket = outage(client)
        declare(client, ticket)

        log(client, ticket, ends_at=after(hours=3))
        log(client, ticket, starts_at=after(hours=3), ends_at=after(hours=5))

        assert authorities(ticket) == [("emergency", 180), ("emergency", 60), ("held", 60)]

    def test_are_all_there_when_an_entry_is_split(self, client):
        ticket = outage(client)
        declare(client, ticket)

        log(client, ticket, starts_at=after(seconds=20), ends_at=after(hours=5, seconds=50))

        entries = TimeEntry.objects.order_by("starts_at")
        assert entries.aggregate(sum=Sum("minutes"))["sum"] == 300
        first, second = entries
        assert (first.ends_at, second.ends_at) == (second.starts_at, after(hours=5, seconds=50))

    def test_are_goodwill_when_the_owner_was_not_told_at_once(self, client):
        for told_at in (None, after(hours=2)):
            ticket = outage(client)
            declare(client, ticket, told_at=told_at, now=after(hours=2))

            log(client, ticket, ends_at=after(hours=5))

            assert authorities(ticket) == [("goodwill", 240), ("held", 60)]

    def test_without_a_declaration_are_held(self, client):
        ticket = outage(client)

        log(client, ticket)

        assert authorities(ticket) == [("held", 60)]

    def test_before_it_was_confirmed_are_held(self, client):
        ticket = client.open(system="office")
        services.confirm_facts(
            ticket=ticket, actor=client.service_desk, changes={}, now=after(hours=2)
        )
        declare(client, ticket, told_at=after(hours=2), now=after(hours=2))

        log(client, ticket)

        assert authorities(ticket) == [("held", 60)]

    def test_after_it_is_no_longer_so_bad_are_held(self, client):
        ticket = outage(client)
        declare(client, ticket)
        services.confirm_facts(
            ticket=ticket, actor=client.service_desk, changes={"impact": 3}, now=after(hours=1)
        )

        log(client, ticket, starts_at=after(hours=1), ends_at=after(hours=2))

        assert authorities(ticket) == [("held", 60)]

    def test_become_goodwill_when_somebody_gives_them(self, client):
        ticket = outage(client)
        declare(client, ticket)
        log(client, ticket)

        override(client, ticket, now=after(hours=10))

        assert Settlement.objects.get().authority == "goodwill"


class TestRetroEstimate:
    def test_and_what_its_delay_costs_are_told_on_the_tickets_page(self, client, client_of):
        ticket = outage(client)
        declare(client, ticket)
        send(client, ticket, now=LATE)

        page = client_of(client.service_owner).get(f"/tickets/{ticket.key}/").content.decode()

        assert "Estimate of the emergency sent" in page
        assert "The estimate was late: the work is goodwill" in page

    def test_in_time_keeps_the_minutes_billable(self, client):
        ticket = outage(client)
        declare(client, ticket)
        log(client, ticket)

        emergency = send(client, ticket, now=DUE)
        sweep_emergencies(LATE)

        assert (emergency.estimate_amount, emergency.lapsed_at) == (24000, None)
        assert not Settlement.objects.exists()
        assert ticket.comments.get().body == "Four hours to bring the mail back."

    def test_late_makes_them_goodwill_and_leaves_what_is_held(self, client):
        ticket = outage(client)
        declare(client, ticket)
        log(client, ticket, ends_at=after(hours=5))

        emergency = send(client, ticket, now=LATE)

        settled = Settlement.objects.select_related("entry").get()
        assert (settled.entry.minutes, settled.authority, settled.decision) == (
            240,
            "goodwill",
            None,
        )
        assert emergency.lapsed_at == LATE

    def test_that_never_comes_makes_them_goodwill_by_itself_once(self, client):
        ticket = outage(client)
        declare(client, ticket)
        log(client, ticket)

        sweep_emergencies(DUE)
        assert not Settlement.objects.exists()
        sweep_emergencies(LATE)
        sweep_emergencies(LATE + timedelta(days=1))

        assert Settlement.objects.get().authority == "goodwill"
        assert AuditEvent.objects.filter(verb="emergency.lapsed").count() == 1
        log(client, ticket, starts_at=after(hours=1), ends_at=after(hours=6), now=LATE)
        assert authorities(ticket) == [("emergency", 60), ("goodwill", 180), ("held", 120)]

    def test_stops_the_clock_of_the_estimate(self, client):
        ticket = outage(client, facts=Facts(activity="adaptive"), environment="production")
        assert ticket.stage.decision.outcome == "not_provided"
        wish = client.open(actor=client.service_desk, facts=Facts(activity="adaptive"))
        declare(client, wish)

        send(client, wish)

        assert clock_of(wish, "estimate").state == "met"

    @pytest.mark.parametrize(
        ("given", "field"), [({"amount": -1}, "amount"), ({"text": " "}, "text")]
    )
    def test_says_how_much_and_for_what(self, client, given, field):
        ticket = outage(client)
        declare(client, ticket)

        with pytest.raises(Invalid) as refusal:
            send(client, ticket, **given)

        assert refusal.value.field == field

    def test_is_sent_once_and_for_an_emergency(self, client):
        ticket = outage(client)
        with pytest.raises(Refused):
            send(client, ticket)
        declare(client, ticket)
        send(client, ticket)
        with pytest.raises(Refused):
            send(client, ticket)


def told(**given):
    plain = {
        "began_at": TEN,
        "owner_told_at": after(hours=1),
        "estimate_due_at": DUE,
        "estimate_sent_at": None,
        "cap": 240,
    }
    return Told(**{**plain, **given})


@pytest.mark.parametrize(
    ("given", "now", "kind"),
    [
        ({}, TEN, "emergency"),
        ({}, DUE, "emergency"),
        ({}, LATE, "goodwill"),
        ({"estimate_sent_at": DUE}, LATE, "emergency"),
        ({"estimate_sent_at": LATE}, LATE, "goodwill"),
        ({"owner_told_at": after(hours=1, seconds=1)}, TEN, "goodwill"),
        ({"owner_told_at": None}, TEN, "goodwill"),
    ],
)
def test_what_stands_behind_a_minute(given, now, kind):
    assert told(**given).authority(now) == kind


@pytest.mark.parametrize("used", [0, 100, 239, 240, 500])
@pytest.mark.parametrize("minutes", [1, 60, 240, 900])
def test_no_minute_is_lost_and_none_beyond_the_cap_is_billed(used, minutes):
    parts = dict(shares(told(), used=used, minutes=minutes, now=TEN))

    assert sum(parts.values()) == minutes
    assert used + parts.get(AuthorityKind.EMERGENCY, 0) <= max(used, 240)


def test_terms_without_an_exception_know_no_emergency():
    facts = Facts(priority="P1", confirmed=frozenset({"priority"}))

    assert not is_emergency(None, "estimate", facts)
