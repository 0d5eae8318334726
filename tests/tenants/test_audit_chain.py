"""Each tenant's audit is a chain: written with the change, in the order of the commits, never after."""

import threading
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from tenants.audit_chain import breaks, head
from tenants.models import AuditEvent, AuditLink
from tenants.origin import coming_from
from tenants.scoping import tenant_scope
from tenants.services import audit

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)


def note(tenant, verb="thing.done", **data) -> None:
    with tenant_scope(tenant), transaction.atomic():
        audit.record(actor=None, verb=verb, subject=Subject(tenant), at=NOON, **data)


class Subject:
    """Anything of a tenant that something is said about."""

    class _meta:
        label_lower = "tests.subject"

    def __init__(self, tenant) -> None:
        self.tenant_id, self.pk = tenant.pk, 1


def broken(tenant) -> list[str]:
    with tenant_scope(tenant), transaction.atomic():
        return list(breaks(tenant.pk))


def as_owner(sql: str, *params) -> None:
    """Do what only somebody with the owner's password can: the guard is off for a moment."""
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        for table in ("tenants_auditevent", "tenants_auditlink"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql, params)
        for table in ("tenants_auditevent", "tenants_auditlink"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class TestTheChain:
    def test_holds_over_the_events_of_each_tenant_by_itself(self, acme, globex):
        for tenant in (acme, globex, acme):
            note(tenant)

        with tenant_scope(acme, globex), transaction.atomic():
            places = AuditLink.objects.order_by("pk").values_list("tenant_id", "position")
            assert list(places) == [(acme.pk, 1), (globex.pk, 1), (acme.pk, 2)]
        assert broken(acme) == broken(globex) == []

    def test_has_no_link_for_what_was_taken_back(self, acme):
        note(acme)
        with tenant_scope(acme), transaction.atomic():
            audit.record(actor=None, verb="x.y", subject=Subject(acme), at=NOON)
            transaction.set_rollback(True)

        with tenant_scope(acme), transaction.atomic():
            assert head(acme.pk)[0] == AuditEvent.objects.count() == 1

    def test_leaves_the_scope_of_the_transaction_as_it_was(self, acme, globex):
        with tenant_scope(acme, globex), transaction.atomic():
            audit.record(actor=None, verb="x.y", subject=Subject(acme), at=NOON)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            assert AuditLink.objects.count() == 1
            audit.record(actor=None, verb="x.y", subject=Subject(globex), at=NOON)
            assert {e.tenant_id for e in AuditEvent.objects.all()} == {acme.pk, globex.pk}

    def test_says_where_a_change_came_from(self, acme):
        with coming_from("203.0.113.7"):
            note(acme)

        with tenant_scope(acme), transaction.atomic():
            assert AuditEvent.objects.get().origin == "203.0.113.7"

    def test_stays_one_chain_when_many_write_at_once(self, acme):
        def write() -> None:
            try:
                for _ in range(5):
                    note(acme)
            finally:
                connection.close()

        writers = [threading.Thread(target=write) for _ in range(6)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        assert broken(acme) == []
        with tenant_scope(acme), transaction.atomic():
            assert head(acme.pk)[0] == 30


class TestTampering:
    @pytest.fixture
    def events(self, acme) -> list[int]:
        for verb in ("a.a", "b.b", "c.c"):
            note(acme, verb, amount=7)
        with tenant_scope(acme), transaction.atomic():
            return list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))

    def test_of_an_event_is_named(self, acme, events):
        as_owner("UPDATE tenants_auditevent SET data = '{\"amount\": 8}' WHERE id = %s", events[1])

        assert broken(acme) == [
            f"Event {events[1]} (link 2) is not what it was, or its link is not."
        ]

    def test_by_removing_an_event_is_named(self, acme, events):
        as_owner("DELETE FROM tenants_auditlink WHERE event_id = %s", events[1])

        assert f"Before link 3 (event {events[2]}) something was removed." in broken(acme)
        assert f"Event {events[1]} was slipped in: no link holds it." in broken(acme)

    def test_makes_the_console_fail(self, acme, events, capsys):
        as_owner("UPDATE tenants_auditevent SET verb = 'z.z' WHERE id = %s", events[0])

        with pytest.raises(SystemExit):
            call_command("verify_audit")
        assert f"Event {events[0]} (link 1)" in capsys.readouterr().out


def test_an_untouched_chain_satisfies_the_console(acme, capsys):
    note(acme)

    call_command("verify_audit", tenant=acme.code)

    assert f"{acme.code}: 1 events, head " in capsys.readouterr().out
