"""What an alert does, without a database."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tickets.domain import alert as rules
from tickets.domain.alert import Alert, Heard, Known, Place, Route, Window
from tickets.domain.alert_payloads import MOST, NotAnAlert, alerts_of

NOON = datetime(2026, 4, 8, 3, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
ROUTE = Route({}, 1, "shop", "production")
DOWN = Alert("f1", "Down", True, NOON)


def payload(name: str):
    return json.loads((Path(__file__).parents[1] / "payloads" / f"{name}.json").read_text())


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def place(ticket: int = 7, **told) -> Place:
    given = {"system": "shop", "environment": "production", "priority": "P3",
             "opened_at": NOON - minutes(30), "heard_at": NOON - minutes(5)}  # fmt: skip
    return Place(ticket, **(given | told))


class TestWhatIsSent:
    def test_alertmanager(self):
        (alert,) = alerts_of("alertmanager", payload("alertmanager_firing"), TOKYO)

        assert (alert.name, alert.firing, alert.severity) == ("ProbeFailure", True, "critical")
        assert alert.fingerprint == "1a30ba71cca2921f"
        assert alert.started_at == datetime(2026, 4, 8, 2, 51, 45, 828739, tzinfo=UTC)
        assert alert.ended_at is None
        assert alert.labels["instance"] == "https://shop.example.org"

    def test_alertmanager_when_it_is_over(self):
        (alert,) = alerts_of("alertmanager", payload("alertmanager_resolved"), TOKYO)

        assert not alert.firing
        assert alert.ended_at == datetime(2026, 4, 8, 3, 4, 45, 828739, tzinfo=UTC)

    def test_zabbix_tells_its_own_wall_time(self):
        (alert,) = alerts_of("zabbix", payload("zabbix_problem"), TOKYO)

        assert alert.started_at == datetime(2026, 4, 8, 2, 51, 45, tzinfo=UTC)
        assert (alert.firing, alert.severity, alert.summary) == (True, "average", "shop-web-01")
        assert alert.labels["component"] == "system"
        assert alert.ended_at is None

    def test_zabbix_recovery_is_the_same_episode(self):
        (began,) = alerts_of("zabbix", payload("zabbix_problem"), TOKYO)
        (over,) = alerts_of("zabbix", payload("zabbix_recovery"), TOKYO)

        assert (over.fingerprint, over.started_at) == (began.fingerprint, began.started_at)
        assert over.ended_at == datetime(2026, 4, 8, 3, 4, 45, tzinfo=UTC)

    def test_an_update_of_a_zabbix_problem_is_no_alert(self):
        update = payload("zabbix_problem") | {"event_update_status": "1"}

        assert alerts_of("zabbix", update, TOKYO) == []

    def test_plain_json_alone_or_as_a_list(self):
        one = {"status": "firing", "name": "Disk full", "started_at": "2026-04-08T12:00:00+09:00"}

        assert alerts_of("json", one, TOKYO)[0].started_at == NOON
        assert len(alerts_of("json", {"alerts": [one, one]}, TOKYO)) == 2

    def test_without_a_fingerprint_labels_tell_two_apart(self):
        rows = [{"status": "firing", "name": "Disk", "labels": {"host": host}} for host in "aba"]

        first, second, third = alerts_of("json", {"alerts": rows}, TOKYO)

        assert first.fingerprint == third.fingerprint != second.fingerprint

    @pytest.mark.parametrize(
        ("kind", "sent", "where"),
        [
            ("json", [], "object"),
            ("json", {"status": "burning", "name": "x"}, "status"),
            ("json", {"status": "firing"}, "name"),
            ("json", {"status": "firing", "name": "x", "started_at": "yesterday"}, "started_at"),
            ("json", {"status": "firing", "name": "x", "labels": ["a"]}, "labels"),
            ("json", {"alerts": [{"status": "firing", "name": "x"}] * (MOST + 1)}, "at most"),
            ("alertmanager", {"status": "firing"}, "alerts"),
            ("alertmanager", {"alerts": ["x"]}, "alerts"),
            ("zabbix", {"event_value": "1"}, "event_id"),
            ("zabbix", {"event_id": "1", "event_value": "2"}, "event_value"),
            ("zabbix", {"event_id": "1", "event_value": "1", "event_date": "8 April"}, "date"),
        ],
    )
    def test_what_is_none_of_it_is_named(self, kind, sent, where):
        with pytest.raises(NotAnAlert, match=where):
            alerts_of(kind, sent, TOKYO)

    def test_hostile_text_is_made_harmless(self):
        sent = {"status": "firing", "name": "a\x00b\u202ec\ud800", "summary": "x" * 5000}

        (alert,) = alerts_of("json", sent, TOKYO)

        assert alert.name == "abc�"
        assert len(alert.summary) == 200
        alert.summary.encode()


class TestHearing:
    @pytest.mark.parametrize(
        ("known", "firing", "heard"),
        [
            (None, True, Heard.NEW),
            (None, False, Heard.NEW),
            (Known(True), True, Heard.REPEATED),
            (Known(True), False, Heard.RECOVERED),
            (Known(False, NOON), False, Heard.LATE),
            (Known(False, NOON - minutes(10)), True, Heard.LATE),
            (Known(False, NOON - minutes(11)), True, Heard.AGAIN),
        ],
    )
    def test_is_told_by_what_is_known(self, known, firing, heard):
        assert rules.hear(known, Alert("f", "x", firing, NOON), NOON) is heard

    def test_the_clock_starts_at_the_alerts_own_time(self):
        connected = NOON - timedelta(days=1)
        began = Alert("f", "x", True, NOON - minutes(9))

        assert rules.clock_starts_at(began, NOON, connected) == NOON - minutes(9)
        ahead = Alert("f", "x", True, NOON + minutes(9))
        assert rules.clock_starts_at(ahead, NOON, connected) == NOON
        assert rules.clock_starts_at(began, NOON, NOON - minutes(2)) == NOON - minutes(2)


class TestRouting:
    def test_the_first_that_fits_decides(self):
        routes = [
            Route({"job": "db-*", "severity": "critical"}, 1, "core", "production"),
            Route({"job": "db-*"}, 1, "core", "staging"),
            Route({"alertname": "Down"}, 2, "shop", "production"),
        ]

        def found(**labels):
            alert = Alert("f", "Down", True, severity=labels.pop("severity", ""), labels=labels)
            return rules.route_of(alert, routes)

        assert found(job="db-1", severity="critical") is routes[0]
        assert found(job="db-1") is routes[1]
        assert found(job="web") is routes[2]
        assert rules.route_of(Alert("f", "Up", True), routes) is None

    def test_maintenance_holds_back_what_begins_in_it(self):
        window = Window(1, 1, "shop", "", NOON, NOON + minutes(60))

        assert rules.held_back_by(ROUTE, NOON, [window]) is window
        assert rules.held_back_by(ROUTE, NOON + minutes(60), [window]) is None
        assert rules.held_back_by(Route({}, 1, "core", "production"), NOON, [window]) is None
        assert rules.held_back_by(Route({}, 2, "shop", "production"), NOON, [window]) is None


class TestFolding:
    def folded(self, *places: Place, alert: Alert = DOWN, priority: str = "P3"):
        return rules.fold(alert, ROUTE, priority, places, NOON)

    def test_the_same_alert_joins_its_ticket_however_old(self):
        old = place(fingerprints=frozenset({"f1"}), heard_at=NOON - timedelta(days=30))

        assert self.folded(old) == 7

    def test_one_of_the_same_name_joins_within_the_hour(self):
        assert self.folded(place(names=frozenset({"Down"}))) == 7
        late = place(names=frozenset({"Down"}), heard_at=NOON - minutes(61))
        assert self.folded(late) is None

    def test_another_place_or_another_name_is_another_ticket(self):
        assert self.folded(place(names=frozenset({"Slow"}))) is None
        assert self.folded(place(names=frozenset({"Down"}), environment="staging")) is None

    def test_a_storm_is_one_trouble(self):
        many = [place(n, opened_at=NOON - minutes(n), names=frozenset({str(n)})) for n in range(5)]

        assert self.folded(*many) == 0  # the newest
        assert self.folded(*many[:4]) is None

    def test_nothing_is_hidden_under_what_is_less_urgent(self):
        minor = place(names=frozenset({"Down"}), fingerprints=frozenset({"f1"}))

        assert self.folded(minor, priority="P1") is None
        assert self.folded(minor, priority="P4") == 7


def test_a_source_is_silent_once_its_time_is_over():
    assert rules.silent_since(NOON, 10, NOON + minutes(9)) is None
    assert rules.silent_since(NOON, 10, NOON + minutes(15)) == NOON + minutes(10)
    assert rules.silent_since(NOON, None, NOON + minutes(999)) is None
