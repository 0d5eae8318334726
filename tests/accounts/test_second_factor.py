"""The second step: codes of an app, used once; recovery codes; desks that are not worked without."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tenants import totp
from tenants.models import RecoveryCode, SecondFactor, Session
from tenants.services import second_factor
from tests.accounts.conftest import PASSWORD, person_called
from tests.factories import MembershipFactory
from tests.portal.desk import Browser, browser_of
from tests.tickets.races import at_once

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds, code):
    """RFC 6238, appendix B."""
    assert totp.code_at(b"12345678901234567890", totp.step_of(seconds), digits=8) == code


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def code_of(user, minutes: float = 0) -> str:
    row = SecondFactor.objects.get(user=user)
    secret = base64.b32decode(second_factor.vault().decrypt(row.secret.encode()))
    at = (NOON + timedelta(minutes=minutes)).timestamp()
    return totp.code_at(secret, totp.step_of(at))


@pytest.fixture
def codes(yuki, clock) -> list[str]:
    """Yuki has a second factor; her recovery codes."""
    second_factor.begin(yuki)
    codes = second_factor.confirm(user=yuki, code=code_of(yuki), keep=None, now=NOON)
    clock.shift(timedelta(minutes=5))
    return codes


def by_password() -> Browser:
    browser = Browser()
    typed = {"username": "yuki@example.com", "password": PASSWORD, "next": "/tickets/"}
    assert browser.post("/sign-in/", typed).url == "/sign-in/code/"
    return browser


class TestSigningIn:
    def test_needs_the_code_of_now(self, yuki, codes):
        browser = by_password()

        assert browser.get("/tickets/").status_code == 302
        assert not Session.objects.filter(user=yuki).exists()
        assert browser.post("/sign-in/code/", {"code": "000000"}).status_code == 200
        answer = browser.post("/sign-in/code/", {"code": code_of(yuki, 5)})
        assert answer.url == "/tickets/"
        assert browser.get("/tickets/").status_code == 200

    def test_takes_a_code_once(self, yuki, codes):
        by_password().post("/sign-in/code/", {"code": code_of(yuki, 5)})

        again = by_password().post("/sign-in/code/", {"code": code_of(yuki, 5)})

        assert again.status_code == 200
        assert "it was used already" in again.text

    def test_takes_no_code_of_another_time(self, yuki, codes):
        for minutes in (0, 3, 4, 6, 7):
            answer = by_password().post("/sign-in/code/", {"code": code_of(yuki, minutes)})
            assert answer.status_code == 200, minutes

    def test_takes_a_recovery_code_once(self, yuki, codes):
        assert by_password().post("/sign-in/code/", {"code": codes[0].upper()}).status_code == 302
        assert by_password().post("/sign-in/code/", {"code": codes[0]}).status_code == 200
        assert second_factor.codes_left(yuki) == 9

    def test_refuses_the_sixth_wrong_code(self, yuki, codes):
        browser = by_password()
        for _number in range(5):
            browser.post("/sign-in/code/", {"code": "000000"})

        assert browser.post("/sign-in/code/", {"code": code_of(yuki, 5)}).status_code == 429

    def test_is_over_ten_minutes_after_the_password(self, yuki, codes, clock):
        browser = by_password()
        clock.shift(timedelta(minutes=10))

        assert browser.post("/sign-in/code/", {"code": code_of(yuki, 15)}).url == "/sign-in/"

    def test_is_over_when_the_password_changes_half_way(self, yuki, codes):
        browser = by_password()
        yuki.set_password("quite another sentence")
        yuki.save()

        assert browser.post("/sign-in/code/", {"code": code_of(yuki, 5)}).url == "/sign-in/"


@pytest.mark.django_db(transaction=True)
def test_a_code_used_twice_at_once_is_good_once(acme):
    yuki = person_called("yuki@example.com")
    second_factor.begin(yuki)
    second_factor.confirm(user=yuki, code=code_of(yuki), keep=None, now=NOON)
    later = NOON + timedelta(minutes=5)

    def use():
        return second_factor.accepts(user=yuki, code=code_of(yuki, 5), now=later)

    assert sorted(at_once([use] * 4, acme)) == [False, False, False, True]


class TestSettingItUp:
    def test_shows_the_secret_until_it_is_confirmed_and_ends_other_sessions(self, yuki, clock):
        here, elsewhere = browser_of(yuki), browser_of(yuki)

        page = here.get("/me/second-factor/").text
        assert "<svg" in page
        assert here.get("/me/second-factor/").text.count("QR code") == page.count("QR code")
        assert here.post("/me/second-factor/", {"code": "000000"}).status_code == 422
        done = here.post("/me/second-factor/", {"code": code_of(yuki)})

        assert done.text.count("<li>") >= 10
        assert elsewhere.get("/me/").status_code == 302
        assert here.get("/me/second-factor/").url == "/me/"

    def test_stores_the_secret_encrypted_and_the_codes_as_hashes(self, yuki, codes):
        row = SecondFactor.objects.get(user=yuki)
        secret = second_factor.vault().decrypt(row.secret.encode()).decode()

        assert secret not in row.secret
        assert len(secret) == 32  # 160 bits
        stored = str(list(RecoveryCode.objects.values()))
        assert not any(code.replace("-", "") in stored for code in codes)

    def test_is_taken_off_with_a_code_when_the_proof_is_old(self, yuki, codes, clock):
        browser = by_password()
        browser.post("/sign-in/code/", {"code": code_of(yuki, 5)})
        clock.shift(timedelta(minutes=31))

        asked = browser.post("/me/second-factor/off/")
        assert "Is it you?" in asked.text
        assert second_factor.has_one(yuki)
        browser.post("/me/second-factor/off/", {"proof_of_person": code_of(yuki, 36)})
        assert not second_factor.has_one(yuki)


class TestADeskThatNeedsIt:
    @pytest.fixture
    def engineer(self, acme):
        acme.second_factor_roles = ["bridge_se"]
        acme.save()
        return MembershipFactory(tenant=acme, bridge_se=True)

    def test_leads_there_and_nowhere_else(self, engineer, acme):
        browser = browser_of(engineer)

        for url in ("/", "/tickets/", "/me/", "/contracts/"):
            assert browser.get(url).url == "/me/second-factor/", url
        assert browser.post("/client/", {"tenant": ""}).url == "/me/second-factor/"
        assert "is not worked at without" in browser.get("/me/second-factor/").text
        assert browser.post("/language/", {"language": "en", "next": "/"}).url == "/"

    def test_opens_everything_once_it_is_set_up(self, engineer, clock):
        browser = browser_of(engineer)
        browser.get("/me/second-factor/")

        browser.post("/me/second-factor/", {"code": code_of(engineer.user)})

        assert browser.get("/tickets/").status_code == 200

    def test_asks_nobody_at_other_desks_or_clients(self, engineer, requester, globex):
        other = MembershipFactory(tenant=globex, bridge_se=True)

        assert browser_of(requester).get("/tickets/").status_code == 200
        assert browser_of(other).get("/tickets/").status_code == 200

    def test_asks_of_every_client_of_the_person(self, engineer, globex):
        MembershipFactory(tenant=globex, user=engineer.user, bridge_se=True)
        browser = browser_of(engineer)
        session = browser.session
        session["one_tenant"] = globex.pk
        session.save()

        assert browser.get("/tickets/").url == "/me/second-factor/"
