"""Alerts: one ticket each, from the alert's own time, however often and in whatever order they come."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from django.db import transaction

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent, Hook, HookMessage
from tenants.scoping import tenant_scope
from tests.portal.desk import desk_of
from tests.tickets.alerting import at, connect, firing, message, payload, resolved
from tests.tickets.races import at_once
from tickets import services
from tickets.models import Alert, Obligation
from tickets.services import alert_sources
from tickets.services.alert_sources import RouteLine, SourcePlan

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]  # a storm is counted by itself
BEGAN = datetime(2026, 4, 8, 2, 51, 45, tzinfo=UTC)
ENDED = datetime(2026, 4, 8, 3, 4, 45, tzinfo=UTC)
REAL = {"alertmanager": ("alertmanager_firing", "alertmanager_resolved"),
        "zabbix": ("zabbix_problem", "zabbix_recovery")}  # fmt: skip


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


@pytest.fixture
def source(acme_desk):
    return connect(acme_desk)


@pytest.fixture(params=["alertmanager", "zabbix"])
def real(request, acme_desk):
    """A source of each product with its documented messages: the beginning and the end."""
    source = connect(acme_desk, request.param)
    return source, *(payload(name) for name in REAL[request.param])


def seconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)


class TestRealMessages:
    def test_open_one_ticket_from_the_alerts_own_time(self, real):
        source, problem, _recovery = real

        answer = source.post(problem)

        assert (answer.status_code, answer.json()["tickets"]) == (202, 1)
        (ticket,) = source.tickets()
        assert seconds(ticket.received_at) == BEGAN
        assert (ticket.channel, ticket.type, ticket.status) == ("alert", "incident", "new")
        with tenant_scope(ticket.tenant_id):
            assert ticket.stage.activity == "monitoring"
            clock = Obligation.objects.get(ticket=ticket, kind="acknowledge")
            assert seconds(clock.due_at) == BEGAN + timedelta(minutes=15)

    def test_told_again_they_are_counted(self, real):
        source, problem, _recovery = real

        for minutes in (0, 240, 480):
            assert source.post(problem, minutes).status_code == 202

        (alert,) = source.alerts()
        assert (alert.count, alert.heard_at) == (3, at(480))
        assert len(source.tickets()) == 1

    def test_the_end_closes_what_nobody_touched(self, real):
        source, problem, recovery = real
        source.post(problem)
        source.post(recovery, 5)
        assert source.tickets()[0].status == "new"  # it may come back

        source.sweep(10)

        (ticket,) = source.tickets()
        assert ticket.status == "closed"
        assert seconds(ticket.restored_at) == seconds(ticket.resolved_at) == ENDED
        with tenant_scope(ticket.tenant_id):
            states = dict(Obligation.objects.filter(ticket=ticket).values_list("kind", "state"))
            assert (states["acknowledge"], states["restore"]) == ("void", "met")
            assert AuditEvent.objects.filter(verb="ticket.recovered").count() == 1

    def test_the_end_leaves_what_somebody_touched(self, real):
        source, problem, recovery = real
        source.post(problem)
        (ticket,) = source.tickets()
        with tenant_scope(ticket.tenant_id):
            agent = source.desk.people["operations_engineer"]
            services.comment(ticket=ticket, actor=agent, body="We look at it.", now=at(2))

        source.post(recovery, 5)
        source.sweep(10)
        source.sweep(11)

        (ticket,) = source.tickets()
        assert (ticket.status, ticket.restored_at) == ("new", None)
        with tenant_scope(ticket.tenant_id):
            assert AuditEvent.objects.filter(verb="alert.recovered").count() == 1

    def test_come_to_the_same_end_in_any_order(self, real, acme):
        _source, problem, recovery = real
        for number, order in enumerate(permutations([problem, problem, recovery, recovery])):
            source = connect(_source.desk, _source.row.kind, name=f"Order {number}")
            before = len(source.tickets())

            for minutes, sent in enumerate(order, start=5):
                assert source.post(sent, minutes).status_code == 202
            source.sweep(20)

            (ticket,) = source.tickets()[before:]
            assert (ticket.status, seconds(ticket.received_at)) == ("closed", BEGAN)
            assert seconds(ticket.restored_at) == ENDED
            with tenant_scope(acme):
                (alert,) = Alert.objects.filter(source=source.row)
                assert (alert.count, alert.ended_at is None) == (4, False)
            if number == 5:
                break


class TestProof:
    @pytest.fixture
    def signed(self, acme_desk):
        return connect(acme_desk, "json")

    SENT = {"status": "firing", "name": "Disk full", "started_at": "2026-04-08T11:55:00+09:00"}

    def test_a_signed_message_opens_a_ticket(self, signed):
        assert signed.post(self.SENT).status_code == 202
        assert len(signed.tickets()) == 1

    def test_the_same_signed_message_again_changes_nothing(self, signed):
        signed.post(self.SENT)

        again = signed.post(self.SENT)

        assert (again.status_code, again.json()) == (200, {"replayed": True})
        assert [alert.count for alert in signed.alerts()] == [1]

    @pytest.mark.parametrize(
        "how",
        [
            {"secret": "hook_of_somebody_else"},
            {"timestamp": str(int(at(-6).timestamp()))},
            {"timestamp": str(int(at(6).timestamp()))},
            {"timestamp": "soon"},
            {"timestamp": "9" * 400},
            {"signature": "sha256=00"},
            {"signature": "sha256=é"},
            {"signed": False},
            {"headers": {}},
            {"public_id": "A" * 16},
        ],
    )
    def test_without_proof_nothing_is_let_in(self, signed, how):
        answer = signed.post(self.SENT, **how)

        assert answer.status_code == 401
        assert answer.json()["type"] == "not_proved"
        assert signed.tickets() == signed.alerts() == []

    def test_a_changed_message_is_not_the_signed_one(self, signed):
        from tenants import signing

        stamp = str(int(at(0).timestamp()))
        told = signing.signature(signed.secret, stamp, b"{}")

        assert signed.post(self.SENT, signature=told, timestamp=stamp).status_code == 401

    def test_the_secret_of_another_clients_source_opens_nothing(self, signed, globex_desk):
        theirs = connect(globex_desk, "json")

        assert signed.post(self.SENT, secret=theirs.secret).status_code == 401
        assert theirs.post(self.SENT).status_code == 202
        assert signed.tickets() == []
        assert len(theirs.tickets()) == 1

    def test_the_secret_stands_nowhere(self, signed, acme):
        stored = Hook.objects.values().get()
        assert signed.secret not in str(stored)
        with tenant_scope(acme):
            assert signed.secret not in str(list(AuditEvent.objects.values()))

    def test_another_secret_ends_the_one_before(self, source, acme):
        with tenant_scope(acme):
            new = alert_sources.rotate_secret(
                source=source.row, actor=source.desk.people["bridge_se"], now=at(0)
            )

        assert source.post(payload("alertmanager_firing")).status_code == 401
        assert source.post(payload("alertmanager_firing"), secret=new).status_code == 202

    def test_a_source_that_is_off_hears_nothing(self, source, acme):
        lead = source.desk.people["account_manager"]
        with tenant_scope(acme):
            off = alert_sources.switch_source(source=source.row, actor=lead, on=False, now=at(0))
            with pytest.raises(Refused):
                alert_sources.switch_source(source=off, actor=lead, on=False, now=at(0))
        assert source.post(payload("alertmanager_firing")).status_code == 401

        with tenant_scope(acme):
            alert_sources.switch_source(source=off, actor=lead, on=True, now=at(1))
        assert source.post(payload("alertmanager_firing"), 2).status_code == 202

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            (b"not json", 400),
            (b"[" * 100_000, 400),
            (b'{"alerts": "all"}', 422),
            (b"x" * 1_000_001, 413),
            (b'{"alerts": []}', 202),
            (b"\xff\xfe", 400),
        ],
    )
    def test_what_is_no_message_is_refused_in_words(self, source, sent, status):
        assert source.post(sent).status_code == status

    def test_too_many_wait_a_minute(self, source, settings):
        settings.HOOK_RATE = 2
        sent = payload("alertmanager_firing")

        assert [source.post(sent).status_code for _ in range(3)] == [202, 202, 429]
        assert source.post(sent, 1.1).status_code == 202

    def test_what_was_seen_is_forgotten_when_it_is_too_old_to_count(self, signed):
        signed.post(self.SENT)
        signed.post(self.SENT, 90)

        assert HookMessage.objects.count() == 1

    def test_nobody_looks_in_by_another_way(self, source, client_of):
        browser = client_of(source.desk.people["bridge_se"])

        assert browser.get(f"/hooks/alerts/{source.row.public_id}/").status_code == 405
        assert browser.post(f"/hooks/alerts/{source.row.public_id}/").status_code == 401


class TestStorms:
    def test_a_thousand_machines_are_one_ticket(self, source):
        many = [firing("Down", instance=f"web-{n}") for n in range(1000)]

        answer = source.post(message(*many))

        assert (answer.status_code, answer.json()["new"]) == (202, 1000)
        assert len(source.tickets()) == 1
        assert len(source.alerts()) == 1000

    def test_a_thousand_names_in_messages_of_ten_are_a_handful(self, source):
        names = [firing(f"Alert {n}", minutes=n / 1000) for n in range(1000)]

        for start in range(0, 1000, 10):
            answer = source.post(message(*names[start : start + 10]), 1 + start / 1000)
            assert answer.status_code == 202

        assert len(source.tickets()) == 5
        assert len(source.alerts()) == 1000

    def test_cost_queries_by_message_not_by_alert(self, source, django_assert_max_num_queries):
        source.post(message(*[firing("Down", instance=f"web-{n}") for n in range(3)]))

        with django_assert_max_num_queries(30):
            source.post(message(*[firing("Down", instance=f"web-{n}") for n in range(500)]), 1)

    def test_what_is_critical_is_not_hidden_in_it(self, source):
        names = [firing(f"Alert {n}") for n in range(20)]
        source.post(message(*names))

        source.post(message(firing("Shop is down", severity="critical")), 1)

        assert [t.priority for t in source.tickets()] == ["P3"] * 5 + ["P1"]

    def test_what_comes_and_goes_keeps_its_ticket(self, source):
        for minutes in range(0, 20, 4):
            alert = firing("Flapping", minutes=minutes)
            source.post(message(alert), minutes)
            source.sweep(minutes + 1)
            source.post(message(resolved(alert, minutes + 1)), minutes + 1)
            source.sweep(minutes + 2)

        source.sweep(23)

        (ticket,) = source.tickets()
        assert (ticket.status, ticket.restored_at) == ("closed", at(17))
        assert len(source.alerts()) == 5

    def test_its_clocks_end_with_it_and_run_on_when_it_comes_back(self, source):
        first, second = firing("Flapping"), firing("Flapping", minutes=12)

        def clock(kind: str) -> tuple[str, datetime | None]:
            with tenant_scope(source.desk.tenant):
                row = Obligation.objects.filter(kind=kind).latest("attempt")
                return row.state, row.due_at

        source.post(message(first))
        source.post(message(resolved(first, 10)), 11)
        assert (clock("acknowledge")[0], clock("restore")[0]) == ("void", "met")
        assert source.tickets()[0].restored_at == at(10)

        source.post(message(second), 13)

        assert source.tickets()[0].restored_at is None
        assert clock("acknowledge") == ("running", at(18))  # of 15 minutes 10 were used by then
        assert clock("restore")[0] == "running"

    def test_begins_anew_when_the_source_says_so_later(self, source):
        alert = firing("Down", instance="web-1")
        source.post(message(alert))
        source.post(message(resolved(alert, 3)), 3)
        source.sweep(10)

        source.post(message(alert), 30)  # it had lost sight of it; the beginning is the old one

        assert [(t.status, t.received_at) for t in source.tickets()] == [
            ("closed", at(0)),
            ("new", at(30)),
        ]


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_the_same_alert_at_once_is_one_ticket(self, source):
        sent = payload("alertmanager_firing")

        answers = at_once([lambda: source.post(sent)] * 8, None)

        assert [a.status_code for a in answers] == [202] * 8
        assert len(source.tickets()) == 1
        assert [alert.count for alert in source.alerts()] == [8]

    def test_the_same_signed_message_at_once_counts_once(self, acme_desk):
        signed = connect(acme_desk, "json")
        sent = {"status": "firing", "name": "Down", "started_at": "2026-04-08T12:00:00+09:00"}

        answers = at_once([lambda: signed.post(sent)] * 6, None)

        assert sorted(a.status_code for a in answers) == [200] * 5 + [202]
        assert [alert.count for alert in signed.alerts()] == [1]

    def test_a_storm_at_once_is_a_handful(self, source):
        batches = [
            message(*[firing(f"Alert {n}", instance=str(n)) for n in range(start, start + 50)])
            for start in range(0, 400, 50)
        ]

        answers = at_once([lambda sent=sent: source.post(sent) for sent in batches], None)

        assert {a.status_code for a in answers} == {202}
        assert len(source.tickets()) == 5
        assert len(source.alerts()) == 400


class TestRouting:
    def test_labels_lead_to_system_and_environment(self, acme_desk, acme):
        line = RouteLine({"env": "stag*"}, acme_desk.contract, "ec-site", "staging", "P4")
        source = connect(acme_desk, routes=(line,))

        source.post(message(firing("Down", env="staging"), firing("Down", env="live")))

        found = [(t.environment, t.priority) for t in source.tickets()]
        assert found == [("staging", "P4"), ("production", "P3")]

    def test_a_place_that_the_contract_does_not_name_is_refused(self, acme_desk):
        with pytest.raises(Invalid, match="environments"):
            connect(acme_desk, environment="moon")
        with pytest.raises(Invalid, match="systems"):
            connect(acme_desk, routes=(RouteLine({}, acme_desk.contract, "printer", "production"),))

    def test_another_clients_contract_is_no_place(self, acme_desk, globex_desk):
        line = RouteLine({}, globex_desk.contract, "ec-site", "production")

        with pytest.raises(Invalid, match="contract"):
            connect(acme_desk, routes=(line,))

    @pytest.mark.parametrize("role", ["requester", "service_owner", "operations_engineer"])
    def test_is_set_up_by_those_who_speak_for_the_vendor(self, acme_desk, role):
        acme_desk.people["bridge_se"] = acme_desk.people[role]

        with pytest.raises(NotPermitted):
            connect(acme_desk)

    def test_where_no_contract_runs_the_alert_is_kept_and_says_why(self, source, acme):
        with tenant_scope(acme), transaction.atomic():
            source.desk.contract.ends_on = at(0).date()
            source.desk.contract.save()

        answer = source.post(message(firing("Down")))

        assert answer.status_code == 202
        (alert,) = source.alerts()
        assert (alert.ticket_id, alert.state) == (None, "lost")
        assert "No version" in alert.problem


class TestMaintenance:
    def window(self, source, starts: float, ends: float, **told):
        given = {"system": "", "environment": "", "reason": "Move to the new rack"}
        with tenant_scope(source.desk.tenant):
            return alert_sources.agree_window(
                contract=source.desk.contract, actor=source.desk.people["bridge_se"],
                starts_at=at(starts), ends_at=at(ends), now=at(-60), **(given | told),
            )  # fmt: skip

    def test_holds_back_what_begins_in_it(self, source):
        self.window(source, 0, 60)

        answer = source.post(message(firing("Down", minutes=10)), 10)

        assert answer.json()["held_back"] == 1
        assert source.tickets() == []
        (alert,) = source.alerts()
        assert alert.state == "held"

    def test_what_is_over_within_it_never_was_a_ticket(self, source):
        self.window(source, 0, 60)
        alert = firing("Down", minutes=10)
        source.post(message(alert), 10)
        source.post(message(resolved(alert, 20)), 20)

        source.sweep(61)

        assert source.tickets() == []

    def test_what_outlasts_it_has_a_ticket_from_its_end_on(self, source):
        self.window(source, 0, 60)
        source.post(message(firing("Down", minutes=10)), 10)

        source.sweep(59)
        assert source.tickets() == []
        source.sweep(65)
        source.sweep(66)

        (ticket,) = source.tickets()
        assert ticket.received_at == at(60)

    def test_a_message_after_it_does_so_too(self, source):
        self.window(source, 0, 60)
        alert = firing("Down", minutes=10)
        source.post(message(alert), 10)

        source.post(message(alert), 62)

        assert [t.received_at for t in source.tickets()] == [at(60)]

    def test_cancelled_it_holds_nothing_back(self, source):
        window = self.window(source, 0, 60)
        source.post(message(firing("Down", minutes=10)), 10)
        with tenant_scope(source.desk.tenant):
            lead = source.desk.people["bridge_se"]
            alert_sources.cancel_window(window=window, actor=lead, now=at(20))
            with pytest.raises(Refused):
                alert_sources.cancel_window(window=window, actor=lead, now=at(21))

        source.sweep(21)
        source.post(message(firing("Slow", minutes=30)), 30)

        assert [t.received_at for t in source.tickets()] == [at(20), at(30)]

    def test_of_another_place_it_holds_nothing_back(self, source):
        self.window(source, 0, 60, environment="staging")

        source.post(message(firing("Down", minutes=10)), 10)

        assert len(source.tickets()) == 1

    def test_makes_sense(self, source):
        with pytest.raises(Invalid, match="after it begins"):
            self.window(source, 60, 60)
        with pytest.raises(Invalid, match="over already"):
            self.window(source, -120, -90)
        with pytest.raises(Invalid, match="what the maintenance is for"):
            self.window(source, 0, 60, reason=" ")


class TestSilence:
    def test_raises_one_ticket_from_its_beginning(self, acme_desk):
        source = connect(acme_desk, silent_after_minutes=10)
        source.post(message(), 0)

        source.sweep(9)
        assert source.tickets() == []
        source.sweep(12)
        source.sweep(13)

        (ticket,) = source.tickets()
        assert (ticket.received_at, ticket.priority) == (at(10), "P2")

    @pytest.mark.parametrize(
        ("language", "title"),
        [
            ("ja", "「Prometheus」が無応答です: 10分間メッセージがありません"),
            ("vi", "Prometheus im lặng: không có tin nào trong 10 phút"),
            ("en", "Prometheus is silent: no message for 10 minutes"),
        ],
    )
    def test_is_told_in_the_language_of_the_client(self, acme_desk, acme, language, title):
        acme.language = language
        acme.save()
        source = connect(acme_desk, silent_after_minutes=10)

        source.sweep(12)

        assert source.tickets()[0].title == title

    def test_ends_with_the_next_message(self, acme_desk):
        source = connect(acme_desk, silent_after_minutes=10)
        source.post(message(), 0)
        source.sweep(12)

        source.post(message(), 30)
        source.sweep(36)

        (ticket,) = source.tickets()
        assert (ticket.status, ticket.restored_at) == ("closed", at(30))

    def test_counts_again_afterwards(self, acme_desk):
        source = connect(acme_desk, silent_after_minutes=10)
        source.post(message(), 0)
        source.sweep(12)
        source.post(message(), 30)
        source.sweep(36)

        source.sweep(41)

        assert [t.received_at for t in source.tickets()] == [at(10), at(40)]

    def test_is_not_asked_of_a_source_that_is_off(self, acme_desk, acme):
        source = connect(acme_desk, silent_after_minutes=10)
        with tenant_scope(acme):
            alert_sources.switch_source(
                source=source.row, actor=acme_desk.people["bridge_se"], on=False, now=at(0)
            )

        source.sweep(600)

        assert source.tickets() == []


def test_a_change_replaces_the_routes(source, acme):
    plan = SourcePlan(
        name="Prometheus 2", system="ec-site", environment="staging", timezone="UTC",
        routes=(RouteLine({"a": "b"}, source.desk.contract, "ec-site", "production"),),
    )  # fmt: skip
    with tenant_scope(acme):
        lead = source.desk.people["bridge_se"]
        alert_sources.change_source(source=source.row, actor=lead, plan=plan, now=at(0))
        alert_sources.change_source(source=source.row, actor=lead, plan=plan, now=at(0))

    source.post(message(firing("Down"), firing("Down", a="b")))

    assert [t.environment for t in source.tickets()] == ["staging", "production"]


def test_two_sources_of_one_name_are_refused(source):
    with pytest.raises(Invalid, match="name"):
        connect(source.desk)
