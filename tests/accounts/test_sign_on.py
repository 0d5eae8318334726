"""Single sign-on: a real provider over HTTP, who is let in by it, and everything that goes wrong."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from joserfc.jwk import RSAKey

from tenants.models import AuditEvent, Session, SignOn, User
from tenants.scoping import tenant_scope
from tenants.services import second_factor, throttles
from tests.accounts.conftest import PASSWORD, person_called
from tests.accounts.oidc import CLIENT, SECRET, Provider
from tests.factories import MembershipFactory
from tests.portal.desk import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings):
    with Provider().serving() as provider:
        settings.OIDC_ISSUER, settings.OIDC_NAME = provider.issuer, "Acme ID"
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, SECRET
        settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.PORTAL_URL = "http://testserver"
        yield provider


def way_there(browser: Client, to: str = "/tickets/") -> str:
    """Begin at our page and say yes at the provider's; return the address of the way back."""
    answer = browser.get("/sign-in/sso/", {"next": to})
    assert answer.status_code == 302, answer.content
    return answer.url


def come_back(browser: Client, provider: Provider):
    asked = {k: v[0] for k, v in parse_qs(urlsplit(way_there(browser)).query).items()}
    return browser.get(provider.way_back(asked).removeprefix("http://testserver"))


def signed_in(browser: Client) -> str:
    return browser.session.get("_auth_user_id", "")


def counted() -> int:
    from tenants.models import Throttle

    row = Throttle.objects.filter(key=throttles.key_of(throttles.NET, "127.0.0.1")).first()
    return row.count if row else 0


class TestOff:
    def test_without_an_issuer_there_is_none(self, client):
        assert client.get("/sign-in/sso/").status_code == 404
        assert client.get("/sign-in/sso/back/").status_code == 404
        assert "/sign-in/sso/" not in client.get("/sign-in/").text


class TestTheWay:
    def test_begins_at_a_button_with_the_providers_name(self, client, provider):
        page = client.get("/sign-in/?next=/tickets/").text

        assert "Sign in with Acme ID" in page
        assert 'href="/sign-in/sso/?next=%2Ftickets%2F"' in page

    def test_there_asks_for_a_code_with_pkce_state_and_nonce(self, client, provider):
        asked = parse_qs(urlsplit(way_there(client)).query)

        assert asked["response_type"] == ["code"]
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["scope"] == ["openid email"]
        assert asked["redirect_uri"] == ["http://testserver/sign-in/sso/back/"]
        assert len(asked["state"][0]) >= 20
        assert len(asked["nonce"][0]) >= 20

    def test_back_binds_the_person_once_and_lets_them_in(self, client, provider, yuki, acme):
        answer = come_back(client, provider)

        assert (answer.status_code, answer.url) == (302, "/tickets/")
        assert signed_in(client) == str(yuki.pk)
        row = SignOn.objects.get()
        assert (row.user, row.issuer, row.subject) == (yuki, provider.issuer, "u-1")
        with tenant_scope(acme):
            assert AuditEvent.objects.get(verb="member.sign_on_bound").data["issuer"] == row.issuer
        assert come_back(Client(), provider).status_code == 302
        assert SignOn.objects.count() == 1

    def test_gives_the_session_the_same_face_as_a_password(self, client, provider, yuki):
        come_back(client, provider)

        row = Session.objects.get(user=yuki)
        assert row.signed_in_at is not None
        assert row.address == "127.0.0.1"

    def test_leads_nowhere_else(self, client, provider, yuki):
        asked = parse_qs(urlsplit(way_there(client, "https://evil.example/")).query)
        back = provider.way_back({name: found[0] for name, found in asked.items()})

        assert client.get(back).url == "/"

    def test_is_not_gone_by_who_is_signed_in(self, provider, yuki):
        assert browser_of(yuki).get("/sign-in/sso/?next=/tickets/").url == "/tickets/"


