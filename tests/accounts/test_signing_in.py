"""Five wrong passwords and no sixth, for accounts that exist and for those that do not."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import get_hasher
from django.db import transaction
from django.test import Client, RequestFactory

from tenants.models import MailedLink, Session, Throttle
from tenants.services import throttles
from tenants.services.signing_in import person_with
from tenants.services.throttles import Limit, TooManyAttempts
from tests.accounts.conftest import PASSWORD, person_called
from tests.portal.desk import Browser
from tests.tickets.races import at_once

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def knock(email: str = "yuki@example.com", password: str = "wrong", **extra):
    return Browser().post("/sign-in/", {"username": email, "password": password}, **extra)


class TestWrongPasswords:
    @pytest.mark.parametrize("email", ["yuki@example.com", "nobody@example.com"])
    def test_the_sixth_is_refused_whether_there_is_an_account_or_not(self, yuki, email):
        first = [knock(email) for _number in range(5)]
        sixth = knock(email, PASSWORD)

        assert {answer.status_code for answer in first} == {200}
        assert sixth.status_code == 429
        assert "Too many attempts. Try again in 15 minutes." in sixth.text
        assert not Session.objects.filter(user=yuki).exists()

    def test_both_read_the_same_every_time(self, yuki):
        for _number in range(6):
            mine, nobodys = knock("yuki@example.com"), knock("nobod@example.com")
            assert mine.status_code == nobodys.status_code
            assert plain(mine) == plain(nobodys).replace("nobod@", "yuki@")

    def test_both_hash_a_password_once(self, yuki, monkeypatch):
        """The time an answer takes is that of the hash; every path has one."""
        hashed = []
        hasher = type(get_hasher())
        real = hasher.encode
        monkeypatch.setattr(
            hasher, "encode", lambda self, *args: hashed.append(1) or real(self, *args)
        )
        counts = []
        person_called("closed@example.com", is_active=False)
        hashed.clear()
        for email in ("yuki@example.com", "nobody@example.com", "closed@example.com"):
            knock(email)
            counts.append(len(hashed))
            hashed.clear()

        assert counts == [1, 1, 1]

    def test_after_the_window_the_right_one_opens(self, yuki):
        with time_machine.travel(NOON, tick=False) as clock:
            for _number in range(6):
                knock()
            clock.shift(timedelta(minutes=14, seconds=59))
            assert knock(password=PASSWORD).status_code == 429
            clock.shift(timedelta(seconds=1))
            assert knock(password=PASSWORD).status_code == 302

    def test_the_right_one_forgets_the_wrong_ones(self, yuki):
        for _round in range(3):
            for _number in range(4):
                assert knock().status_code == 200
            assert knock(password=PASSWORD).status_code == 302

    def test_another_account_is_not_held_back(self, yuki):
        person_called("ken@example.com")
        for _number in range(6):
            knock()

        assert knock("ken@example.com", PASSWORD).status_code == 302

    def test_one_place_trying_many_accounts_is_refused(self, yuki, monkeypatch):
        monkeypatch.setattr(throttles, "NET", Limit("net", 3, timedelta(minutes=15)))
        for number in range(3):
            assert knock(f"{number}@example.com", REMOTE_ADDR="203.0.113.7").status_code == 200

        assert knock(password=PASSWORD, REMOTE_ADDR="203.0.113.7").status_code == 429
        assert knock(password=PASSWORD, REMOTE_ADDR="203.0.113.8").status_code == 302

    def test_a_forged_header_is_not_another_place(self, yuki, monkeypatch):
        monkeypatch.setattr(throttles, "NET", Limit("net", 3, timedelta(minutes=15)))
        for number in range(3):
            knock(f"{number}@example.com", headers={"X-Forwarded-For": f"198.51.100.{number}"})

        assert knock(password=PASSWORD).status_code == 429

    def test_behind_a_proxy_the_place_is_what_the_proxy_heard(self, yuki, monkeypatch, settings):
        settings.PROXY_HOPS = 1
        monkeypatch.setattr(throttles, "NET", Limit("net", 3, timedelta(minutes=15)))
        for number in range(3):
            forged = f"198.51.100.{number}, 203.0.113.7"
            knock(f"{number}@example.com", headers={"X-Forwarded-For": forged})

        assert knock(headers={"X-Forwarded-For": "9.9.9.9, 203.0.113.7"}).status_code == 429
        right = knock(password=PASSWORD, headers={"X-Forwarded-For": "203.0.113.7, 203.0.113.8"})
        assert right.status_code == 302

    def test_the_table_names_nobody(self, yuki):
        knock()

        assert all(len(row.key) == 64 and "yuki" not in row.key for row in Throttle.objects.all())


def plain(answer) -> str:
    return answer.text.partition("<body>")[2].partition("csrfmiddlewaretoken")[0]


@pytest.mark.django_db(transaction=True)
def test_a_dozen_workers_at_once_get_five_attempts_together(acme):
    """Each attempt is a transaction on a connection of its own, as in several web workers."""
    person_called("yuki@example.com")

    def attempt():
        with transaction.atomic():
            return person_with(
                RequestFactory().post("/sign-in/"),
                email="yuki@example.com",
                password="wrong",
                now=NOON,
            )

    results = at_once([attempt] * 12, acme)

    assert results.count(None) == 5
    assert sum(isinstance(result, TooManyAttempts) for result in results) == 7


class TestTheSession:
    def test_gets_a_new_key_at_signing_in(self, yuki):
        browser = Client()
        browser.get("/sign-in/")
        session = browser.session
        session["planted"] = "by somebody else"
        session.save()
        browser.cookies["sessionid"] = before = session.session_key

        browser.post("/sign-in/", {"username": yuki.email, "password": PASSWORD})

        assert browser.session.session_key != before
        assert "planted" not in browser.session
        assert not Session.objects.filter(session_key=before).exists()

    def test_knows_whose_it_is_since_when_and_from_where(self, yuki):
        with time_machine.travel(NOON, tick=False):
            knock(password=PASSWORD, REMOTE_ADDR="203.0.113.7", headers={"User-Agent": "Firefox/1"})

        session = Session.objects.get(user=yuki)
        assert (session.signed_in_at, session.address) == (NOON, "203.0.113.7")
        assert session.agent == "Firefox/1"
        assert session.expire_date == NOON + timedelta(hours=12)

    def test_ends_after_twelve_hours_however_much_it_is_used(self, yuki):
        with time_machine.travel(NOON, tick=False) as clock:
            browser = Browser()
            browser.post("/sign-in/", {"username": yuki.email, "password": PASSWORD})
            for _hour in range(11):
                clock.shift(timedelta(hours=1))
                assert browser.get("/me/").status_code == 200
            assert Session.objects.get(user=yuki).seen_at == NOON + timedelta(hours=11)
            clock.shift(timedelta(hours=1, seconds=1))
            assert browser.get("/me/").status_code == 302

    def test_leads_only_to_our_own_pages(self, yuki):
        typed = {"username": yuki.email, "password": PASSWORD}

        assert Browser().post("/sign-in/", typed | {"next": "/tickets/"}).url == "/tickets/"
        for evil in ("//evil.example", "https://evil.example/", "javascript:alert(1)"):
            assert Browser().post("/sign-in/", typed | {"next": evil}).url == "/"

    def test_needs_the_forms_own_token(self, yuki):
        browser = Client(enforce_csrf_checks=True)

        answer = browser.post("/sign-in/", {"username": yuki.email, "password": PASSWORD})

        assert answer.status_code == 403
        assert not MailedLink.objects.exists()
