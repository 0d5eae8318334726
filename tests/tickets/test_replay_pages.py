"""The pages of a replay: who asks, what is asked, how far it is, and what it found."""

import re
from copy import deepcopy
from datetime import date

import pytest
from django.urls import reverse
from zeal import zeal_ignore

from contracts.domain.scope import Facts
from contracts.services import add_version
from tenants.models import Job, JobState
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tenants.tasks import run_job
from tests.factories import TERMS
from tests.portal.desk import IMPROVEMENT, NOON, Desk, browser_of, desk_of
from tickets.models import Replay

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

ASKED = {"over": "range", "from_on": "2026-04-01", "until_on": "2026-04-30"}
RESULT_QUERIES = 9


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch) -> None:
    monkeypatch.setattr(run_job, "apply_async", lambda **options: None)


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


def drafted(desk: Desk, **when):
    """Return a draft whose first clause is other than the one in force: an incident costs."""
    document = deepcopy(TERMS)
    document["scope"]["clauses"][0] |= {"then": "estimate", **when}
    with tenant_scope(desk.tenant), zeal_ignore():
        return add_version(
            contract=desk.contract,
            effective_on=date(2026, 6, 1),
            document=document,
            actor=desk.people["account_manager"],
            now=NOON,
        )


def asking(desk: Desk) -> str:
    return reverse("tickets:new_replay", args=[desk.contract.public_id])


def ask(desk: Desk, role: str = "bridge_se", **given):
    """Ask through the page and return its answer."""
    return browser_of(desk.people[role]).post(asking(desk), {"version": "2", **ASKED, **given})


def asked(desk: Desk, **given) -> Replay:
    answer = ask(desk, **given)
    assert answer.status_code == 302, answer.content.decode()
    with tenant_scope(desk.tenant):
        return Replay.objects.select_related("contract").latest("pk")


def finished(desk: Desk, **given) -> str:
    """Ask, let a worker do it, and return the address of the result."""
    replay = asked(desk, **given)
    with zeal_ignore():
        assert jobs.run(Job.objects.get(tenant=desk.tenant, key=replay.job_key).pk)
    return address(replay)


def address(replay: Replay) -> str:
    return reverse("tickets:replay", args=[replay.public_id])


def seen(desk: Desk, url: str, role: str = "bridge_se", **headers) -> str:
    return browser_of(desk.people[role]).get(url, headers=headers).content.decode()


class TestAsking:
    def test_is_offered_on_the_versions_page_with_the_draft_in_view(self, desk):
        drafted(desk)
        url = reverse("contracts:versions", args=[desk.contract.public_id])

        assert f'href="{asking(desk)}?version=2"' in seen(desk, f"{url}?version=2")
        for role in ("service_owner", "requester", "operations_engineer"):
            assert asking(desk) not in seen(desk, url, role)

    @pytest.mark.parametrize("role", ["account_manager", "bridge_se"])
    def test_is_for_who_answers_for_the_contract(self, desk, role):
        drafted(desk)

        answer = ask(desk, role)

        with tenant_scope(desk.tenant):
            (replay,) = Replay.objects.all()
        assert answer.url == address(replay)
        assert (replay.from_on, replay.until_on) == (date(2026, 4, 1), date(2026, 5, 1))

    @pytest.mark.parametrize("role", ["requester", "service_owner", "operations_engineer"])
    def test_is_no_page_for_the_others(self, desk, role):
        drafted(desk)
        url = finished(desk)
        browser = browser_of(desk.people[role])

        assert browser.get(asking(desk)).status_code == 404
        assert ask(desk, role).status_code == 404
        assert browser.get(url).status_code == 404

    def test_begins_with_the_draft_and_teaches_when_nothing_was_asked(self, desk):
        drafted(desk)

        text = seen(desk, asking(desk))

        assert '<option value="2" selected>2 (draft)' in text
        assert "No version was replayed yet" in text

    def test_of_the_last_months_ends_with_the_running_one(self, desk):
        drafted(desk)

        replay = asked(desk, over="1", from_on="", until_on="")

        assert (replay.until_on - replay.from_on).days in {28, 29, 30, 31}

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"from_on": ""}, "Choose a day, or one of the ranges above."),
            ({"from_on": "2025-01-01", "until_on": "2025-02-01"}, "No month of this contract"),
            ({"version": "9"}, "Select a valid choice"),
        ],
    )
    def test_keeps_what_was_typed_and_says_what_is_wrong(self, desk, given, said):
        drafted(desk)

        answer = ask(desk, **given)

        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert f'value="{(ASKED | given)["until_on"]}"' in answer.content.decode()


class TestProgress:
    def test_asks_again_by_itself_until_the_result_is_there(self, desk):
        drafted(desk)
        replay = asked(desk)
        Job.objects.filter(key=replay.job_key).update(state=JobState.RUNNING, progress=45)

        part = seen(desk, address(replay), **{"HX-Request": "true"})

        assert 'hx-trigger="every 1s"' in part
        assert 'value="45"' in part
        assert "<html" not in part

    def test_ends_where_the_job_is_dead(self, desk):
        drafted(desk)
        replay = asked(desk)
        Job.objects.filter(key=replay.job_key).update(state=JobState.DEAD)

        text = seen(desk, address(replay))

        assert "The replay could not be finished" in text
        assert "every 1s" not in text


class TestTheResult:
    def test_shows_each_changed_verdict_with_both_clauses_and_its_ticket(self, desk):
        ticket = desk.open()
        drafted(desk)

        text = seen(desk, finished(desk))

        row = text.split(f'<a href="{reverse("tickets:page", args=[ticket.key])}">')[1]
        row = row.split("</tr>")[0]
        assert ticket.title in row
        assert re.search(r"In the monthly fee.*S1.*Needs a separate estimate.*S1", row, re.DOTALL)
        assert "1 verdict changes" in text

    def test_says_a_new_gap_in_words(self, desk):
        ticket = desk.open()
        drafted(desk, when={"activity": ["incident_response"], "environment": ["staging"]})

        text = seen(desk, finished(desk))

        assert "Incident response on ec-site production, P1: nothing decides" in text
        gaps = text.split('id="gaps-title"')[1]
        assert reverse("tickets:page", args=[ticket.key]) in gaps

    def test_shows_hours_and_money_of_both_sides(self, desk):
        desk.open()
        drafted(desk)

        text = seen(desk, finished(desk))

        money = text.split('id="outcomes-title"')[1]
        assert money.count("¥800,000") == 4  # fee and total, before and after
        assert "Change of the total: ¥0" in text

    def test_of_months_without_tickets_teaches(self, desk):
        drafted(desk)

        text = seen(desk, finished(desk))

        assert "No ticket was received in these months." in text
        assert f'href="{asking(desk)}"' in text

    def test_shows_nothing_of_another_client(self, desk, globex):
        other = desk_of(globex)
        other.open("globex canary")
        desk.open()
        drafted(desk)
        drafted(other)
        url, theirs = finished(desk), finished(other)

        assert "canary" not in seen(desk, url)
        assert browser_of(desk.people["bridge_se"]).get(theirs).status_code == 404
        assert browser_of(desk.people["bridge_se"]).get(asking(other)).status_code == 404

    def test_costs_the_same_for_many_tickets(self, desk, django_assert_num_queries):
        desk.open()
        for number in range(4):
            desk.open(f"Slow {number}", facts=Facts(activity="incident_response"))
        desk.open("A new filter", answers=IMPROVEMENT)
        drafted(desk)
        url = finished(desk)
        browser = browser_of(desk.people["bridge_se"])

        with django_assert_num_queries(RESULT_QUERIES):
            browser.get(url)