class TestWhoIsBound:
    def test_stays_so_whatever_their_email_becomes_there(self, client, provider, yuki):
        come_back(client, provider)
        person_called("ken@example.com")
        provider.claims |= {"email": "ken@example.com"}

        come_back(again := Client(), provider)

        assert signed_in(again) == str(yuki.pk)

    def test_is_not_whoever_has_their_email_there_later(self, client, provider, yuki):
        come_back(client, provider)
        provider.claims |= {"sub": "u-2"}

        answer = come_back(again := Client(), provider)

        assert "another account of theirs" in answer.text
        assert signed_in(again) == ""
        assert SignOn.objects.get().subject == "u-1"

    def test_sees_it_and_takes_it_off(self, client, provider, yuki, acme):
        come_back(client, provider)
        row = SignOn.objects.get()
        browser = browser_of(yuki)

        assert row.issuer in browser.get("/me/").text
        assert browser.post(f"/me/sign-on/{row.public_id}/remove/").status_code == 302
        assert not SignOn.objects.exists()
        with tenant_scope(acme):
            assert AuditEvent.objects.filter(verb="member.sign_on_removed").exists()

    def test_does_not_take_anothers_off(self, client, provider, yuki):
        come_back(client, provider)
        ken = browser_of(person_called("ken@example.com"))

        answer = ken.post(f"/me/sign-on/{SignOn.objects.get().public_id}/remove/")

        assert answer.status_code == 404
        assert SignOn.objects.exists()

    def test_takes_it_off_with_a_fresh_proof_only(self, client, provider, yuki):
        come_back(client, provider)
        session = client.session
        session["proved_at"] = "2020-01-01T00:00:00+00:00"
        session.save()
        remove = f"/me/sign-on/{SignOn.objects.get().public_id}/remove/"

        assert "Is it you?" in client.post(remove).text
        assert SignOn.objects.exists()
        assert client.post(remove, {"proof_of_person": PASSWORD}).status_code == 302


class TestTheSecondStep:
    @pytest.fixture
    def codes(self, yuki):
        row = second_factor.SecondFactor(user=yuki, secret="-", confirmed_at=timezone.now())
        row.save()

    def test_is_asked_of_who_has_one(self, client, provider, yuki, codes):
        provider.claims |= {"amr": ["pwd"]}

        assert come_back(client, provider).url == "/sign-in/code/"
        assert signed_in(client) == ""

    def test_is_not_asked_again_where_the_provider_took_one(self, client, provider, yuki, codes):
        provider.claims |= {"amr": ["pwd", "mfa"]}

        assert come_back(client, provider).url == "/tickets/"
        assert client.session["second_factor"] is True

    def test_is_not_believed_of_a_client_without_the_word(self, client, provider, yuki):
        come_back(client, provider)

        assert client.session["second_factor"] is False


class TestNobody:
    def refused(self, provider: Provider, said: str, status: int = 200) -> None:
        answer = come_back(browser := Client(), provider)

        assert answer.status_code == status
        assert said in answer.text
        assert "Sign in with your password" in answer.text
        assert signed_in(browser) == ""
        assert not SignOn.objects.exists()

    def test_is_made_of_a_stranger(self, provider):
        people = User.objects.count()
        self.refused(provider, "Nobody here has the address yuki@example.com.")
        assert User.objects.count() == people
        assert counted() == 1

    def test_comes_in_by_an_email_that_is_not_vouched_for(self, provider, yuki):
        provider.claims |= {"email_verified": False}
        self.refused(provider, "Your e-mail address is not confirmed there")

    def test_comes_in_by_no_email(self, provider, yuki):
        provider.claims |= {"email": None}
        self.refused(provider, "Your e-mail address is not confirmed there")

    def test_whose_account_is_closed_comes_in(self, provider, yuki):
        yuki.is_active = False
        yuki.save()
        self.refused(provider, "Nobody here has the address")

    def test_who_said_no_comes_in(self, provider, yuki):
        provider.denies = True
        self.refused(provider, "nobody is signed in")
        assert (provider.tokens, counted()) == (0, 0)

    @pytest.mark.parametrize(
        "lies",
        [
            {"nonce": "another"},
            {"nonce": None},
            {"exp": int(time.time()) - 3600},
            {"aud": "another-client"},
            {"aud": "another-client", "azp": CLIENT},
            {"iss": "https://evil.example"},
            {"sub": None},
            {"sub": ""},
        ],
        ids=str,
    )
    def test_comes_in_by_a_token_that_lies(self, provider, yuki, lies):
        provider.lies = lies
        self.refused(provider, "does not prove who you are")
        assert counted() == 1

    def test_comes_in_by_another_key(self, provider, yuki):
        provider.signs_with = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.refused(provider, "does not prove who you are")

    def test_comes_in_while_the_provider_is_broken(self, provider, yuki):
        come_back(Client(), provider)
        SignOn.objects.all().delete()
        provider.is_broken = True
        self.refused(provider, "does not answer right now", 503)

    def test_comes_in_by_a_place_that_tried_too_often(self, provider, yuki):
        for _number in range(throttles.NET.most):
            throttles.spend(throttles.NET, "127.0.0.1", timezone.now())

        answer = Client().get("/sign-in/sso/")

        assert answer.status_code == 429
        assert "Too many attempts." in answer.text


