"""The cockpit across clients: lenses, kept filters, steps on several tickets, and pools."""

import pytest
from django.utils import timezone
from time_machine import travel
from zeal import zeal_ignore

from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory
from tests.portal.desk import IMPROVEMENT, NOON, browser_of, desk_of
from tickets import services
from tickets.models import Comment, SavedFilter, Ticket, Watcher

pytestmark = pytest.mark.django_db

PAGE_QUERIES = 13
QUEUE_QUERIES = 7  # of which session, person and desks are three, the options of a filter one


@pytest.fixture(autouse=True)
def _at_one_in_the_afternoon():
    with travel(NOON.replace(hour=4), tick=False):
        yield


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


@pytest.fixture
def everywhere(acme_desk, globex_desk):
    """Return the browser of a bridge SE of both clients."""
    person = acme_desk.people["bridge_se"]
    MembershipFactory(tenant=globex_desk.tenant, user=person.user, role="bridge_se")
    return browser_of(person)


def keys(answer) -> list[str]:
    return [ticket.key for ticket in answer.context["tickets"]]


def counts(answer) -> dict[str, int]:
    return {one["code"]: one["count"] for one in answer.context["lenses"]}


def pause(desk, ticket: Ticket) -> None:
    with tenant_scope(desk.tenant), zeal_ignore():
        services.pause_ticket(
            ticket=ticket, actor=desk.people["bridge_se"], cause="client_access", now=NOON
        )


class TestTheQueue:
    def test_is_of_all_my_clients_by_time_to_breach(self, acme_desk, globex_desk, everywhere):
        acme_desk.open("Later", answers=IMPROVEMENT, impact=3, urgency=3)
        globex_desk.open("First", received_at=acme_desk.after(-60))
        acme_desk.open("Second")

        answer = everywhere.get("/cockpit/")
        assert keys(answer)[:2] == ["GLOBEX-1", "ACME-2"]
        assert counts(answer)["open"] == 3

    def test_shows_nothing_of_a_client_that_is_not_mine(self, acme_desk, globex_desk):
        globex_desk.open("GLOBEX canary")
        acme_desk.open()
        answer = browser_of(acme_desk.people["bridge_se"]).get("/cockpit/")

        assert keys(answer) == ["ACME-1"]
        assert "canary" not in answer.text

    def test_costs_the_same_for_two_clients_with_many_tickets(
        self, acme_desk, globex_desk, everywhere, django_assert_num_queries
    ):
        for number in range(4):
            acme_desk.open(f"A{number}")
            globex_desk.open(f"G{number}")

        with django_assert_num_queries(PAGE_QUERIES):
            assert len(keys(everywhere.get("/cockpit/"))) == 8
        with django_assert_num_queries(QUEUE_QUERIES):
            everywhere.get("/cockpit/?lens=late", headers={"HX-Request": "true"})

    def test_has_a_lens_for_each_kind_of_waiting(self, acme_desk, everywhere):
        acme_desk.open("Late")
        pause(acme_desk, acme_desk.open("Asks the client"))
        acme_desk.open("Question", answers={})
        with tenant_scope(acme_desk.tenant), zeal_ignore():
            services.offer_handoff(
                ticket=Ticket.objects.get(title="Late"),
                actor=acme_desk.people["operations_engineer"],
                evidence={"symptom": "Slow."},
                now=NOON,
            )

        def shown(lens: str) -> list[str]:
            return keys(everywhere.get(f"/cockpit/?lens={lens}"))

        assert len(shown("late")) == 3  # to acknowledge is never paused
        assert shown("client") == ["ACME-2"]
        assert shown("decision") == ["ACME-3"]
        assert shown("handoff") == ["ACME-1"]
        assert shown("mine") == []
        assert set(shown("nonsense")) == {"ACME-1", "ACME-2", "ACME-3"}

    def test_is_not_for_clients(self, acme_desk):
        for role in ("requester", "service_owner"):
            assert browser_of(acme_desk.people[role]).get("/cockpit/").status_code == 404

    def test_finds_japanese(self, acme_desk, everywhere):
        acme_desk.open("決済画面が開かない")
        acme_desk.open("帳票の文字化け")

        assert keys(everywhere.get("/cockpit/?text=文字化け")) == ["ACME-2"]


