"""A request is one transaction inside one scope, in the person's own language and time zone."""

import pytest
from django.db import connection
from django.test import Client

from tenants.models import Membership, Tenant
from tenants.scoping import TenantScopeMissing, active_tenants, tenant_scope
from tests.factories import ContractFactory, MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.tenants.routes")]


@pytest.fixture(autouse=True)
def contracts(acme, globex) -> None:
    for tenant in (acme, globex):
        ContractFactory(tenant=tenant, number=tenant.code)


@pytest.fixture
def vendor(acme, globex) -> Membership:
    """A person of both clients; the membership is acme's."""
    person = MembershipFactory(tenant=acme, bridge_se=True)
    MembershipFactory(tenant=globex, user=person.user, bridge_se=True)
    return person


@pytest.fixture
def quiet(client_of):
    """Sign in with a browser that shows the error page instead of the error."""

    def sign_in(who) -> Client:
        client = client_of(who)
        client.raise_request_exception = False
        return client

    return sign_in


class TestTheTransaction:
    @pytest.mark.parametrize("status", [200, 201, 204, 302])
    def test_is_kept_when_the_answer_is_good(self, status, requester, client_of):
        assert client_of(requester).post(f"/write/{status}/").status_code == status
        assert Tenant.objects.filter(code="WRITTEN").exists()

    @pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 422, 429, 500, 503])
    def test_is_taken_back_when_it_is_not(self, status, requester, client_of):
        assert client_of(requester).post(f"/write/{status}/").status_code == status
        assert not Tenant.objects.filter(code="WRITTEN").exists()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("address", "status"),
        [("/crash/", 500), ("/broken/", 500), ("/missing/", 404), ("/refuse/", 403)],
    )
    def test_is_taken_back_after_an_error(self, address, status, requester, quiet):
        assert quiet(requester).post(address).status_code == status
        assert not Tenant.objects.filter(code="WRITTEN").exists()

    @pytest.mark.django_db(transaction=True)
    def test_is_kept_for_good(self, requester, client_of):
        client_of(requester).post("/write/201/")
        connection.close()

        assert Tenant.objects.filter(code="WRITTEN").exists()

    @pytest.mark.django_db(transaction=True)
    def test_there_is_one_a_request(self, requester, client_of):
        told = client_of(requester).get("/around/").json()

        assert (told["atomic"], told["transactions"]) == (True, 1)

    def test_a_page_not_found_may_still_read(self, requester, quiet):
        answer = quiet(requester).get("/missing/")

        assert (answer.status_code, answer.content) == (404, b"1 contracts")

    def test_an_anonymous_request_has_one_too(self, client):
        assert client.post("/write/422/").status_code == 422
        assert not Tenant.objects.filter(code="WRITTEN").exists()


class TestTheScope:
    def test_is_made_of_the_memberships(self, acme, requester, client_of):
        told = client_of(requester).get("/around/").json()

        assert told["scope"] == [acme.pk]
        assert told["memberships"] == [requester.pk]
        assert told["user"] == requester.user_id

    def test_holds_for_the_orm_and_for_raw_sql(self, requester, client_of):
        answer = client_of(requester).get("/numbers/")

        assert answer.json() == {"raw": ["ACME"], "orm": ["ACME"]}

    def test_of_a_vendors_person_holds_all_their_clients(self, vendor, client_of):
        assert client_of(vendor).get("/numbers/").json()["orm"] == ["ACME", "GLOBEX"]

    def test_is_over_after_the_request(self, requester, client_of):
        client_of(requester).get("/numbers/")

        assert active_tenants() is None

    def test_of_two_people_in_turn_never_mix(self, acme, globex, client_of):
        ours, theirs = client_of(MembershipFactory(tenant=acme)), MembershipFactory(tenant=globex)
        theirs = client_of(theirs)
        for _ in range(2):
            assert ours.get("/numbers/").json()["raw"] == ["ACME"]
            assert theirs.get("/numbers/").json()["raw"] == ["GLOBEX"]

    def test_is_missing_for_an_anonymous_request(self, client):
        assert client.get("/around/").json()["scope"] is None
        with pytest.raises(TenantScopeMissing):
            client.get("/lazy/")

    def test_is_empty_for_a_person_without_memberships(self, client_of):
        client = client_of(UserFactory())

        assert client.get("/around/").json()["scope"] == []
        assert client.get("/numbers/").json() == {"raw": [], "orm": []}

    def test_still_holds_when_a_template_is_drawn(self, requester, client_of):
        assert client_of(requester).get("/lazy/").content == b"ACME "

    def test_is_over_when_a_stream_is_read_which_says_so(self, requester, client_of):
        with pytest.raises(TenantScopeMissing):
            list(client_of(requester).get("/stream/"))


