"""The audit: found, exported, and to each reader only what is theirs."""

import ast
import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from portal.administration.audit_words import VERBS
from tenants.scoping import tenant_scope
from tenants.services import audit
from tests.factories import MembershipFactory
from tests.portal.desk import browser_of, desk_of

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def note(member, verb: str, at: datetime = NOON, **data) -> None:
    with tenant_scope(member.tenant):
        audit.record(actor=member, verb=verb, subject=member, at=at, **data)


def page_of(who, query: str = "") -> str:
    return browser_of(who).get(f"/administration/audit/{query}").text


def rows_of(who, query: str = "") -> list[dict[str, str]]:
    answer = browser_of(who).get(f"/administration/audit.csv{query}")
    text = answer.getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


class TestReaders:
    @pytest.mark.parametrize(
        "role", ["requester", "service_desk", "operations_engineer", "bridge_se"]
    )
    def test_are_no_other_desks(self, members, role):
        browser = browser_of(members[role])

        assert browser.get("/administration/audit/").status_code == 403
        assert browser.get("/administration/audit.csv").status_code == 403

    @pytest.mark.parametrize("role", ["account_manager", "service_owner"])
    def test_see_their_own_clients_only(self, members, globex_members, role):
        note(members["requester"], "member.added", said="by acme")
        note(globex_members["requester"], "member.added", said="by globex")

        page = page_of(members[role])

        assert "by acme" in page
        assert "by globex" not in page
        assert [row["client"] for row in rows_of(members[role])] == ["ACME"]

    def test_a_service_owner_reads_nothing_of_the_vendors_lanes(self, members):
        engineer = members["bridge_se"]
        note(engineer, "ticket.commented", lane="internal", secret="internal lane")
        note(engineer, "estimate.submitted", secret="four million yen")
        note(engineer, "replay.asked", secret="a draft")
        note(engineer, "handoff.disputed", reason="their evidence is poor")
        note(engineer, "ticket.commented", lane="public")
        note(engineer, "unheard.of", secret="unheard secret")

        owner, manager = members["service_owner"], members["account_manager"]

        assert [row["what"] for row in rows_of(owner)] == ["ticket.commented", "handoff.disputed"]
        for secret in (
            "internal lane",
            "four million",
            "a draft",
            "evidence is poor",
            "unheard secret",
        ):
            assert secret not in page_of(owner).partition("<main")[2]
            assert secret in page_of(manager)
        assert all(row["data"] == "" for row in rows_of(owner))

    def test_of_two_clients_with_two_desks_get_of_each_what_the_desk_reads(
        self, members, globex, globex_members
    ):
        person = members["account_manager"].user
        MembershipFactory(tenant=globex, user=person, service_owner=True)
        note(members["bridge_se"], "estimate.submitted")
        note(globex_members["bridge_se"], "estimate.submitted")

        assert [row["client"] for row in rows_of(person)] == ["ACME"]


class TestSearch:
    def test_finds_by_person_kind_ticket_and_day(self, account_manager, acme):
        desk = desk_of(acme)
        ticket = desk.open("The shop is down")
        note(desk.people["bridge_se"], "member.added", at=NOON)
        note(desk.people["requester"], "client.changed", at=NOON + timedelta(days=1))

        def found(query: str) -> set[str]:
            return {row["what"] for row in rows_of(account_manager, query)}

        assert found("?who=bridge_se") == {"member.added"}
        assert found("?what=client") == {"client.changed"}
        assert found(f"?ticket={ticket.key.lower()}") == {"ticket.opened"}
        assert found("?since=2026-04-16") == {"client.changed"}
        assert found("?until=2026-04-15") == {"ticket.opened", "member.added"}
        assert found("?who=nobody") == set()

    @pytest.mark.parametrize(
        "query", ["?since=yesterday", "?what=nonsense", "?page=-1", "?page=" + "9" * 30, "?who=%00"]
    )
    def test_survives_what_it_cannot_read(self, account_manager, query):
        assert browser_of(account_manager).get(f"/administration/audit/{query}").status_code == 200

    def test_turns_pages_without_counting(
        self, account_manager, requester, django_assert_max_num_queries
    ):
        for number in range(60):
            note(
                requester, "member.added", at=NOON + timedelta(minutes=number), n=f"event-{number}."
            )
        browser = browser_of(account_manager)
        with django_assert_max_num_queries(7):
            first = browser.get("/administration/audit/").text
        second = browser.get("/administration/audit/?page=2").text

        assert "event-59." in first
        assert "event-10." in first
        assert "event-9." not in first
        assert "event-9." in second

    def test_shows_before_and_after(self, account_manager):
        note(account_manager, "client.changed", before={"language": "ja"}, after={"language": "vi"})

        page = page_of(account_manager)
        assert "before language:</span> ja" in page
        assert "after language:</span> vi" in page

    def test_shows_of_a_hash_what_an_eye_compares(self, account_manager):
        note(account_manager, "client.changed", sha256={"en": "ab01" * 16}, said="ab01")

        page = page_of(account_manager)
        assert f'sha256 en:</span> <code title="{"ab01" * 16}">ab01ab01ab01…</code>' in page
        assert "said:</span> ab01<" in page


def test_a_cell_of_the_export_is_never_a_formula(account_manager, acme):
    person = MembershipFactory(tenant=acme, user__name='=HYPERLINK("http://evil")')
    note(person, "member.added")

    assert rows_of(account_manager)[0]["who"].startswith("'=")


def recorded_verbs() -> set[str]:
    """Return the verbs that the apps write out where they record an event."""
    trees = (
        ast.parse(path.read_text())
        for app in ("tenants", "contracts", "tickets", "reports", "portal")
        for path in (settings.BASE_DIR / app).rglob("*.py")
    )
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    told = (word.value for call in calls for word in call.keywords if word.arg == "verb")
    return {value.value for value in told if isinstance(value, ast.Constant)}


def test_every_verb_has_words():
    verbs = recorded_verbs()

    assert len(verbs) > 60
    assert verbs - VERBS.keys() == set()
