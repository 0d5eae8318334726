"""The FAQ: found in Japanese too, answering tickets in one step, deflection counted; each client's own."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.domain.scope import Facts
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.api.client import Api
from tests.portal.desk import NOON, browser_of, desk_of
from tickets import services
from tickets.models import Comment, FaqEntry, FaqUse, Ticket
from tickets.services.faq import Text, search_faq

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]  # a page is watched by itself
PASSWORD = {
    "ja": Text(
        "パスワードを忘れたときは", "ログイン画面の「パスワードを忘れた方」から再設定できます。"
    ),
    "en": Text("I forgot my password", "Use the link below the sign-in form to set a new one."),
}
EXPORT = {"ja": Text("受注一覧をCSVで出力するには", "受注一覧の右上のボタンを押してください。")}


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


def written(desk, texts=PASSWORD, status="published") -> FaqEntry:
    with tenant_scope(desk.tenant):
        actor = desk.people["service_desk"]
        entry = services.save_faq(actor=actor, now=NOON, texts=texts)
        return services.set_faq_status(entry=entry, actor=actor, status=status, now=NOON)


def asked(desk, title="パスワードを忘れました"):
    return desk.open(title, type="service_request", facts=Facts(activity="service_desk"))


def found(desk, query) -> list[str]:
    with tenant_scope(desk.tenant):
        return [hit.text.title for hit in search_faq(query, tenants=[desk.tenant.pk])]


class TestSearch:
    @pytest.mark.parametrize(
        ("query", "title"),
        [
            ("パスワード 忘れた", PASSWORD["ja"].title),
            ("ﾊﾟｽﾜｰﾄﾞを忘れてしまいました", PASSWORD["ja"].title),
            ("受注のCSV出力", EXPORT["ja"].title),
            ("forgotten PASSWORD", PASSWORD["en"].title),
        ],
    )
    def test_finds_what_is_asked_in_other_words(self, acme_desk, query, title):
        written(acme_desk)
        written(acme_desk, EXPORT)

        assert found(acme_desk, query)[0] == title

    def test_finds_the_clients_own_published_ones_only(self, acme_desk, globex_desk):
        written(globex_desk)
        written(acme_desk, status="draft")

        assert found(acme_desk, "パスワード") == []
        assert found(globex_desk, "パスワード") == [PASSWORD["ja"].title]

    @pytest.mark.parametrize("query", ["", "  ", "印刷できない", "\0", "✗⌛"])
    def test_finds_nothing_for_what_nobody_answered(self, acme_desk, query):
        written(acme_desk)

        assert found(acme_desk, query) == []

    def test_takes_two_queries_however_many_there_are(self, acme_desk, acme):
        for _each in range(3):
            written(acme_desk)
        with tenant_scope(acme), CaptureQueriesContext(connection) as seen:
            assert len(search_faq("パスワード", tenants=[acme.pk])) == 3

        assert len([q for q in seen if q["sql"].startswith("SELECT") and "faq" in q["sql"]]) == 2


class TestWriting:
    def test_replaces_the_languages_that_are_told(self, acme_desk, acme):
        entry = written(acme_desk)
        with tenant_scope(acme):
            actor = acme_desk.people["bridge_se"]
            services.save_faq(actor=actor, entry=entry, now=NOON, texts={"en": PASSWORD["en"]})

            assert [text.language for text in entry.texts.all()] == ["en"]

    def test_names_what_is_missing(self, acme_desk, acme):
        with tenant_scope(acme):
            actor = acme_desk.people["service_desk"]
            with pytest.raises(Invalid, match="one language"):
                services.save_faq(actor=actor, now=NOON, texts={})
            with pytest.raises(Invalid, match="answer"):
                services.save_faq(actor=actor, now=NOON, texts={"en": Text("Why?", " ")})

    @pytest.mark.parametrize("role", ["requester", "service_owner"])
    def test_is_the_vendors(self, acme_desk, acme, role):
        with tenant_scope(acme), pytest.raises(NotPermitted):
            services.save_faq(actor=acme_desk.people[role], now=NOON, texts=PASSWORD)


class TestAnswering:
    def test_answers_and_resolves_in_the_requesters_language(self, acme_desk, acme):
        entry, ticket = written(acme_desk), asked(acme_desk)
        acme_desk.people["requester"].user.language = "en"
        acme_desk.people["requester"].user.save()
        with tenant_scope(acme):
            ticket = Ticket.objects.select_related("requester__user").get(pk=ticket.pk)
            actor = acme_desk.people["service_desk"]
            done = services.answer_from_faq(
                ticket=ticket, entry=entry, actor=actor, now=NOON + timedelta(minutes=5)
            )

            assert done.status == "resolved"
            assert PASSWORD["en"].answer in Comment.objects.filter(ticket=ticket).get().body
            assert FaqUse.objects.get().ticket == ticket
            with pytest.raises(Refused):
                services.answer_from_faq(ticket=ticket, entry=entry, actor=actor, now=NOON)

    def test_answers_many_or_none(self, acme_desk, acme):
        entry, one, two = written(acme_desk), asked(acme_desk), asked(acme_desk)
        with tenant_scope(acme):
            actor = acme_desk.people["service_desk"]
            both = {"entry": entry, "actor": actor, "now": NOON}
            services.answer_from_faq(ticket=two, **both)
            with pytest.raises(Refused):
                services.answer_many(tickets=[one, two], **both)
            one.refresh_from_db()

            assert one.status == "new"
            assert services.answer_many(tickets=[one], **both) == 1

    def test_refuses_a_draft_and_another_clients_entry(self, acme_desk, globex_desk, acme):
        draft, ticket = written(acme_desk, status="draft"), asked(acme_desk)
        with tenant_scope(acme), pytest.raises(Refused):
            services.answer_from_faq(
                ticket=ticket, entry=draft, actor=acme_desk.people["service_desk"], now=NOON
            )


class TestDeflection:
    def test_counts_a_person_once_a_day(self, acme_desk, acme):
        entry, asker = written(acme_desk), acme_desk.people["requester"]
        with tenant_scope(acme):
            for at in (NOON, NOON + timedelta(hours=1), NOON + timedelta(days=1)):
                services.answered_me(entry=entry, actor=asker, now=at)

            assert FaqUse.objects.filter(kind="deflected").count() == 2
            assert AuditEvent.objects.filter(verb="faq.answered_somebody").count() == 2
            with pytest.raises(NotPermitted):
                services.answered_me(entry=entry, actor=acme_desk.people["bridge_se"], now=NOON)


class TestPages:
    def test_a_new_request_shows_what_may_answer_it(self, acme_desk, globex_desk):
        entry = written(acme_desk)
        browser = browser_of(acme_desk.people["requester"])
        address = f"/tickets/faq/suggest/?contract={acme_desk.contract.public_id}"

        page = browser.get(f"{address}&title=パスワードを忘れた").content.decode()

        assert PASSWORD["ja"].title in page
        assert f"/tickets/faq/{entry.public_id}/answered-me/" in page
        assert browser.get(f"{address}&title=印刷").content.decode().strip() == ""
        outsider = browser_of(globex_desk.people["requester"])
        assert outsider.get(f"{address}&title=パスワード").status_code == 404
        assert "faq-hits" in browser.get("/tickets/new/").content.decode()

    def test_this_answered_me_counts_and_opens_no_ticket(self, acme_desk, acme):
        entry = written(acme_desk)
        browser = browser_of(acme_desk.people["requester"])

        answer = browser.post(
            f"/tickets/faq/{entry.public_id}/answered-me/", {"title": "パスワード"}, follow=True
        )

        assert "No request was sent" in answer.content.decode()
        with tenant_scope(acme):
            assert FaqUse.objects.get().kind == "deflected"
            assert not Ticket.objects.exists()

    def test_is_written_published_and_found(self, acme_desk):
        browser = browser_of(acme_desk.people["service_desk"])

        assert browser.post("/tickets/faq/new/ACME/", {"title_ja": "題"}).status_code == 422
        told = {"title_ja": PASSWORD["ja"].title, "answer_ja": PASSWORD["ja"].answer}
        address = browser.post("/tickets/faq/new/ACME/", told).url
        reader = browser_of(acme_desk.people["requester"])
        assert reader.get(address).status_code == 404
        assert browser.post(f"{address}status/", {"status": "published"}).status_code == 302
        assert PASSWORD["ja"].answer in reader.get(address).content.decode()
        assert PASSWORD["ja"].title in reader.get("/tickets/faq/?q=パスワード").content.decode()
        assert reader.post(f"{address}edit/", told).status_code == 403

    def test_list_is_the_clients_own(self, acme_desk, globex_desk):
        written(acme_desk)
        entry = written(globex_desk, EXPORT)

        page = browser_of(acme_desk.people["bridge_se"]).get("/tickets/faq/").content.decode()

        assert EXPORT["ja"].title not in page
        address = f"/tickets/faq/{entry.public_id}/"
        assert browser_of(acme_desk.people["bridge_se"]).get(address).status_code == 404

    def test_list_takes_the_same_queries_for_more(self, acme_desk, django_assert_num_queries):
        browser = browser_of(acme_desk.people["bridge_se"])
        written(acme_desk)
        browser.get("/tickets/faq/")
        with CaptureQueriesContext(connection) as one:
            browser.get("/tickets/faq/")
        for _each in range(4):
            written(acme_desk)
        with CaptureQueriesContext(connection) as five:
            browser.get("/tickets/faq/")

        assert len(five) == len(one)

    def test_a_ticket_is_answered_in_one_step_and_many_from_the_entry(self, acme_desk, acme):
        entry, one, two = written(acme_desk), asked(acme_desk), asked(acme_desk)
        browser = browser_of(acme_desk.people["service_desk"])

        page = browser.get(f"/tickets/{one.key}/from-faq/").content.decode()
        assert PASSWORD["ja"].title in page
        told = {"entry": entry.public_id, "resolve": "yes"}
        assert browser.post(f"/tickets/{one.key}/from-faq/", told).status_code == 302
        address = f"/tickets/faq/{entry.public_id}/"
        assert two.key in browser.get(address).content.decode()
        many = browser.post(f"{address}answer/", {"tickets": [two.key]}, follow=True)
        assert "1 ticket is answered" in many.content.decode()
        with tenant_scope(acme):
            assert set(Ticket.objects.values_list("status", flat=True)) == {"resolved"}
        assert browser.post(f"{address}answer/", {"tickets": ["GLOBEX-1"]}).status_code == 404


class TestApi:
    def test_writes_publishes_searches_and_answers(self, acme_desk, globex_desk, acme):
        api, ticket = Api(acme_desk.people["service_desk"]), asked(acme_desk)
        texts = [{"language": "ja", "title": PASSWORD["ja"].title, "answer": PASSWORD["ja"].answer}]

        made = api.post("faq/", {"client": "ACME", "texts": texts})
        assert made.status_code == 201
        entry = made.json()["id"]
        assert api.post(f"faq/{entry}/status/", {"status": "published"}).status_code == 200
        hits = Api(acme_desk.people["requester"]).get("faq/search/?q=パスワード").json()["results"]
        assert [hit["id"] for hit in hits] == [entry]
        assert (
            Api(globex_desk.people["requester"]).get("faq/search/?q=パスワード").json()["results"]
            == []
        )
        assert Api(globex_desk.people["bridge_se"]).get(f"faq/{entry}/").status_code == 404
        assert api.post("faq/", {"client": "GLOBEX", "texts": texts}).status_code == 403
        done = api.post(f"tickets/{ticket.key}/answer-from-faq/", {"entry": entry})
        assert (done.status_code, done.json()["status"]) == (200, "resolved")
        reader = Api(acme_desk.people["requester"])
        assert reader.post(f"faq/{entry}/answered-me/").json()["deflected"] == 1
        assert reader.get("faq/").json()["results"][0]["answered"] == 1

    def test_changes_an_entry(self, acme_desk):
        entry = written(acme_desk)
        api = Api(acme_desk.people["service_desk"])
        texts = [{"language": "en", "title": "T", "answer": "A"}]

        answer = api.put(
            f"/api/v1/faq/{entry.public_id}/", {"texts": texts}, content_type="application/json"
        )

        assert [text["title"] for text in answer.json()["texts"]] == ["T"]