class TestKeptFilters:
    def test_are_the_persons_own_and_hold_only_what_is_known(self, acme_desk, everywhere):
        query = "lens=late&text=再起動&evil=1&page=7"
        everywhere.post("/cockpit/filters/", {"name": " Night  shift ", "query": query})

        row = SavedFilter.objects.get()
        assert row.name == "Night shift"
        assert "evil" not in row.query
        assert "page" not in row.query
        other = browser_of(acme_desk.people["service_desk"])
        assert "Night shift" in everywhere.get("/cockpit/").text
        assert "Night shift" not in other.get("/cockpit/").text
        assert other.post(f"/cockpit/filters/{row.public_id}/delete/").status_code == 404
        everywhere.post(f"/cockpit/filters/{row.public_id}/delete/")
        assert not SavedFilter.objects.exists()

    def test_need_a_name(self, everywhere):
        everywhere.post("/cockpit/filters/", {"name": "  ", "query": "lens=late"})

        assert not SavedFilter.objects.exists()


@pytest.mark.allow_n_plus_one
class TestTogether:
    @pytest.fixture(autouse=True)
    def _several_commands(self):
        with zeal_ignore():
            yield

    def post(self, browser, step: str, *keys: str, **fields: str):
        return browser.post("/cockpit/together/", {"step": step, "ticket": keys, **fields})

    def test_takes_over_what_it_may_and_says_why_not_the_rest(
        self, acme_desk, globex_desk, everywhere
    ):
        acme_desk.open()
        globex_desk.open()
        gone = acme_desk.open("Gone")
        with tenant_scope(acme_desk.tenant):
            services.cancel_ticket(
                ticket=gone, actor=acme_desk.people["bridge_se"], reason="Twice.", now=NOON
            )
        with travel(timezone.now()):
            answer = self.post(everywhere, "take_over", "ACME-1", "GLOBEX-1", "ACME-2")

        told = {one.ticket.key: one.refusal for one in answer.context["results"]}
        assert told == {
            "ACME-1": "",
            "GLOBEX-1": "",
            "ACME-2": "Its status does not offer this step.",
        }
        with tenant_scope(acme_desk.tenant, globex_desk.tenant):
            owners = Ticket.objects.filter(key__in=["ACME-1", "GLOBEX-1"])
            roles = owners.values_list("stage__owner__role", flat=True)
            assert list(roles) == ["bridge_se", "bridge_se"]

    def test_writes_the_same_note_on_each_and_nothing_without_words(self, acme_desk, everywhere):
        acme_desk.open()
        acme_desk.open()
        assert self.post(everywhere, "internal", "ACME-1", "ACME-2").status_code == 422

        self.post(everywhere, "internal", "ACME-1", "ACME-2", body="Same cause.")
        with tenant_scope(acme_desk.tenant):
            notes = Comment.objects.values_list("ticket__key", "lane", "body")
            assert sorted(notes) == [
                ("ACME-1", "internal", "Same cause."),
                ("ACME-2", "internal", "Same cause."),
            ]

    def test_watches(self, acme_desk, everywhere):
        acme_desk.open()
        self.post(everywhere, "watch", "ACME-1")

        with tenant_scope(acme_desk.tenant):
            assert Watcher.objects.get().member == acme_desk.people["bridge_se"]

    def test_with_another_clients_ticket_among_them_is_404_and_changes_nothing(
        self, acme_desk, globex_desk
    ):
        acme_desk.open()
        globex_desk.open()
        browser = browser_of(acme_desk.people["bridge_se"])

        foreign = self.post(browser, "watch", "ACME-1", "GLOBEX-1")
        never = self.post(browser, "watch", "ACME-1", "ACME-99")
        assert (foreign.status_code, never.status_code) == (404, 404)
        with tenant_scope(acme_desk.tenant, globex_desk.tenant):
            assert not Watcher.objects.exists()

    def test_asks_for_a_choice_and_keeps_what_was_typed(self, acme_desk, everywhere):
        acme_desk.open()
        answer = self.post(everywhere, "public", body="We are on it.")

        assert answer.status_code == 422
        assert "Choose at least one ticket" in answer.text
        assert "We are on it." in answer.text
