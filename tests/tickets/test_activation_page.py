"""A draft put in force: what the account manager sees before signing, and what is signed."""

import re
from copy import deepcopy
from datetime import date, timedelta

import pytest
from django.urls import reverse
from zeal import zeal_ignore

from contracts import services
from contracts.models import ContractVersion
from tenants.models import AuditEvent, Job
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tenants.tasks import run_job
from tests.factories import TERMS
from tests.portal.desk import NOON, Desk, browser_of, desk_of
from tickets.models import Replay
from tickets.services.replays import ask_replay

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]
DAY = date(2026, 6, 1)
QUERIES = 20


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch) -> None:
    monkeypatch.setattr(run_job, "apply_async", lambda **options: None)


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


def document(**cost) -> dict:
    written = deepcopy(TERMS)
    written["scope"]["clauses"][0]["then"] = "estimate"
    written["cost"] |= cost
    return written


def drafted(desk: Desk, on: date = DAY, **cost) -> ContractVersion:
    with tenant_scope(desk.tenant), zeal_ignore():
        return services.add_version(
            contract=desk.contract,
            effective_on=on,
            document=document(**cost),
            actor=desk.people["account_manager"],
            now=NOON,
        )


def address(desk: Desk, number: int = 2) -> str:
    return reverse("tickets:activate", args=[desk.contract.public_id, number])


def manager(desk: Desk):
    return browser_of(desk.people["account_manager"])


def shown(desk: Desk) -> str:
    return manager(desk).get(address(desk)).content.decode()


def form_of(page: str) -> dict[str, str]:
    """Return what the form sends when its box is ticked."""
    names = ("seen", "seen_on", "accept_gaps")
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in names}
    return {name: match[1] for name, match in found.items() if match}


def stored(desk: Desk, number: int = 2) -> ContractVersion:
    with tenant_scope(desk.tenant):
        return ContractVersion.objects.get(contract=desk.contract, number=number)


def replayed(desk: Desk, version: ContractVersion) -> Replay:
    with tenant_scope(desk.tenant), zeal_ignore():
        asked = ask_replay(
            contract=desk.contract,
            version=version,
            from_on=date(2026, 4, 1),
            until_on=date(2026, 5, 1),
            actor=desk.people["account_manager"],
            now=NOON,
        )
    with zeal_ignore():
        assert jobs.run(Job.objects.get(tenant=desk.tenant, key=asked.job_key).pk)
    return asked


class TestWho:
    def test_an_account_manager_of_this_client_and_nobody_else(self, desk, globex):
        drafted(desk)

        assert manager(desk).get(address(desk)).status_code == 200
        assert manager(desk_of(globex)).get(address(desk)).status_code == 404
        for role in ("requester", "service_owner", "bridge_se", "service_desk"):
            browser = browser_of(desk.people[role])
            assert browser.get(address(desk)).status_code == 404
            assert browser.post(address(desk), {"seen": "x"}).status_code == 404

    def test_is_offered_for_a_draft_and_for_nothing_else(self, desk):
        drafted(desk)
        url = reverse("contracts:versions", args=[desk.contract.public_id])

        assert address(desk) in manager(desk).get(f"{url}?version=2").content.decode()
        assert "in-force" not in manager(desk).get(f"{url}?version=1").content.decode()
        assert (
            "in-force"
            not in browser_of(desk.people["bridge_se"]).get(f"{url}?version=2").content.decode()
        )
        assert manager(desk).get(address(desk, 1)).status_code == 404


class TestBeforeSigning:
    def test_shows_the_day_the_changes_the_check_and_every_gap(self, desk):
        drafted(desk, monthly_fee=900000)

        page = shown(desk)

        assert "Put version 2 in force" in page
        assert "1 Jun 2026" in page
        assert "Version 2 against version 1" in page
        assert "900,000" in page
        assert page.count("Add a clause for exactly these cases") >= 1
        assert "This text was not replayed" in page

    def test_shows_the_replay_of_this_text_only(self, desk):
        desk.open()
        version = drafted(desk)
        replay = replayed(desk, version)
        result = reverse("tickets:replay", args=[replay.public_id])

        assert f'href="{result}"' in shown(desk)
        assert "Hours and money" in shown(desk)

        with tenant_scope(desk.tenant), zeal_ignore():
            services.replace_draft(
                version=version, document=document(monthly_fee=1), actor=None, now=NOON
            )
        assert f'href="{result}"' not in shown(desk)
        assert "This text was not replayed" in shown(desk)

    def test_what_stands_in_the_way_is_told_in_place_of_the_button(self, desk):
        drafted(desk, on=desk.contract.starts_on)

        page = shown(desk)

        assert "Another version is in force from this day." in page
        assert "Put it in force" not in page

    def test_says_until_when_where_a_later_version_is_agreed(self, desk):
        later = drafted(desk, on=DAY + timedelta(days=30))
        with tenant_scope(desk.tenant), zeal_ignore():
            services.activate_version(
                version=later,
                actor=desk.people["account_manager"],
                now=NOON,
                accept_gaps=form_of(shown(desk))["accept_gaps"],
            )
        drafted(desk)

        page = manager(desk).get(address(desk, 3)).content.decode()
        assert re.search(r"until version 2 takes over on <time [^>]*>1 Jul 2026<", page)

    def test_costs_few_queries(self, desk, django_assert_max_num_queries):
        version = drafted(desk)
        desk.open()
        replayed(desk, version)
        browser = manager(desk)
        browser.get(address(desk))

        with django_assert_max_num_queries(QUERIES):
            browser.get(address(desk))


class TestSigning:
    def test_puts_it_in_force_with_the_gaps_that_were_seen(self, desk):
        drafted(desk)
        page = shown(desk)

        answer = manager(desk).post(address(desk), form_of(page))

        assert answer.status_code == 302
        version = stored(desk)
        assert version.activated_at is not None
        assert version.activated_by_id == desk.people["account_manager"].pk
        assert len(version.accepted_gaps) == page.count("Add a clause for exactly these cases")
        with tenant_scope(desk.tenant):
            event = AuditEvent.objects.filter(verb="contract.activated").latest("pk")
        assert event.data["number"] == 2

    def test_not_without_the_gaps(self, desk):
        drafted(desk)

        answer = manager(desk).post(address(desk), form_of(shown(desk)) | {"accept_gaps": ""})

        assert answer.status_code == 422
        assert "Say that you accept the gaps" in answer.content.decode()
        assert stored(desk).activated_at is None

    @pytest.mark.parametrize(
        "change", [{"seen": "0" * 64}, {"seen": ""}, {"seen_on": "2026-06-02"}, {"seen_on": "x"}]
    )
    def test_not_what_nobody_saw(self, desk, change):
        drafted(desk)

        answer = manager(desk).post(address(desk), form_of(shown(desk)) | change)

        assert answer.status_code == 409
        assert "Somebody else saved this draft meanwhile." in answer.content.decode()
        assert stored(desk).activated_at is None

    def test_not_what_the_check_refuses(self, desk):
        written = document()
        written["scope"]["clauses"].append(written["scope"]["clauses"][0] | {"id": "S99"})
        with tenant_scope(desk.tenant), zeal_ignore():
            services.replace_draft(version=drafted(desk), document=written, actor=None, now=NOON)
        page = shown(desk)
        assert "It cannot be put in force yet" in page

        sent = {"seen": stored(desk).sha256, "seen_on": DAY.isoformat(), "accept_gaps": "x"}
        assert manager(desk).post(address(desk), sent).status_code == 409
        assert stored(desk).activated_at is None
