"""Whose working time is not written down: for oneself and one's leads, never for a client."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from tenants.scoping import tenant_scope
from tests.api.client import Api
from tests.factories import MembershipFactory
from tests.portal.desk import browser_of
from tests.tickets.factories import Client, after, two_clients
from tests.tickets.test_exports import csv_of, sheet_of
from tickets import services
from tickets.models import Absence
from tickets.services.unaccounted import days_of, workers_for

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

DAY = date(2026, 4, 15)  # 09:00 to 18:00 in Tokyo is 00:00 to 09:00 in UTC
EVENING = datetime(2026, 4, 15, 12, tzinfo=UTC)
OF_THE_DAY = "since=2026-04-15&until=2026-04-15"


@pytest.fixture
def client(db):
    made = Client()
    with tenant_scope(made.tenant):
        yield made


@pytest.fixture(autouse=True)
def _that_evening():
    with time_machine.travel(EVENING, tick=False):
        yield


def log(client, person, starts: float, ends: float) -> None:
    """Write down work of a person from so many hours after ten o'clock on."""
    client.logged = getattr(client, "logged", None) or client.working()
    services.log_time(
        ticket=client.logged, actor=person, starts_at=after(hours=starts),
        ends_at=after(hours=ends), now=EVENING,
    )  # fmt: skip


def gaps_of(reader, person, now=EVENING) -> list[tuple[int, int]]:
    """Return the gaps of a person's day as UTC hours, as a reader sees them."""
    workers = [w for w in workers_for([reader]) if w.user.pk == person.user_id]
    (found,) = days_of(workers, DAY, DAY, now)
    return [(starts.hour, ends.hour) for starts, ends in found.day.gaps]


class TestTheDay:
    def test_has_the_gaps_between_the_entries(self, client):
        engineer = client.operations_engineer
        log(client, engineer, 0, 2)
        log(client, client.maintenance_engineer, 2, 8)

        assert gaps_of(engineer, engineer) == [(0, 1), (3, 9)]

    def test_of_today_ends_now(self, client):
        assert gaps_of(client.bridge_se, client.bridge_se, now=after(hours=2)) == [(0, 3)]

    def test_counts_what_a_timer_measures(self, client):
        ticket, engineer = client.working(), client.operations_engineer
        services.start_timer(ticket=ticket, actor=engineer, now=after(hours=1))

        assert gaps_of(engineer, engineer, now=after(hours=4)) == [(0, 2)]

    def test_does_not_count_what_was_corrected(self, client):
        engineer = client.operations_engineer
        log(client, engineer, -1, 8)
        entry = client.logged.time_entries.get()
        services.correct_time(entry=entry, actor=engineer, reason="Another client.", now=EVENING)

        assert gaps_of(engineer, engineer) == [(0, 9)]

    def test_has_no_working_time_while_somebody_is_away(self, client):
        engineer = client.operations_engineer
        Absence.objects.create(
            tenant=client.tenant, member=engineer, by=engineer,
            starts_at=after(hours=2), ends_at=after(days=1),
        )  # fmt: skip

        assert gaps_of(engineer, engineer) == [(0, 3)]

    def test_is_none_once_the_contract_is_over(self, client):
        client.contract.ends_on = DAY
        client.contract.save()
        workers = workers_for([client.bridge_se])

        assert list(days_of(workers, DAY, DAY, EVENING)) == []


