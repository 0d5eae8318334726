"""Security findings: due by the terms, mended, dismissed, lived with until a day; each client's own."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.api.client import Api
from tests.factories import TERMS
from tests.portal.desk import NOON, browser_of, desk_of
from tickets import services
from tickets.models import RiskAcceptance, SecurityFinding, Ticket
from tickets.routine_forms import template_of
from tickets.services.security import sweep_findings

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]  # a page is watched by itself
TOLD = {"system": "ec-site", "source": "scan", "severity": "critical", "title": "Old TLS"}
DUE = datetime(
    2026, 4, 10, 9, tzinfo=UTC
)  # the second business day after Wednesday, 18:00 in Tokyo


def terms():
    with_findings = {**TERMS["time"], "findings": {"critical": "2bd", "high": "10bd"}}
    ask = [
        {"ask": {"en": "Does it remove a risk before a fault?"}, "then": "preventive"},
        *TERMS["scope"]["classify"],
    ]
    scope = {**TERMS["scope"], "classify": ask}
    responsible = [
        {"activities": ["security_operation"], "tier": "L2", "party": "vendor"},
        {"activities": ["preventive"], "tier": "L3", "party": "vendor"},
        *TERMS["responsibilities"],
    ]
    return {**TERMS, "time": with_findings, "scope": scope, "responsibilities": responsible}


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme, terms=terms())


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex, terms=terms())


def recorded(desk, by="operations_engineer", **changes) -> SecurityFinding:
    with tenant_scope(desk.tenant):
        return services.record_finding(
            contract=desk.contract, actor=desk.people[by], now=NOON, **{**TOLD, **changes}
        )


class TestRecording:
    def test_is_due_as_the_terms_say_for_its_severity(self, acme_desk):
        assert recorded(acme_desk).due_at == DUE
        assert recorded(acme_desk, severity="low").due_at is None

    def test_names_what_makes_no_sense(self, acme_desk):
        for field, value in (("system", "printer"), ("severity", "bad"), ("title", " ")):
            with pytest.raises(Invalid):
                recorded(acme_desk, **{field: value})
        with pytest.raises(Invalid):
            recorded(acme_desk, found_at=NOON + timedelta(hours=1))

    @pytest.mark.parametrize("role", ["requester", "service_owner"])
    def test_is_the_vendors(self, acme_desk, role):
        with pytest.raises(NotPermitted):
            recorded(acme_desk, by=role)


class TestEnding:
    def test_a_miss_stays_when_it_is_mended_late(self, acme_desk, acme):
        row = recorded(acme_desk)
        with tenant_scope(acme):
            actor = acme_desk.people["operations_engineer"]
            done = services.end_finding(
                finding=row, actor=actor, fixed=True, reason="TLS 1.3 only.",
                now=DUE + timedelta(hours=1),
            )  # fmt: skip

            assert (done.state, done.missed_at) == ("fixed", DUE)
            with pytest.raises(Refused):
                services.end_finding(finding=row, actor=actor, fixed=True, reason="x", now=NOON)

    def test_no_finding_needs_a_reason(self, acme_desk, acme):
        row = recorded(acme_desk)
        with tenant_scope(acme), pytest.raises(Invalid):
            services.end_finding(
                finding=row, actor=acme_desk.people["bridge_se"], fixed=False, reason=" ", now=NOON
            )

    def test_the_sweep_records_each_miss_once(self, acme_desk, acme):
        row = recorded(acme_desk)
        with tenant_scope(acme):
            assert sweep_findings(DUE - timedelta(seconds=1)) == 0
            assert sweep_findings(DUE) == 1
            assert sweep_findings(DUE) == 0
            row.refresh_from_db()

            assert row.missed_at == DUE


class TestAcceptedRisk:
    def accepted(self, desk, by="service_owner", expires_on=date(2026, 4, 20), reason="Old kiosk."):
        row = recorded(desk)
        with tenant_scope(desk.tenant):
            services.accept_risk(
                finding=row, actor=desk.people[by], reason=reason, expires_on=expires_on, now=NOON
            )
        return row

    def test_says_who_why_and_until_when_and_is_open_again_then(self, acme_desk, acme):
        row = self.accepted(acme_desk)
        before = datetime(2026, 4, 19, 14, 59, tzinfo=UTC)  # one minute before the 20th in Tokyo
        with tenant_scope(acme):
            acceptance = RiskAcceptance.objects.get()
            assert acceptance.by == acme_desk.people["service_owner"]
            assert sweep_findings(before) == 0
            assert sweep_findings(before + timedelta(minutes=1)) == 1
            row.refresh_from_db()

            assert (row.state, row.accepted_until) == ("open", None)
            assert row.due_at == datetime(2026, 4, 22, 9, tzinfo=UTC)  # two business days more
            assert AuditEvent.objects.filter(verb="finding.risk_expired").count() == 1

    @pytest.mark.parametrize("role", ["requester", "account_manager", "operations_engineer"])
    def test_is_the_service_owners(self, acme_desk, role):
        with pytest.raises(NotPermitted):
            self.accepted(acme_desk, by=role)

    @pytest.mark.parametrize("day", [date(2026, 4, 8), date(2027, 6, 1)])
    def test_ends_after_today_and_within_a_year(self, acme_desk, day):
        with pytest.raises(Invalid):
            self.accepted(acme_desk, expires_on=day)


class TestTicket:
    def opened(self, desk, **told) -> Ticket:
        with tenant_scope(desk.tenant):
            return services.open_finding_ticket(
                finding=recorded(desk), actor=desk.people["operations_engineer"],
                environment="production", now=NOON, **told,
            )  # fmt: skip

    def test_is_security_operation_by_itself(self, acme_desk):
        assert self.opened(acme_desk).stage.activity == "security_operation"

    def test_is_preventive_where_the_contracts_questions_say_so(self, acme_desk):
        ticket = self.opened(acme_desk, answers={0: True})

        assert (ticket.stage.activity, ticket.stage.stream) == ("preventive", "maintenance")

    def test_is_one_while_it_is_open(self, acme_desk, acme):
        row = recorded(acme_desk)
        told = {"finding": row, "actor": acme_desk.people["bridge_se"], "now": NOON}
        with tenant_scope(acme):
            first = services.open_finding_ticket(environment="production", **told)

            assert services.open_finding_ticket(environment="production", **told) == first


class TestPages:
    def test_list_is_the_clients_own_and_no_requesters(self, acme_desk, globex_desk):
        recorded(acme_desk)
        theirs = recorded(globex_desk, title="Globex canary")
        browser = browser_of(acme_desk.people["service_owner"])

        page = browser.get("/tickets/security/").content.decode()

        assert "Old TLS" in page
        assert "canary" not in page
        assert browser.get(f"/tickets/security/{theirs.public_id}/").status_code == 404
        asker = browser_of(acme_desk.people["requester"])
        assert asker.get("/tickets/security/").status_code == 403

    def test_it_is_written_accepted_and_mended(self, acme_desk, acme):
        engineer = browser_of(acme_desk.people["operations_engineer"])
        new = f"/tickets/security/new/{acme_desk.contract.public_id}/"
        assert engineer.post(new, {**TOLD, "title": ""}).status_code == 422
        address = engineer.post(new, TOLD).url
        owner = browser_of(acme_desk.people["service_owner"])
        until = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011 - any day to come

        told = {"reason": "Old kiosk.", "expires_on": until}
        assert owner.post(f"{address}accept/", {**told, "reason": ""}).status_code == 422
        assert owner.post(f"{address}accept/", told).status_code == 302
        assert "Old kiosk." in engineer.get(address).content.decode()
        assert engineer.post(f"{address}ticket/", {"environment": "production"}).status_code == 302
        assert (
            engineer.post(f"{address}end/", {"reason": "Gone.", "fixed": "yes"}).status_code == 302
        )
        with tenant_scope(acme):
            row = SecurityFinding.objects.select_related("ticket").get()
            assert (row.state, row.ticket.type) == ("fixed", "change_request")

    @pytest.mark.parametrize("kind", ["patches", "scan", "access"])
    def test_security_routines_have_a_template(self, kind):
        assert template_of(kind)["checklist"]


class TestApi:
    def test_records_and_ends(self, acme_desk, globex_desk):
        api = Api(acme_desk.people["operations_engineer"])

        made = api.post(f"contracts/{acme_desk.contract.public_id}/findings/", TOLD)
        assert made.status_code == 201
        address = f"findings/{made.json()['id']}/"
        assert api.post(f"{address}ticket/", {"environment": "production"}).json()["ticket"]
        owner = Api(acme_desk.people["service_owner"])
        until = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011 - any day to come
        told = {"reason": "Old kiosk.", "expires_on": until}
        assert api.post(f"{address}accept-risk/", told).status_code == 403
        assert owner.post(f"{address}accept-risk/", told).json()["state"] == "accepted"
        ended = api.post(f"{address}end/", {"fixed": False, "reason": "No such host."})
        assert ended.json()["state"] == "dismissed"
        assert Api(globex_desk.people["bridge_se"]).get(address).status_code == 404
        assert [row["title"] for row in api.get("findings/").json()["results"]] == ["Old TLS"]
