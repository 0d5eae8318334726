"""The shell around every page, home by role, signing in, and the strict content policy."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation
from zeal import zeal_ignore

from contracts.domain.renewal import STEPS
from contracts.domain.scope import Facts
from contracts.models import ContractReminder
from portal.templatetags import reading
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory, PeriodFactory, UserFactory
from tests.portal.desk import IMPROVEMENT, NOON, Browser, browser_of, desk_of
from tickets import services
from tickets.models import Dispute, Ticket

ROOT = Path(__file__).resolve().parents[2]
OPEN_TO_ALL = {
    *("sign-in/", "sign-in/code/", "sign-out/", "language/"),
    *("password/forgotten/", "password/new/", "invitation/"),
    *("sign-in/sso/", "sign-in/sso/back/"),  # not there while no provider is set
}


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


@pytest.fixture
def everywhere(acme_desk, globex_desk):
    """Return a bridge SE of both clients."""
    person = acme_desk.people["bridge_se"]
    MembershipFactory(tenant=globex_desk.tenant, user=person.user, role="bridge_se")
    return person


@pytest.mark.django_db
class TestSignIn:
    @pytest.fixture
    def person(self):
        person = UserFactory(email="yuki@example.com", name="Yuki", language="ja")
        person.set_password("a long enough one")
        person.save()
        return person

    def test_by_email_in_any_case_leads_home_in_the_persons_language(self, person):
        browser = Browser()

        typed = {"username": " Yuki@Example.com", "password": "a long enough one"}
        answer = browser.post("/sign-in/", typed, follow=True)

        assert answer.redirect_chain == [("/", 302)]
        assert '<html lang="ja"' in answer.text

    def test_says_what_to_do_when_they_do_not_match(self, person):
        typed = {"username": "yuki@example.com", "password": "wrong"}
        answer = Browser().post("/sign-in/", typed)

        assert "E-mail and password do not match." in answer.text
        assert 'value="yuki@example.com"' in answer.text

    def test_is_in_the_browsers_language_and_in_another_on_request(self):
        browser = Browser(headers={"Accept-Language": "ja,en;q=0.5"})

        assert "サインイン" in browser.get("/sign-in/").text
        browser.post("/language/", {"language": "vi", "next": "/sign-in/"})
        assert "Đăng nhập" in browser.get("/sign-in/").text

    def test_signing_out_needs_a_post(self, person):
        browser = browser_of(person)

        assert browser.get("/sign-out/").status_code == 405
        assert browser.post("/sign-out/").headers["Location"] == "/sign-in/"
        assert browser.get("/").status_code == 302


@pytest.mark.django_db
class TestTheShell:
    def test_the_language_is_remembered_on_the_person(self, acme_desk):
        person = acme_desk.people["requester"]

        answer = browser_of(person).post("/language/", {"language": "vi", "next": "/"}, follow=True)

        assert '<html lang="vi"' in answer.text
        assert User.objects.get(pk=person.user_id).language == "vi"

    def test_leads_nowhere_else(self, acme_desk):
        browser = browser_of(acme_desk.people["requester"])

        answer = browser.post("/language/", {"language": "en", "next": "https://evil.example/"})

        assert answer.headers["Location"] == "/"

    def test_the_switch_narrows_every_page_to_one_client(self, everywhere, acme_desk, globex_desk):
        acme_desk.open("Of acme")
        globex_desk.open("Of globex")
        browser = browser_of(everywhere)
        assert all(title in browser.get("/").text for title in ("Of acme", "Of globex"))

        page = browser.post("/client/", {"tenant": "GLOBEX", "next": "/tickets/"}, follow=True).text

        assert "Of globex" in page
        assert "Of acme" not in page
        browser.post("/client/", {"tenant": ""})
        assert "Of acme" in browser.get("/tickets/").text

    def test_the_switch_knows_only_my_clients(self, acme_desk, globex_desk):
        browser = browser_of(acme_desk.people["bridge_se"])

        assert browser.post("/client/", {"tenant": "GLOBEX"}).status_code == 404

    def test_names_the_zone_once(self, acme_desk):
        person = acme_desk.people["requester"].user
        person.timezone = "Asia/Ho_Chi_Minh"
        person.save()

        assert "Times are shown in Asia/Ho_Chi_Minh." in browser_of(person).get("/").text


@pytest.mark.django_db
class TestHome:
    def test_a_requester_finds_their_requests(self, acme_desk, globex_desk):
        colleague = MembershipFactory(tenant=acme_desk.tenant)
        acme_desk.open("Mine")
        acme_desk.open("A colleague's", requester=colleague)
        globex_desk.open("Theirs")

        page = browser_of(acme_desk.people["requester"]).get("/").text

        assert "Mine" in page
        assert "colleague" not in page
        assert "Theirs" not in page

    def test_an_agent_finds_the_queue_by_time_to_breach_with_its_counts(
        self, everywhere, acme_desk, globex_desk
    ):
        acme_desk.open("First")
        globex_desk.open("Second", received_at=acme_desk.after(30))

        page = browser_of(everywhere).get("/").text

        assert page.index("First") < page.index("Second")
        assert re.search(r"<dt>Late</dt><dd class=\"late\">2</dd>", page)

    def test_an_account_manager_finds_what_waits_for_them(self, acme_desk):
        acme_desk.open("An open question", answers={})
        acme_desk.open("A new colour", answers=IMPROVEMENT)
        PeriodFactory(contract=acme_desk.contract)

        page = browser_of(acme_desk.people["account_manager"]).get("/").text

        waiting, outside = page.index("An open question"), page.index("A new colour")
        assert waiting < page.index("Outside the scope") < outside
        assert "April 2026" in page  # past its grace, and open

    def test_a_service_owner_finds_promises_and_work_outside_the_scope(self, acme_desk):
        acme_desk.open("A new colour", answers=IMPROVEMENT)

        page = browser_of(acme_desk.people["service_owner"]).get("/").text

        assert "A new colour" in page
        assert "Promises kept" in page
        assert f'hx-get="/reports/draft/{acme_desk.contract.public_id}/' in page  # so far

    def test_an_account_manager_finds_rulings_disputes_and_contracts_that_end(self, acme_desk):
        acme_desk.open("A scan", facts=Facts(activity="security_operation"))
        dispute_of(acme_desk, acme_desk.open("A new colour", answers=IMPROVEMENT))
        contract = acme_desk.contract
        contract.ends_on = date(2026, 9, 30)
        with tenant_scope(acme_desk.tenant):
            contract.save()
            ContractReminder.objects.create(
                tenant=acme_desk.tenant,
                contract=contract,
                ends_on=contract.ends_on,
                days=STEPS[0],
                at=NOON,
            )

        page = browser_of(acme_desk.people["account_manager"]).get("/").text

        assert page.index("Waiting for your ruling") < page.index("A scan")
        assert page.index("Open disputes") < page.index("It is a defect.")
        assert page.index("Contracts that end soon") < page.index("2026-09-30")

    def test_a_service_owner_finds_rulings_to_agree_to(self, acme_desk):
        dispute = dispute_of(acme_desk, acme_desk.open("A new colour", answers=IMPROVEMENT))
        browser = browser_of(acme_desk.people["service_owner"])
        assert "Rulings to agree to" not in browser.get("/").text

        manager = browser_of(acme_desk.people["account_manager"])
        said = {"ruling": "uphold", "reason": "As agreed.", "cap": ""}
        manager.post(f"/tickets/disputes/{dispute.public_id}/answer/", said)

        assert "Rulings to agree to" in browser.get("/").text

    def test_a_person_without_a_desk_is_told_whom_to_ask(self):
        page = browser_of(UserFactory()).get("/").text

        assert "You belong to no client" in page

    @pytest.mark.parametrize(
        ("role", "queries"),
        [("bridge_se", 8), ("requester", 8), ("account_manager", 18), ("service_owner", 12)],
    )
    def test_asks_a_fixed_number_of_questions(
        self, acme_desk, role, queries, django_assert_num_queries
    ):
        browser = browser_of(acme_desk.people[role])
        for number in range(6):
            acme_desk.open(f"Number {number}", answers=IMPROVEMENT if number % 2 else None)
        with django_assert_num_queries(queries):
            browser.get("/")


def dispute_of(desk, ticket: Ticket) -> Dispute:
    with tenant_scope(desk.tenant), zeal_ignore():
        return services.open_dispute(
            ticket=ticket,
            actor=desk.people["requester"],
            reason="It is a defect.",
            now=desk.after(30),
        )


@pytest.mark.django_db
class TestRefusals:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", "There is no such page"),
            ("ja", "ページが見つかりません"),
            ("vi", "Không có trang này"),
        ],
    )
    def test_404_in_the_persons_language(self, acme_desk, language, words):
        person = acme_desk.people["requester"].user
        person.language = language
        person.save()

        answer = browser_of(person).get("/tickets/ACME-404/")

        assert answer.status_code == 404
        assert words in answer.text

    def test_500_asks_nothing_and_says_so(self, acme_desk, monkeypatch):
        browser = browser_of(acme_desk.people["requester"])
        browser.raise_request_exception = False
        monkeypatch.setattr(Ticket.objects, "visible_to", broken)

        answer = browser.get("/tickets/")

        assert answer.status_code == 500
        assert "Something went wrong on our side" in answer.text

    def test_503_says_that_the_database_is_away_and_when_to_come_back(self, acme_desk, monkeypatch):
        def away(*args):
            raise OperationalError("the server closed the connection unexpectedly")

        browser = browser_of(acme_desk.people["requester"])
        browser.raise_request_exception = False
        monkeypatch.setattr(Ticket.objects, "visible_to", away)

        answer = browser.get("/tickets/")

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "what you typed is still in the form" in answer.text
        assert answer.headers["X-Request-ID"] in answer.text

    def test_a_form_without_its_token_is_403_with_a_page(self, acme_desk):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(acme_desk.people["requester"].user)

        answer = browser.post("/client/", {"tenant": ""})

        assert answer.status_code == 403
        assert "This form is too old" in answer.text

    def test_htmx_leaves_the_page_when_the_session_is_over(self):
        answer = Browser().get("/tickets/", headers={"HX-Request": "true"})

        assert answer.headers["HX-Redirect"].startswith("/sign-in/")


def broken(*args: object) -> None:
    raise RuntimeError("broken")


def routes(resolver: URLResolver, before: str = "") -> list[str]:
    found = []
    for pattern in resolver.url_patterns:
        template = before + str(pattern.pattern)
        found += [template] if isinstance(pattern, URLPattern) else routes(pattern, template)
    return found


@pytest.mark.django_db
def test_every_route_asks_a_stranger_to_sign_in():
    addresses = [
        r for r in routes(get_resolver()) if not r.startswith(("api/", "hooks/", "static/"))
    ]
    assert len(addresses) > 15
    for template in set(addresses) - OPEN_TO_ALL:
        url = "/" + re.sub(r"<month:\w+>", "2026-04", template)
        url = re.sub(r"<ticket_key:\w+>", "ACME-1", url)
        url = re.sub(r"<client_code:\w+>", "ACME", url)
        url = re.sub(r"<int:\w+>", "1", url)
        url = re.sub(r"<(?:\w+:)?\w+>", "abc", url)
        answer = Browser().get(url)
        assert answer.status_code == 302, url
        assert answer.headers["Location"].startswith("/sign-in/"), url


@pytest.mark.django_db
def test_every_page_keeps_the_content_policy(acme_desk):
    ticket = acme_desk.open()
    page_of = f"/tickets/{ticket.key}/"
    contract = f"/contracts/{acme_desk.contract.public_id}/"
    for role in acme_desk.people:
        browser = browser_of(acme_desk.people[role])
        for url in ("/", "/tickets/", "/tickets/new/", page_of, "/contracts/", contract):
            page = browser.get(url)
            assert page.status_code == 200, url
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
            assert not inline(page.text), url


def test_templates_and_scripts_hold_nothing_inline():
    sources = [
        p for app in ("portal", "tickets", "contracts") for p in (ROOT / app).rglob("*.html")
    ]
    assert len(sources) > 30
    for path in sources:
        assert not inline(path.read_text(encoding="utf-8")), path


def inline(text: str) -> list[str]:
    """Return style attributes, event handlers, inline scripts and style elements."""
    found = re.findall(r"""<[a-z][^>]*\s(?:style|on[a-z]+)\s*=\s*["']""", text)
    found += re.findall(r"<style\b", text)
    return found + re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text)