def test_the_email_may_stand_in_userinfo_only(client, provider, yuki):
    provider.userinfo = {"sub": "u-1", "email": "Yuki@Example.com", "email_verified": True}
    provider.claims = {"sub": "u-1"}

    assert come_back(client, provider).status_code == 302


def test_userinfo_of_somebody_else_is_not_believed(client, provider, yuki):
    provider.userinfo = {"sub": "u-2", "email": "yuki@example.com", "email_verified": True}
    provider.claims = {"sub": "u-1"}

    assert "does not prove who you are" in come_back(client, provider).text


def test_a_closed_account_that_was_bound_is_not_let_in(client, provider, yuki):
    come_back(client, provider)
    yuki.is_active = False
    yuki.save()

    answer = come_back(again := Client(), provider)

    assert "Your account here is closed." in answer.text
    assert signed_in(again) == ""


def test_a_way_back_is_gone_once(provider, yuki):
    browser = Client()
    asked = {k: v[0] for k, v in parse_qs(urlsplit(way_there(browser)).query).items()}
    back = provider.way_back(asked)
    provider.lies = {"nonce": "another"}
    browser.get(back)
    provider.lies = {}

    assert "used already or took too long" in browser.get(back).text
    assert "used already or took too long" in Client().get(back).text  # another browser's
    assert provider.tokens == 1


def test_a_provider_that_is_away_is_said_at_once(client, provider):
    provider.server.server_close()
    provider.speaks_for = "unreachable"

    answer = client.get("/sign-in/sso/")

    assert answer.status_code == 503
    assert "does not answer right now" in answer.text


def test_a_provider_that_speaks_for_another_is_not_asked_further(client, provider):
    provider.speaks_for = "https://evil.example"

    assert client.get("/sign-in/sso/").status_code == 503


def test_new_keys_of_the_provider_are_fetched(client, provider, yuki):
    come_back(Client(), provider)
    provider.key = provider.signs_with = RSAKey.generate_key(2048, {"kid": "next", "use": "sig"})

    assert come_back(client, provider).status_code == 302


def test_reaches_nothing_inside_that_was_not_allowed(client, provider, settings):
    settings.OUTBOUND_PRIVATE_HOSTS = []

    assert client.get("/sign-in/sso/").status_code == 503


@pytest.mark.parametrize("language", ["ja", "vi"])
def test_the_pages_speak_the_readers_language(provider, language):
    provider.denies = True
    browser = Client(headers={"Accept-Language": language})

    answer = come_back(browser, provider)

    assert f'lang="{language}"' in answer.text
    assert "Not signed in" not in answer.text


def test_a_second_desk_shares_the_binding(provider, yuki, globex):
    MembershipFactory(tenant=globex, user=yuki, service_owner=True)
    come_back(browser := Client(), provider)

    assert browser.get("/").status_code == 200
