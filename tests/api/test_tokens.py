"""A person's tokens: made on a page, shown once, narrower than the person, and taken back."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import ApiToken, AuditEvent
from tenants.scoping import tenant_scope
from tenants.services.tokens import MOST, make_token, usable_token
from tests.api.client import Api, token_of
from tests.factories import MembershipFactory
from tests.portal.desk import Desk, desk_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 8, 3, tzinfo=UTC)
NEXT_MONTH = NOW + timedelta(days=30)


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


@pytest.fixture
def of_both(acme, globex):
    """A bridge SE of both clients, by their desk at acme."""
    member = MembershipFactory(tenant=acme, bridge_se=True)
    MembershipFactory(tenant=globex, user=member.user, bridge_se=True)
    return member


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


class TestMaking:
    def test_keeps_only_the_hash_and_says_who_did_it(self, desk):
        member = desk.people["bridge_se"]
        with tenant_scope(desk.tenant):
            token, secret = make_token(
                user=member.user, desks=[member], name="cron", verbs=["read"],
                expires_at=NEXT_MONTH, now=NOW,
            )  # fmt: skip

            event = AuditEvent.objects.select_related("actor").get(verb="token.created")
        assert re.fullmatch(r"portal_[\w-]{43}", secret)
        assert secret not in str(ApiToken.objects.values().get())
        assert usable_token(secret, NOW) == token
        assert (event.actor, event.data["token"]) == (member, token.public_id)
        assert secret not in str(event.data)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": " "}, "name"),
            ({"desks": []}, "clients"),
            ({"verbs": []}, "verbs"),
            ({"verbs": ["own"]}, "verbs"),
            ({"expires_at": NOW}, "expires_at"),
            ({"expires_at": NOW + timedelta(days=367)}, "expires_at"),
        ],
    )
    def test_names_what_is_missing(self, desk, change, field):
        member = desk.people["bridge_se"]
        told = {"desks": [member], "name": "x", "verbs": ["read"], "expires_at": NEXT_MONTH}

        with tenant_scope(desk.tenant), pytest.raises(Invalid) as error:
            make_token(user=member.user, now=NOW, **{**told, **change})
        assert error.value.field == field

    def test_opens_nothing_of_another_persons(self, desk):
        mine, theirs = desk.people["bridge_se"], desk.people["account_manager"]

        with tenant_scope(desk.tenant), pytest.raises(NotPermitted):
            make_token(
                user=mine.user, desks=[theirs], name="x", verbs=["read"],
                expires_at=NEXT_MONTH, now=NOW,
            )  # fmt: skip

    def test_has_an_end(self, desk):
        member = desk.people["bridge_se"]
        told = {"desks": [member], "name": "x", "verbs": ["read"], "expires_at": NEXT_MONTH}
        for _n in range(MOST):
            token_of(member, expires_at=NEXT_MONTH)

        with tenant_scope(desk.tenant), pytest.raises(Refused):
            make_token(user=member.user, now=NOW, **told)


class TestThePage:
    def test_shows_the_secret_once(self, desk, client_of):
        browser = client_of(desk.people["requester"])
        told = {"name": "cron", "clients": ["ACME"], "verbs": ["read"], "days": "30"}

        made = browser.post("/tokens/", told)
        secret = re.search(r"portal_[\w-]{43}", made.text).group()

        assert "no-store" in made["Cache-Control"]
        assert secret not in browser.get("/tokens/").text
        assert Api(secret=secret).get("tickets/").status_code == 200

    def test_lists_ones_own_only(self, desk, client_of):
        token_of(desk.people["requester"], name="my program")
        token_of(desk.people["service_owner"], name="their program")

        page = client_of(desk.people["requester"]).get("/tokens/").text

        assert "my program" in page
        assert "their program" not in page

    def test_says_what_is_missing_and_keeps_what_was_typed(self, desk, client_of):
        answer = client_of(desk.people["requester"]).post("/tokens/", {"name": "cron"})

        assert answer.status_code == 422
        assert 'value="cron"' in answer.text
        assert not ApiToken.objects.exists()

    def test_offers_no_client_of_others(self, desk, globex, client_of):
        told = {"name": "cron", "clients": ["GLOBEX"], "verbs": ["read"], "days": "30"}
        answer = client_of(desk.people["requester"]).post("/tokens/", told)

        assert answer.status_code == 422
        assert "Globex" not in answer.text

    def test_revokes_at_once(self, desk, client_of):
        member = desk.people["requester"]
        token, secret = token_of(member)

        client_of(member).post("/tokens/revoke/", {"token": token.public_id})

        assert refused(Api(secret=secret).get("tickets/")) == (401, "authentication_failed")
        with tenant_scope(desk.tenant):
            assert AuditEvent.objects.get(verb="token.revoked").actor_id == member.pk

    def test_does_not_revoke_anothers(self, desk, client_of):
        token, secret = token_of(desk.people["service_owner"])
        browser = client_of(desk.people["requester"])

        assert browser.post("/tokens/revoke/", {"token": token.public_id}).status_code == 404
        assert browser.post("/tokens/revoke/", {"token": "A" * 16}).status_code == 404
        assert Api(secret=secret).get("tickets/").status_code == 200


class TestUsing:
    @pytest.mark.parametrize(
        "given",
        [
            {"revoked_at": NOW},
            {"expires_at": NOW},
        ],
        ids=["revoked", "expired"],
    )
    def test_a_token_that_is_over_is_a_401_like_one_that_never_was(self, desk, given):
        _token, secret = token_of(desk.people["requester"], **given)

        over = Api(secret=secret).get("tickets/")
        never = Api(secret="portal_never").get("tickets/")

        assert refused(over) == refused(never) == (401, "authentication_failed")
        assert over.content == never.content
        assert over["WWW-Authenticate"] == 'Bearer realm="api"'

    def test_a_person_who_left_has_no_token_that_opens(self, desk):
        member = desk.people["requester"]
        api = Api(member)
        member.user.is_active = False
        member.user.save()

        assert api.get("tickets/").status_code == 401

    def test_a_seat_that_was_lost_opens_nothing(self, desk):
        ticket, member = desk.open(), desk.people["requester"]
        api = Api(member)
        with tenant_scope(desk.tenant):
            member.is_active = False
            member.save()

        assert api.get("tickets/").json()["results"] == []
        assert api.get(f"tickets/{ticket.key}/").status_code == 404

    def test_nobody_is_asked_to_come_back_with_a_token(self, db):
        answer = Api().get("tickets/")

        assert refused(answer) == (401, "not_authenticated")

    def test_it_narrows_the_persons_clients(self, acme, globex, of_both):
        mine, theirs = desk_of(acme).open(), desk_of(globex).open()
        _token, narrow = token_of(of_both)
        _token, wide = token_of(of_both, tenants=[acme.pk, globex.pk])

        one, both = Api(secret=narrow), Api(secret=wide)

        assert [row["key"] for row in one.get("tickets/").json()["results"]] == [mine.key]
        assert len(both.get("tickets/").json()["results"]) == 2
        assert one.get(f"tickets/{theirs.key}/").status_code == 404
        assert both.get(f"tickets/{theirs.key}/").status_code == 200

    def test_it_names_a_client_where_the_person_has_no_seat_in_vain(self, desk, globex):
        desk_of(globex).open()
        _token, secret = token_of(desk.people["requester"], tenants=[globex.pk])

        assert Api(secret=secret).get("tickets/").json()["results"] == []

    def test_its_verbs_are_asked_each_by_itself(self, desk):
        ticket, member = desk.open(), desk.people["account_manager"]
        reads, writes, approves = (
            Api(secret=token_of(member, verbs=[verb])[1]) for verb in ("read", "write", "approve")
        )
        change = {"outcome": "not_provided", "clause_id": "S2", "reason": "Not ours."}
        page, start = f"tickets/{ticket.key}/", f"tickets/{ticket.key}/start/"
        override = f"tickets/{ticket.key}/override/"

        assert reads.get(page).status_code == 200
        assert refused(reads.post(start)) == (403, "permission_denied")
        assert refused(reads.post(override, change)) == (403, "permission_denied")
        assert refused(writes.get(page)) == (403, "permission_denied")
        assert writes.post(start).status_code == 200
        assert refused(writes.post(override, change)) == (403, "permission_denied")
        assert refused(approves.get(page)) == (403, "permission_denied")
        assert approves.post(override, change).status_code == 200

    @pytest.mark.parametrize("header", ["Basic {}", "Token {}", "{}", "Bearer", "Bearer x{}"])
    def test_it_comes_as_a_bearer_only(self, desk, header):
        _token, secret = token_of(desk.people["requester"])
        api = Api(Authorization=header.format(secret))

        assert api.get("tickets/").status_code == 401
        assert Api().get(f"tickets/?token={secret}").status_code == 401

    def test_a_wrong_token_is_not_helped_by_a_session(self, desk, client_of):
        browser = client_of(desk.people["requester"])

        assert browser.get("/api/v1/tickets/").status_code == 200
        assert (
            browser.get("/api/v1/tickets/", headers={"Authorization": "Bearer x"}).status_code
            == 401
        )

    def test_it_opens_the_api_only(self, desk):
        answer = Api(desk.people["requester"]).get("/tickets/")

        assert answer.status_code == 302
        assert answer.url.startswith("/sign-in/")

    def test_its_use_is_noted_to_the_hour(self, desk):
        token, secret = token_of(desk.people["requester"])

        for at, noted in (
            (NOW, NOW),
            (NOW + timedelta(minutes=59), NOW),
            (NOW + timedelta(minutes=60), NOW + timedelta(minutes=60)),
        ):
            usable_token(secret, at)
            token.refresh_from_db()
            assert token.last_used_at == noted


class TestTheSession:
    def test_a_change_needs_the_csrf_token(self, desk):
        ticket = desk.open()
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(desk.people["operations_engineer"].user)
        address = f"/api/v1/tickets/{ticket.key}/start/"

        without = browser.post(address, {}, content_type="application/json")
        browser.get("/tokens/")
        token = browser.cookies["csrftoken"].value
        with_it = browser.post(
            address, {}, content_type="application/json", headers={"X-CSRFToken": token}
        )

        assert refused(without) == (403, "permission_denied")
        assert with_it.status_code == 200
