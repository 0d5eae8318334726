"""The pages of alerts: two clients, who may what, the secret once."""

import re

import pytest
import time_machine

from tenants.scoping import tenant_scope
from tests.portal.desk import NOON, browser_of, desk_of
from tests.tickets.alerting import at, connect, firing, message, resolved
from tickets.domain.alert_routes import RouteText, parse_route, route_text
from tickets.models import AlertSource, AlertWindow
from tickets.services import alert_sources

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]  # a page is watched by itself
FORM = {"name": "Prometheus", "kind": "alertmanager", "system": "ec-site",
        "environment": "production", "timezone": "Asia/Tokyo", "settle_minutes": "5",
        "silent_after_minutes": "", "routes": ""}  # fmt: skip


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


def bridge(desk):
    return browser_of(desk.people["bridge_se"])


class TestTheList:
    def test_shows_own_alerts_and_sources_only(self, acme_desk, globex_desk):
        connect(acme_desk).post(message(firing("Ours is down")))
        connect(globex_desk, name="Zabbix of theirs").post(message(firing("Theirs is down")))

        body = bridge(acme_desk).get("/tickets/alerts/").content.decode()

        assert "Ours is down" in body
        assert "ACME-1" in body
        assert "heirs" not in body
        assert "GLOBEX" not in body

    def test_costs_the_same_however_much_came_in(self, acme_desk, django_assert_max_num_queries):
        source = connect(acme_desk)
        source.post(message(*[firing(f"Alert {n}") for n in range(30)]))

        browser = bridge(acme_desk)
        browser.get("/tickets/alerts/")

        with django_assert_max_num_queries(16):
            browser.get("/tickets/alerts/")

    def test_a_storm_is_one_line_that_opens(self, acme_desk):
        source = connect(acme_desk)
        storm = [firing("Down", instance=f"web-{n}") for n in range(300)]
        source.post(message(*storm))
        source.post(message(resolved(storm[7], 5)), 6)
        browser = bridge(acme_desk)

        body = browser.get("/tickets/alerts/").content.decode()
        (link,) = re.findall(r'href="[^"]*(\?of=[^"]+)"', body)
        opened = browser.get("/tickets/alerts/" + link).content.decode()

        assert body.count("ACME-1<") == 1
        assert "300 alerts" in body
        assert "299 of 300 last" in body
        assert opened.count("ACME-1<") == 50
        assert "300 alerts of one trouble" in opened
        assert f"{link.removeprefix('?')}&amp;page=2" in opened

    def test_a_thousand_names_are_a_handful_of_lines(self, acme_desk):
        source = connect(acme_desk)
        for start in range(0, 1000, 100):
            source.post(message(*[firing(f"Alert {n}") for n in range(start, start + 100)]))

        body = bridge(acme_desk).get("/tickets/alerts/").content.decode()

        assert 2 <= body.count('<td class="key"') <= 10
        assert "and 99" in body

    def test_what_maintenance_held_back_is_one_line(self, acme_desk, acme):
        source = connect(acme_desk)
        with tenant_scope(acme):
            alert_sources.agree_window(
                contract=acme_desk.contract, actor=acme_desk.people["bridge_se"], system="",
                environment="", starts_at=at(-10), ends_at=at(60), reason="Patches", now=at(-20),
            )  # fmt: skip
        source.post(message(*[firing(f"Alert {n}") for n in range(40)]))

        body = bridge(acme_desk).get("/tickets/alerts/").content.decode()

        assert body.count("Held back by maintenance") == 1
        assert "40 alerts" in body

    def test_another_clients_line_does_not_open(self, acme_desk, globex_desk):
        theirs = connect(globex_desk)
        theirs.post(message(firing("Theirs is down")))
        (alert,) = theirs.alerts()

        answer = bridge(acme_desk).get("/tickets/alerts/", {"of": alert.public_id})

        assert answer.status_code == 404

    def test_names_the_system_as_the_contract_does(self, acme_desk):
        connect(acme_desk).post(message(firing("Down")))

        body = bridge(acme_desk).get("/tickets/alerts/").content.decode()

        assert "EC site ·" in body
        assert "ec-site ·" not in body

    def test_of_one_source(self, acme_desk):
        first, second = connect(acme_desk), connect(acme_desk, name="Other")
        first.post(message(firing("First is down")))
        second.post(message(firing("Second is down")))

        answer = bridge(acme_desk).get("/tickets/alerts/", {"source": second.row.public_id})

        assert b"Second is down" in answer.content
        assert b"First is down" not in answer.content

    @pytest.mark.parametrize(
        ("role", "status"),
        [("requester", 403), ("service_owner", 403), ("operations_engineer", 200)],
    )
    def test_is_the_vendors(self, acme_desk, role, status):
        assert browser_of(acme_desk.people[role]).get("/tickets/alerts/").status_code == status