class TestReading:
    @pytest.mark.parametrize(
        ("language", "shown"),
        [("en", "¥800,000"), ("ja", "￥800,000"), ("vi", "800.000\xa0¥")],
    )
    def test_money_in_the_readers_language(self, language, shown):
        with translation.override(language):
            assert reading.money(800000, "JPY") == shown

    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [(0, "0 min"), (59, "0 min"), (3900, "1 h 5 min"), (7200, "2 h"), (180000, "2 d 2 h")],
    )
    def test_lengths_of_time(self, seconds, shown):
        assert reading.length(seconds) == shown

    def test_a_deadline_is_a_word_and_a_tone(self):
        now = NOON
        for left, tone in ((-1, "late"), (30, "soon"), (600, "")):
            due = now + timedelta(minutes=left)
            assert reading.urgency(due, now) == tone


@pytest.mark.django_db
def test_the_page_of_a_foreign_ticket_tells_nothing(acme_desk, globex_desk):
    theirs = globex_desk.open("A secret title")
    with tenant_scope(globex_desk.tenant):
        assert Ticket.objects.get(pk=theirs.pk).title == "A secret title"

    answer = browser_of(acme_desk.people["account_manager"]).get(f"/tickets/{theirs.key}/")

    assert "A secret title" not in answer.text
