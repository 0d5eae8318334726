"""No secret in a log, an error page, a job, the audit or a mail; headers on every answer."""

import logging

import pytest
from django.test import Client

from tenants.models import AuditEvent, Job, MailedLink, Session, Throttle, User
from tenants.scoping import tenant_scope
from tests.accounts.conftest import PASSWORD, link_in, secret_in
from tests.portal.desk import Browser, browser_of

CANARY = "canary-password-7c1f-sentence"
pytestmark = pytest.mark.django_db


class Everything(logging.Handler):
    """Keeps every record of every logger as the text that would be written."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(message)s %(pathname)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + repr(getattr(record, "fields", "")))


@pytest.fixture
def logged():
    handler, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # parameters: off in production
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_whole_life_of_a_password_leaves_none_behind(yuki, acme, post, logged):
    browser = Browser()
    browser.post("/sign-in/", {"username": yuki.email, "password": CANARY})
    browser.post("/password/forgotten/", {"email": yuki.email})
    (mail,) = post()
    secret = secret_in(mail)
    browser.get(link_in(mail))
    browser.post("/password/new/", {"password": CANARY, "again": CANARY})
    browser.get(link_in(mail))
    assert browser.get("/password/new/").status_code == 410
    browser.post("/sign-in/", {"username": yuki.email, "password": CANARY})
    cookie = browser.cookies["sessionid"].value
    browser.get("/tickets/ACME-404/")

    assert User.objects.get(pk=yuki.pk).check_password(CANARY)
    with tenant_scope(acme):
        audit = str(list(AuditEvent.objects.values()))
    kept = str(list(Job.objects.values())) + str(list(MailedLink.objects.values()))
    kept += str(list(Throttle.objects.values())) + audit
    for word in (CANARY, secret, cookie):
        assert not [line for line in logged if word in line], word
        assert word not in kept
    assert CANARY not in mail.body
    assert yuki.password not in str(logged) + kept
    assert logged


def test_an_error_page_shows_neither_what_was_typed_nor_where(yuki, monkeypatch, logged):
    def broken(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr("portal.accounts.forms.person_with", broken)
    browser = Client(raise_request_exception=False)

    answer = browser.post("/sign-in/", {"username": yuki.email, "password": CANARY})

    assert answer.status_code == 500
    for word in (CANARY, "Traceback", "RuntimeError", "portal/accounts"):
        assert word not in answer.text
    assert not [line for line in logged if CANARY in line]


def test_a_password_is_never_sent_back(yuki):
    answer = Browser().post("/sign-in/", {"username": yuki.email, "password": CANARY})

    assert CANARY not in answer.text


@pytest.mark.parametrize(
    "url", ["/sign-in/", "/", "/me/", "/tickets/", "/nowhere/", "/password/new/"]
)
def test_every_answer_carries_the_headers(yuki, url):
    for browser in (Client(), browser_of(yuki)):
        headers = browser.get(url).headers

        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_pages_with_secrets_are_not_kept_by_browsers(yuki):
    browser = browser_of(yuki)
    for url in ("/me/second-factor/", "/sign-in/", "/password/forgotten/"):
        client = browser if url.startswith("/me") else Client()
        assert "no-store" in client.get(url).headers["Cache-Control"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(yuki):
    browser = Browser()
    browser.post("/sign-in/", {"username": yuki.email, "password": PASSWORD})

    cookie = browser.cookies["sessionid"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert Session.objects.get(user=yuki).public_id not in cookie.value


@pytest.mark.parametrize(
    "url", ["/.git/config", "/.env", "/admin/", "/backup.sql", "/var/local.env"]
)
def test_nothing_lies_around(client, url):
    assert client.get(url).status_code == 404
