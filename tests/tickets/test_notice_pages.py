"""The bell, the list by day and the choices: each person's own, for little."""

from datetime import timedelta

import pytest

from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory
from tests.portal.desk import NOON, browser_of, desk_of
from tickets.models import NoticePreference, Notification, Ticket

pytestmark = pytest.mark.django_db

BELL_QUERIES = 6  # savepoint and scope, session, person, memberships, how many
LIST_QUERIES = 7


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


def tell(desk, role: str, ticket: Ticket, *, key: str = "k", hours: int = 0, **fields):
    with tenant_scope(desk.tenant):
        return Notification.objects.create(
            tenant=desk.tenant,
            recipient=desk.people[role],
            kind="comment",
            code="comment.public",
            key=key,
            ticket=ticket,
            at=NOON + timedelta(hours=hours),
            **fields,
        )


def read(desk) -> int:
    with tenant_scope(desk.tenant):
        return Notification.objects.exclude(read_at=None).count()


class TestBell:
    def test_counts_what_is_unread_of_mine_in_one_question(
        self, acme_desk, globex_desk, django_assert_num_queries
    ):
        ticket, theirs = acme_desk.open(), globex_desk.open()
        tell(acme_desk, "requester", ticket)
        tell(acme_desk, "requester", ticket, key="off", in_portal=False)
        tell(acme_desk, "requester", ticket, key="read", read_at=NOON)
        tell(acme_desk, "service_owner", ticket)
        tell(globex_desk, "requester", theirs)
        browser = browser_of(acme_desk.people["requester"])

        with django_assert_num_queries(BELL_QUERIES):
            answer = browser.get("/notices/bell/", headers={"HX-Request": "true"})

        assert '<span class="count">1<' in answer.text
        assert answer["Cache-Control"].startswith("max-age=0")

    def test_shows_no_number_where_all_is_read(self, acme_desk):
        answer = browser_of(acme_desk.people["requester"]).get("/notices/bell/")

        assert "count" not in answer.text

    def test_stops_counting_at_ninety_nine(self, acme_desk):
        ticket = acme_desk.open()
        for n in range(101):
            tell(acme_desk, "requester", ticket, key=str(n))

        answer = browser_of(acme_desk.people["requester"]).get("/notices/bell/")
        assert ">99+<" in answer.text.replace("\n", "")


class TestList:
    def test_shows_mine_of_all_my_clients_by_day_for_the_same_price(
        self, acme_desk, globex_desk, django_assert_num_queries
    ):
        person = acme_desk.people["bridge_se"]
        there = MembershipFactory(tenant=globex_desk.tenant, user=person.user, role="bridge_se")
        globex_desk.people["bridge_se"] = there
        first, second = acme_desk.open("The cart"), globex_desk.open("The till")
        for n in range(9):
            tell(acme_desk, "bridge_se", first, key=str(n), hours=n * 10)
        tell(globex_desk, "bridge_se", second)
        tell(globex_desk, "service_owner", second, key="not mine")
        browser = browser_of(person)

        with django_assert_num_queries(LIST_QUERIES):
            answer = browser.get("/notices/")

        assert answer.text.count('class="day-title"') == 4
        assert answer.text.count("The till") == answer.text.count("GLOBEX-1 The till")
        assert len(answer.context["page"].object_list) == 10

    def test_unread_only(self, acme_desk):
        ticket = acme_desk.open()
        tell(acme_desk, "requester", ticket, read_at=NOON)
        tell(acme_desk, "requester", ticket, key="new")
        browser = browser_of(acme_desk.people["requester"])

        assert len(browser.get("/notices/").context["page"].object_list) == 2
        assert len(browser.get("/notices/?show=unread").context["page"].object_list) == 1

    def test_opening_one_reads_it_and_leads_to_its_ticket(self, acme_desk):
        row = tell(acme_desk, "requester", acme_desk.open())
        answer = browser_of(acme_desk.people["requester"]).post(f"/notices/{row.public_id}/open/")

        assert answer.url == "/tickets/ACME-1/"
        assert read(acme_desk) == 1

    def test_a_colleagues_is_not_there(self, acme_desk):
        row = tell(acme_desk, "service_owner", acme_desk.open())
        browser = browser_of(acme_desk.people["requester"])

        for step in ("open", "mark"):
            assert browser.post(f"/notices/{row.public_id}/{step}/").status_code == 404
        browser.post("/notices/read-all/")
        assert read(acme_desk) == 0

    def test_marking_answers_with_the_list_and_wakes_the_bell(self, acme_desk):
        row = tell(acme_desk, "requester", acme_desk.open())
        browser = browser_of(acme_desk.people["requester"])
        url = f"/notices/{row.public_id}/mark/"

        answer = browser.post(url, headers={"HX-Request": "true"})
        assert answer["HX-Trigger"] == "notices-changed"
        assert 'id="notice-list"' in answer.text
        assert read(acme_desk) == 1
        browser.post(url)
        assert read(acme_desk) == 0

    def test_a_title_is_shown_as_text(self, acme_desk):
        tell(acme_desk, "requester", acme_desk.open("<script>alert(1)</script>"))
        answer = browser_of(acme_desk.people["requester"]).get("/notices/")

        assert "<script>alert" not in answer.text


class TestChoices:
    def test_are_kept_for_the_person_and_shown_again(self, acme_desk):
        person = acme_desk.people["bridge_se"]
        browser = browser_of(person)
        form = browser.get("/notices/choices/").context["form"]
        assert form["halftime"].initial == "portal"
        asked = {name: field.initial for name, field in form.fields.items()}

        browser.post("/notices/choices/", asked | {"comment": "daily"})

        assert NoticePreference.objects.get().channels["comment"] == "daily"
        again = browser.get("/notices/choices/").context["form"]
        assert again["comment"].initial == "daily"

    def test_ask_a_client_only_about_what_clients_are_told(self, acme_desk):
        form = browser_of(acme_desk.people["requester"]).get("/notices/choices/").context["form"]

        assert "comment" in form.fields
        assert not {"handoff", "halftime", "missed"} & set(form.fields)

    def test_refuse_a_way_that_does_not_exist(self, acme_desk):
        browser = browser_of(acme_desk.people["requester"])

        assert browser.post("/notices/choices/", {"comment": "fax"}).status_code == 422
        assert not NoticePreference.objects.exists()