class TestWhoReads:
    def test_a_lead_sees_the_team_and_an_engineer_themself(self, client):
        vendor = [m for m in client.people.values() if m.is_vendor]

        assert {w.user for w in workers_for([client.bridge_se])} == {m.user for m in vendor}
        assert workers_for([client.bridge_se])[0].user == client.bridge_se.user
        engineer = client.operations_engineer
        assert [w.user for w in workers_for([engineer])] == [engineer.user]

    @pytest.mark.parametrize("role", ["requester", "service_owner"])
    def test_a_clients_people_see_nothing(self, client, role):
        reader = client.people[role]

        assert browser_of(reader).get("/tickets/unaccounted/").status_code == 403
        assert browser_of(reader).get("/tickets/unaccounted/?format=csv").status_code == 403
        assert Api(reader).get("unaccounted/").status_code == 403

    def test_time_for_another_client_is_not_told_where_nobody_works_for_both(self, client):
        engineer = client.operations_engineer
        with two_clients(client) as second:
            with tenant_scope(second.tenant):
                theirs = MembershipFactory(
                    tenant=second.tenant, user=engineer.user, role=engineer.role
                )
                log(second, theirs, 0, 8)
            both = [engineer, theirs]
            (me,) = workers_for(both)
            (own,) = days_of([me], DAY, DAY, EVENING)

        assert [(a.hour, b.hour) for a, b in own.day.gaps] == [(0, 1)]
        assert gaps_of(client.bridge_se, engineer) == [(0, 9)]  # the lead of ACME alone

    def test_people_of_another_client_are_not_in_the_list(self, client):
        with two_clients(client) as second:
            strangers = {m.user.name for m in second.people.values()}
        reader = client.account_manager

        page = browser_of(reader).get(f"/tickets/unaccounted/?{OF_THE_DAY}").text
        rows = csv_of(reader, f"/tickets/unaccounted/?{OF_THE_DAY}&format=csv")
        told = Api(reader).get(f"unaccounted/?{OF_THE_DAY}").json()

        assert not [name for name in strangers if name in page]
        assert {row["Person"] for row in rows} == {each["person"]["name"] for each in told}
        assert not strangers & {row["Person"] for row in rows}

    def test_a_person_of_another_client_is_nobody(self, client):
        with two_clients(client) as second:
            stranger = second.operations_engineer.public_id
        answers = [
            Api(client.bridge_se).get(f"unaccounted/?person={name}")
            for name in (stranger, "A" * 16)
        ]

        assert [a.status_code for a in answers] == [400, 400]
        assert answers[0].json() == answers[1].json()


class TestPageFileAndApi:
    def test_tell_the_same(self, client):
        engineer = client.operations_engineer
        log(client, engineer, 0, 2)
        address = f"/tickets/unaccounted/?{OF_THE_DAY}"

        page = browser_of(engineer).get(address).text
        rows = csv_of(engineer, f"{address}&format=csv")
        (told,) = Api(engineer).get(f"unaccounted/?{OF_THE_DAY}").json()

        assert "7 h" in page
        assert [row["Minutes"] for row in rows] == ["60", "360"]
        assert rows[0]["From"].startswith("2026-04-15T00:00:00")
        assert (told["on"], told["working_minutes"]) == ("2026-04-15", 540)
        assert told["unaccounted_minutes"] == 420
        assert told["gaps"][1] == {
            "starts_at": "2026-04-15T03:00:00Z", "ends_at": "2026-04-15T09:00:00Z"
        }  # fmt: skip

    def test_are_of_the_person_who_was_asked_for(self, client):
        reader, engineer = client.bridge_se, client.operations_engineer
        address = f"/tickets/unaccounted/?{OF_THE_DAY}&person={engineer.public_id}&format=csv"

        assert {row["Person"] for row in csv_of(reader, address)} == {engineer.user.name}

    def test_are_a_workbook_too(self, client):
        address = f"/tickets/unaccounted/?{OF_THE_DAY}&format=xlsx"

        assert sheet_of(client.operations_engineer, address)["A1"].value == "Person"

    def test_show_the_times_on_the_persons_own_clock(self, client):
        client.operations_engineer.user.timezone = "Asia/Tokyo"
        client.operations_engineer.user.save()
        address = (
            f"/tickets/unaccounted/?{OF_THE_DAY}&person={client.operations_engineer.public_id}"
        )

        assert ">09:00</time>–<time" in browser_of(client.bridge_se).get(address).text

    @pytest.mark.parametrize(
        "asked",
        [
            "since=2026-04-16&until=2026-04-15",
            "since=2026-01-01&until=2026-04-15",
            "since=0001-01-01",
        ],
    )
    def test_refuse_days_that_are_none(self, client, asked):
        engineer = client.operations_engineer

        assert browser_of(engineer).get(f"/tickets/unaccounted/?{asked}").status_code == 422
        assert 400 <= Api(engineer).get(f"unaccounted/?{asked}").status_code < 500

    def test_are_a_link_away_from_where_time_is_written_down(self, client):
        ticket = client.working()
        link = 'href="/tickets/unaccounted/"'

        assert link in browser_of(client.operations_engineer).get(f"/tickets/{ticket.key}/").text
        assert link not in browser_of(client.service_owner).get(f"/tickets/{ticket.key}/").text

    def test_take_the_same_few_queries_however_many_people(
        self, client, django_assert_max_num_queries
    ):
        for _number in range(5):
            MembershipFactory(tenant=client.tenant, role="operations_engineer")
        log(client, client.operations_engineer, 0, 1)
        browser = browser_of(client.bridge_se)
        browser.get(f"/tickets/unaccounted/?{OF_THE_DAY}")
        with django_assert_max_num_queries(12):
            browser.get(f"/tickets/unaccounted/?{OF_THE_DAY}")
