"""Invitations, desks and leaving: who may, once, and never so that something loses its owner."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction

from tenants.errors import Refused
from tenants.models import AuditEvent, Invitation, MailedLink, Membership, Session, Tenant, User
from tenants.scoping import OutsideTenantScope, tenant_scope, unpeopled_scope
from tenants.services import invitations, links, members
from tests.accounts.conftest import link_in, person_called, secret_in
from tests.factories import MembershipFactory
from tests.portal.desk import Browser, browser_of, desk_of
from tests.tickets.races import at_once

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)
NEW = {
    "name": "Ken", "language": "ja", "timezone": "Asia/Tokyo",
    "password": "a sentence of ken", "again": "a sentence of ken",
}  # fmt: skip
pytestmark = pytest.mark.django_db


def invite(browser, email="ken@example.com", role="requester", code="ACME"):
    typed = {"email": email, "role": role, "language": "en"}
    return browser.post(f"/administration/clients/{code}/invite/", typed)


def take(link: str, **typed):
    browser = Browser()
    browser.get(link)
    return browser.post("/invitation/", typed)


@pytest.fixture
def manager(account_manager):
    return browser_of(account_manager)


class TestAnInvitation:
    def test_seats_somebody_new_once_and_signs_them_in(self, manager, acme, post):
        assert invite(manager, " Ken@Example.com ").status_code == 302
        (mail,) = post()
        assert mail.to == ["ken@example.com"]

        answer = take(link_in(mail), **NEW)

        assert (answer.status_code, answer.url) == (302, "/")
        ken = User.objects.get(email="ken@example.com")
        with tenant_scope(acme):
            assert Membership.objects.get(user=ken).role == "requester"
            verbs = set(AuditEvent.objects.values_list("verb", flat=True))
            assert verbs == {"invitation.sent", "invitation.accepted", "member.added"}
        assert take(link_in(mail), **NEW).status_code == 410
        assert Session.objects.filter(user=ken).count() == 1

    def test_adds_a_seat_to_who_is_known_and_lets_nobody_in(self, manager, globex, acme, post):
        ken = person_called("ken@example.com")
        MembershipFactory(tenant=globex, user=ken)
        invite(manager, role="service_owner")

        answer = take(link_in(post()[0]))

        assert (answer.status_code, answer.url) == (302, "/sign-in/")
        assert not Session.objects.filter(user=ken).exists()
        with tenant_scope(acme):
            assert Membership.objects.get(user=ken).role == "service_owner"

    def test_is_too_old_after_seven_days(self, manager, post):
        with time_machine.travel(NOON, tick=False) as clock:
            client = browser_of(MembershipFactory(tenant__code="ACME", account_manager=True))
            invite(client)
            (mail,) = post()
            clock.shift(timedelta(days=7))
            assert take(link_in(mail), **NEW).status_code == 410
        assert not User.objects.filter(email="ken@example.com").exists()

    def test_is_dead_once_withdrawn(self, manager, acme, post):
        invite(manager)
        (mail,) = post()
        with tenant_scope(acme):
            public_id = Invitation.objects.get().public_id

        assert manager.post(f"/administration/invitations/{public_id}/withdraw/").status_code == 302

        assert take(link_in(mail), **NEW).status_code == 410
        assert manager.post(f"/administration/invitations/{public_id}/withdraw/").status_code == 422

    def test_is_bound_to_its_address_client_and_desk(self, manager, acme, globex, post):
        invite(manager)

        take(link_in(post()[0]), **NEW, email="eve@evil.example", role="account_manager")

        assert not User.objects.filter(email="eve@evil.example").exists()
        with tenant_scope(acme):
            assert Membership.objects.get(user__email="ken@example.com").role == "requester"
        with tenant_scope(globex):
            assert not Membership.objects.filter(user__email="ken@example.com").exists()

    def test_is_offered_once_while_it_waits(self, manager, account_manager):
        invite(manager)

        again = invite(manager)

        assert again.status_code == 422
        assert "This address is already invited to this desk." in again.text
        assert "They sit at this desk already." in (
            invite(manager, account_manager.user.email, "account_manager").text
        )

    def test_keeps_its_secret_out_of_the_database(self, manager, acme, post):
        invite(manager)
        secret = secret_in(post()[0])

        assert secret not in str(list(MailedLink.objects.values()))
        with tenant_scope(acme):
            assert secret not in str(list(Invitation.objects.values()))

    @pytest.mark.parametrize(
        "role", ["requester", "service_owner", "bridge_se", "service_desk", "maintenance_engineer"]
    )
    def test_is_sent_by_account_managers_only(self, members, role, post):
        answer = invite(browser_of(members[role]))

        assert answer.status_code == 403
        assert post() == []

    def test_to_another_client_does_not_exist(self, manager, globex):
        assert invite(manager, code="GLOBEX").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_seat_taken_twice_at_once_is_taken_once(acme):
    host = MembershipFactory(tenant=acme, account_manager=True)
    digest = links.digest_of("the secret")
    with tenant_scope(acme), transaction.atomic():
        invitations.invite(
            email="ken@example.com", role="requester", language="en", actor=host, now=NOON
        )
    MailedLink.objects.update(digest=digest, expires_at=NOON + timedelta(days=7))

    def accept():
        return invitations.accept(
            digest=digest, now=NOON, password="x" * 20, name="Ken", language="ja", timezone="UTC"
        )

    results = at_once([accept] * 4, acme)

    assert sum(isinstance(result, links.LinkDead) for result in results) == 3
    assert User.objects.filter(email="ken@example.com").count() == 1


class TestLeaving:
    def leave(self, browser, member):
        return browser.post(f"/administration/members/{member.public_id}/leave/")

    def test_takes_the_client_away_at_once(self, manager, bridge_se, globex):
        MembershipFactory(tenant=globex, user=bridge_se.user, bridge_se=True)
        theirs = browser_of(bridge_se)
        assert theirs.get("/tickets/").status_code == 200

        assert self.leave(manager, bridge_se).status_code == 302

        assert theirs.get("/tickets/").status_code == 302  # the session is over
        page = browser_of(bridge_se).get("/").text
        assert "Acme" not in page
        assert "Globex" in page

    def test_is_refused_while_tickets_would_lose_their_owner_and_names_them(
        self, manager, acme, globex
    ):
        desk = desk_of(acme)
        ticket = desk.open("The shop is down")
        desk_of(globex).open("Of somebody else")
        with tenant_scope(acme):
            ticket.refresh_from_db()
            owner = Membership.objects.select_related("user").get(pk=ticket.stage.owner_id)

        answer = self.leave(manager, owner)

        assert answer.status_code == 409
        assert f'href="/tickets/{ticket.key}/"' in answer.text
        assert "Of somebody else" not in answer.text
        with tenant_scope(acme):
            assert Membership.objects.get(pk=owner.pk).is_active

    def test_never_leaves_a_client_without_an_account_manager(self, manager, account_manager, acme):
        answer = self.leave(manager, account_manager)

        assert answer.status_code == 409
        assert "A client always has an account manager." in answer.text
        MembershipFactory(tenant=acme, account_manager=True)
        assert self.leave(manager, account_manager).status_code == 302

    def test_is_for_account_managers(self, bridge_se, requester):
        assert self.leave(browser_of(bridge_se), requester).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_last_two_managers_cannot_leave_together(acme):
    both = [MembershipFactory(tenant=acme, account_manager=True) for _number in range(2)]

    results = at_once(
        [
            lambda m=m, actor=actor: members.deactivate_member(member=m, actor=actor, now=NOON)
            for m, actor in zip(both, both[::-1], strict=True)
        ],
        acme,
    )

    assert sum(isinstance(result, Refused) for result in results) == 1
    with tenant_scope(acme), transaction.atomic():
        assert Membership.objects.active().count() == 1


class TestAnotherDesk:
    def test_is_another_seat_and_ends_the_sessions(self, manager, service_desk, acme):
        theirs = browser_of(service_desk)

        typed = {"role": "operations_engineer"}
        answer = manager.post(f"/administration/members/{service_desk.public_id}/", typed)

        assert answer.status_code == 302
        assert theirs.get("/").status_code == 302
        with tenant_scope(acme):
            seats = dict(
                Membership.objects.filter(user=service_desk.user).values_list("role", "is_active")
            )
            assert seats == {"service_desk": False, "operations_engineer": True}
            event = AuditEvent.objects.get(verb="member.role_changed")
            assert (event.data["before"], event.data["after"]) == (
                "service_desk",
                "operations_engineer",
            )

    def test_is_not_the_same_one(self, manager, service_desk):
        url = f"/administration/members/{service_desk.public_id}/"

        assert manager.post(url, {"role": "service_desk"}).status_code == 422


class TestClients:
    def test_list_those_where_the_person_is_account_manager(self, account_manager, globex):
        MembershipFactory(tenant=globex, user=account_manager.user, bridge_se=True)

        page = browser_of(account_manager).get("/administration/").text

        assert "/administration/clients/ACME/" in page
        assert "/administration/clients/GLOBEX/" not in page

    @pytest.mark.parametrize("role", ["requester", "service_owner", "bridge_se", "service_desk"])
    def test_are_nobody_elses(self, members, role):
        browser = browser_of(members[role])
        for url in ("", "new/", "jobs/", "clients/ACME/"):
            assert browser.get(f"/administration/{url}").status_code == 403, url

    def test_a_new_one_has_its_founder_as_account_manager(self, manager, account_manager):
        typed = {"code": "INITECH", "name": "Initech", "language": "ja", "timezone": "Asia/Tokyo"}

        page = manager.post("/administration/new/", typed, follow=True).text

        assert "Initech" in page
        tenant = Tenant.objects.get(code="INITECH")
        with tenant_scope(tenant):
            assert Membership.objects.get().user_id == account_manager.user_id
            assert AuditEvent.objects.get().verb == "member.added"
        again = manager.post("/administration/new/", typed)
        assert "Another client has this code." in again.text

    def test_the_way_into_an_unpeopled_client_leads_into_no_other(self, acme, globex):
        MembershipFactory(tenant=globex, is_active=False)

        with tenant_scope(acme), pytest.raises(OutsideTenantScope), unpeopled_scope(globex):
            pass

    def test_settings_are_changed_with_before_and_after(self, manager, acme):
        typed = {
            "name": "Acme", "language": "vi", "timezone": "Asia/Ho_Chi_Minh",
            "second_factor_roles": ["bridge_se"],
        }  # fmt: skip

        assert manager.post("/administration/clients/ACME/", typed).status_code == 302

        with tenant_scope(acme):
            data = AuditEvent.objects.get(verb="client.changed").data
        assert data["before"]["language"] == "ja"
        assert data["after"] == {
            "language": "vi", "timezone": "Asia/Ho_Chi_Minh", "requesters_see_all": False,
            "second_factor_roles": ["bridge_se"],
        }  # fmt: skip

    def test_pages_ask_a_fixed_number_of_questions(
        self, account_manager, acme, django_assert_max_num_queries
    ):
        for _number in range(5):
            MembershipFactory(tenant=acme)
        browser = browser_of(account_manager)
        with django_assert_max_num_queries(6):
            browser.get("/administration/")
        with django_assert_max_num_queries(7):
            browser.get("/administration/clients/ACME/")