class TestRemoval:
    def test_a_removed_membership_shows_nothing_at_the_next_request(self, acme, vendor, client_of):
        client = client_of(vendor)
        assert client.get("/numbers/").json()["orm"] == ["ACME", "GLOBEX"]

        with tenant_scope(acme):
            Membership.objects.filter(pk=vendor.pk).update(is_active=False)

        assert client.get("/numbers/").json() == {"raw": ["GLOBEX"], "orm": ["GLOBEX"]}

    def test_the_last_membership_leaves_nothing(self, acme, requester, client_of):
        client = client_of(requester)
        with tenant_scope(acme):
            requester.delete()

        assert client.get("/numbers/").json() == {"raw": [], "orm": []}

    def test_a_deactivated_person_is_anonymous_at_the_next_request(self, requester, client_of):
        client = client_of(requester)
        requester.user.is_active = False
        requester.user.save()

        assert client.get("/around/").json()["user"] is None


class TestOneTenant:
    @staticmethod
    def choose(client: Client, tenant_id: int) -> None:
        session = client.session
        session["one_tenant"] = tenant_id
        session.save()

    def test_narrows_the_scope(self, acme, vendor, client_of):
        client = client_of(vendor)
        self.choose(client, acme.pk)

        assert client.get("/numbers/").json() == {"raw": ["ACME"], "orm": ["ACME"]}
        assert client.get("/around/").json()["memberships"] == [vendor.pk]

    def test_never_widens_it(self, globex, requester, client_of):
        client = client_of(requester)
        self.choose(client, globex.pk)

        assert client.get("/numbers/").json() == {"raw": ["ACME"], "orm": ["ACME"]}

    def test_that_was_lost_is_forgotten(self, acme, vendor, client_of):
        client = client_of(vendor)
        self.choose(client, acme.pk)
        with tenant_scope(acme):
            Membership.objects.filter(pk=vendor.pk).update(is_active=False)

        assert client.get("/numbers/").json()["orm"] == ["GLOBEX"]


class TestThePerson:
    def test_reads_in_their_own_language_and_time_zone(self, acme, client_of):
        person = UserFactory(language="ja", timezone="Asia/Ho_Chi_Minh")
        answer = client_of(MembershipFactory(tenant=acme, user=person)).get(
            "/around/", headers={"accept-language": "vi"}
        )

        assert (answer.json()["language"], answer.json()["zone"]) == ("ja", "Asia/Ho_Chi_Minh")
        assert answer.headers["Content-Language"] == "ja"

    @pytest.mark.parametrize(
        ("accepted", "language"), [("vi", "vi"), ("ja-JP", "ja"), ("fr", "en")]
    )
    def test_before_signing_in_reads_in_the_browsers(self, accepted, language, client):
        answer = client.get("/around/", headers={"accept-language": accepted})

        assert (answer.json()["language"], answer.json()["zone"]) == (language, "UTC")
        assert "Accept-Language" in answer.headers["Vary"]

    def test_leaves_no_language_behind(self, acme, client_of, client):
        person = UserFactory(language="ja", timezone="Asia/Tokyo")
        client_of(MembershipFactory(tenant=acme, user=person)).get("/around/")

        told = client.get("/around/").json()
        assert (told["language"], told["zone"]) == ("en", "UTC")