class TestASource:
    def test_is_connected_and_its_secret_shown_once(self, acme_desk, acme):
        browser = bridge(acme_desk)
        url = f"/tickets/alerts/new/{acme_desk.contract.public_id}/"
        assert browser.get(url).status_code == 200

        answer = browser.post(url, FORM | {"routes": "env=stag* -> ec-site/staging P4"})

        secret = answer.content.decode().split('value="hook_')[1].split('"')[0]
        with tenant_scope(acme):
            source = AlertSource.objects.get()
        page = browser.get(f"/tickets/alerts/sources/{source.public_id}/").content.decode()
        assert secret not in page
        assert "env=stag* -&gt; ec-site/staging P4" in page
        assert f"/hooks/alerts/{source.public_id}/" in page
        assert "no-store" in answer["Cache-Control"]

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"routes": "env=staging"}, "Line 1: write patterns"),
            (
                {"routes": "a=b -> ec-site/staging\nenv=staging -> staging"},
                "Line 2: after -&gt; stands",
            ),
            ({"routes": "env -> ec-site/staging"}, "label=value"),
            ({"routes": "a=b -> C-99: ec-site/staging"}, "no running contract C-99"),
            ({"routes": "a=b -> moon/staging"}, "names these systems"),
            ({"timezone": "Tokyo"}, "Asia/Tokyo"),
            ({"name": ""}, "Name:"),
        ],
    )
    def test_says_what_is_wrong(self, acme_desk, wrong, said):
        url = f"/tickets/alerts/new/{acme_desk.contract.public_id}/"

        answer = bridge(acme_desk).post(url, FORM | wrong)

        assert answer.status_code == 422
        assert said in answer.content.decode()

    def test_is_changed_rotated_and_turned_off(self, acme_desk, acme):
        source, browser = connect(acme_desk), bridge(acme_desk)
        url = f"/tickets/alerts/sources/{source.row.public_id}/"

        assert browser.post(url, FORM | {"name": "Renamed"}).status_code == 302
        assert b"hook_" in browser.post(f"{url}secret/").content
        assert browser.post(f"{url}switch/").status_code == 302
        assert browser.post(f"{url}switch/").status_code == 409
        assert browser.post(f"{url}switch/", {"on": "1"}).status_code == 302
        with tenant_scope(acme):
            row = AlertSource.objects.get()
            assert (row.name, row.disabled_at) == ("Renamed", None)

    def test_engineers_read_and_do_not_change(self, acme_desk):
        source = connect(acme_desk)
        browser = browser_of(acme_desk.people["operations_engineer"])
        url = f"/tickets/alerts/sources/{source.row.public_id}/"

        assert browser.get(url).status_code == 200
        for path in ("", "secret/", "switch/"):
            assert browser.post(f"{url}{path}", FORM).status_code == 403
        client = browser_of(acme_desk.people["service_owner"])
        assert client.get(url).status_code == 403

    @pytest.mark.parametrize("kind", ["alertmanager", "zabbix", "json"])
    def test_tells_each_product_how_to_post(self, acme_desk, kind):
        source = connect(acme_desk, kind)

        body = bridge(acme_desk).get(f"/tickets/alerts/sources/{source.row.public_id}/").content

        told = {"alertmanager": b"send_resolved", "zabbix": b"HttpRequest", "json": b"HMAC-SHA-256"}
        assert told[kind] in body


class TestMaintenance:
    def test_is_written_down_and_called_off(self, acme_desk, acme):
        browser = bridge(acme_desk)
        url = f"/tickets/alerts/windows/new/{acme_desk.contract.public_id}/"
        told = {"system": "", "environment": "staging", "reason": "New disks",
                "starts_at": "2026-04-08T13:00", "ends_at": "2026-04-08T15:00"}  # fmt: skip
        assert browser.get(url).status_code == 200

        assert browser.post(url, told).status_code == 302
        assert browser.post(url, told | {"ends_at": "2026-04-08T12:30"}).status_code == 422

        with tenant_scope(acme):
            window = AlertWindow.objects.get()
        assert b"New disks" in browser.get("/tickets/alerts/").content
        cancel = f"/tickets/alerts/windows/{window.public_id}/cancel/"
        assert browser.post(cancel).status_code == 302
        assert browser.post(cancel).status_code == 409
        assert b"New disks" not in browser.get("/tickets/alerts/").content


class TestTheTicket:
    def test_shows_what_it_holds_and_how_it_ended(self, acme_desk):
        source = connect(acme_desk)
        alert = firing("Down", instance="web-1")
        source.post(message(alert, firing("Down", instance="web-2")))
        source.post(message(alert), 1)

        body = browser_of(acme_desk.people["bridge_se"]).get("/tickets/ACME-1/").content.decode()
        assert "ticket-alerts-title" in body
        assert "2 times" in body

        source.post(message(resolved(alert, 2)), 2)
        source.post(message(resolved(firing("Down", instance="web-2"), 2)), 2)
        source.sweep(10)
        with time_machine.travel(at(11), tick=False):
            page = browser_of(acme_desk.people["service_owner"]).get("/tickets/ACME-1/")
        assert "Recovered by itself and closed" in page.content.decode()


@pytest.mark.parametrize(
    ("line", "route"),
    [
        ("-> core/production", RouteText("core", "production")),
        (
            "a=b,c = d* -> core/staging P2",
            RouteText("core", "staging", {"a": "b", "c": "d*"}, "", "P2"),
        ),
        ("a=b -> C-2: core/production", RouteText("core", "production", {"a": "b"}, "C-2")),
    ],
)
def test_a_route_is_a_line(line, route):
    assert parse_route(line) == route
    assert parse_route(route_text(route)) == route
