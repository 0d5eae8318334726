"""A client with a full team and a contract of small round promises, and tickets opened there."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.domain.scope import Facts
from contracts.models import Contract
from tenants import scoping
from tenants.models import Membership, Tenant
from tenants.roles import Role
from tenants.scoping import tenant_scope
from tests.factories import (
    ContractFactory,
    ContractVersionFactory,
    MembershipFactory,
    TenantFactory,
)
from tickets import services
from tickets.models import Handoff, Obligation, Ticket

TEN = datetime(2026, 4, 15, 1, tzinfo=UTC)  # Wednesday, 10:00 in Tokyo
CLOSE = datetime(2026, 4, 15, 9, tzinfo=UTC)  # 18:00 of that day
MAINTENANCE = ["corrective", "preventive", "adaptive", "perfective"]

TERMS: dict[str, Any] = {
    "terms": 1,
    "currency": "JPY",
    "timezone": "Asia/Tokyo",
    "languages": ["en"],
    "systems": [
        {"key": "shop", "name": {"en": "Shop"}, "environments": ["production", "staging"]},
        {"key": "office", "name": {"en": "Office IT"}, "environments": ["production"]},
    ],
    "hours": {"office": {"timezone": "Asia/Tokyo", "week": {"mon-fri": ["09:00-18:00"]}}},
    "responsibilities": [
        {"activities": ["service_desk"], "tier": "L1", "party": "vendor"},
        {"activities": ["incident_response"], "tier": "L2", "party": "vendor"},
        {"activities": ["routine_task"], "tier": "L2", "party": "client"},
        {"activities": MAINTENANCE, "tier": "L3", "party": "vendor"},
    ],
    "scope": {
        "classify": [
            {"ask": {"en": "Is the service down?"}, "then": "incident_response"},
            {"ask": {"en": "Does it differ from the specification?"}, "then": "corrective"},
            {"ask": {"en": "Is it a question?"}, "then": "service_desk"},
            {"ask": {"en": "Is it an improvement?"}, "then": "perfective"},
        ],
        "clauses": [
            {"id": "S1", "text": {"en": "Office IT"}, "when": {"system": ["office"]},
             "then": "not_provided"},
            {"id": "S2", "text": {"en": "Incidents on production"}, "then": "included",
             "when": {"activity": ["incident_response"], "environment": ["production"]}},
            {"id": "S3", "text": {"en": "Questions"}, "when": {"activity": ["service_desk"]},
             "then": {"pool": "support"}},
            {"id": "S4", "text": {"en": "Corrections"}, "then": {"pool": "support"},
             "when": {"activity": ["corrective"], "environment": ["production"]}},
            {"id": "S5", "text": {"en": "Two small improvements"}, "then": "included",
             "when": {"activity": ["perfective"], "effort": {"at_most": "4h"}},
             "quota": {"per": "month", "count": 2}},
            {"id": "S6", "text": {"en": "Other maintenance"}, "then": "estimate",
             "when": {"activity": ["adaptive", "perfective", "corrective"]}},
            {"id": "S7", "text": {"en": "Routine tasks"}, "when": {"activity": ["routine_task"]},
             "then": "included"},
        ],
        "emergency": {"priorities": ["P1"], "cap": "4h", "estimate_within": "2bd"},
        "dispute_within": "10bd",
    },
    "time": {
        "hours": "office",
        "targets": [
            {"obligation": "acknowledge", "priority": ["P1"], "within": "15m", "hours": "always"},
            {"obligation": "acknowledge", "within": "1h"},
            {"obligation": "restore", "priority": ["P1"], "within": "4h", "hours": "always"},
            {"obligation": "restore", "priority": ["P2", "P3"], "within": "8h", "hours": "always"},
            {"obligation": "resolve", "priority": ["P1"], "within": "1bd"},
            {"obligation": "resolve", "within": "18h"},
            {"obligation": "update", "priority": ["P1"], "within": "1h", "hours": "always"},
            {"obligation": "permanent_fix", "within": "5bd"},
            {"obligation": "estimate", "within": "5bd"},
            {"obligation": "handoff", "within": "2h", "default_owner": "bridge_se"},
            {"obligation": "ruling", "within": "2bd"},
        ],
        "reopen_within": "40bd",
    },
    "cost": {
        "monthly_fee": 800000,
        "pools": [{"key": "support", "per_month": "20h", "when_empty": "bill",
                   "overage_rate": 12000}],
        "rates": {"L1": 4000, "L2": 6000, "L3": 8000, "PMO": 9000},
    },
}  # fmt: skip
IMPROVEMENT = Facts(activity="perfective", effort_minutes=120)


def after(**length: float) -> datetime:
    """Return the instant that long after ten o'clock."""
    return TEN + timedelta(**length)


class Client:
    """A client's people, by desk, and its contract."""

    def __init__(self, code: str = "ACME", terms: dict[str, Any] | None = None) -> None:
        self.tenant: Tenant = TenantFactory(code=code)
        self.contract: Contract = ContractFactory(tenant=self.tenant)
        with tenant_scope(self.tenant):
            ContractVersionFactory(contract=self.contract, terms=deepcopy(terms or TERMS))
            self.people: dict[str, Membership] = {
                role.value: MembershipFactory(tenant=self.tenant, role=role.value) for role in Role
            }

    def __getattr__(self, role: str) -> Membership:
        try:
            return self.__dict__["people"][role]
        except KeyError:
            raise AttributeError(role) from None

    def open(self, at: datetime = TEN, **given: Any) -> Ticket:
        """Open a P1 incident that the requester says is an outage, unless told otherwise."""
        told = {
            "contract": self.contract,
            "actor": self.requester,
            "requester": self.requester,
            "type": "incident",
            "title": "The cart does not open",
            "system": "shop",
            "environment": "production",
            "impact": 1,
            "urgency": 1,
            "facts": Facts(activity="incident_response"),
            "received_at": at,
            "now": at,
        }
        return services.open_ticket(**{**told, **given})

    def improvement(self, at: datetime = TEN, **given: Any) -> Ticket:
        told = {"type": "change_request", "impact": 3, "urgency": 2, "facts": IMPROVEMENT}
        return self.open(at, **{**told, **given})

    def working(self, at: datetime = TEN, **given: Any) -> Ticket:
        """Open a ticket and begin to work on it."""
        ticket = self.open(at, **given)
        return services.start_work(ticket=ticket, actor=self.operations_engineer, now=at)

    def offered(self, at: datetime, **given: Any) -> tuple[Ticket, Handoff]:
        """Open an incident and offer it to maintenance at an instant."""
        ticket = self.working(**given)
        handoff = services.offer_handoff(
            ticket=ticket,
            actor=self.operations_engineer,
            evidence={"symptom": "Hangs on a half-width kana."},
            now=at,
        )
        return ticket, handoff

    def resolve(self, ticket: Ticket, at: datetime, **given: Any) -> Ticket:
        told = {
            "resolution": "Restarted.",
            "fix_reason": "It was a full disk.",
            "no_release": "A setting was changed.",
        }
        return services.resolve_ticket(
            ticket=ticket, actor=self.operations_engineer, now=at, **{**told, **given}
        )


def clock_of(ticket: Ticket, kind: str) -> Obligation:
    """Return the last clock of a kind."""
    return Obligation.objects.filter(ticket=ticket, kind=kind).order_by("pk").last()


def running(ticket: Ticket) -> set[str]:
    return set(Obligation.objects.filter(ticket=ticket).running().values_list("kind", flat=True))


@contextmanager
def two_clients(first: Client) -> Iterator[Client]:
    """Open the scope of a person who works for two clients, and give the second."""
    token = scoping._active.set(None)
    try:
        second = Client("GLOBEX")
        with tenant_scope(first.tenant, second.tenant):
            yield second
    finally:
        scoping._active.reset(token)
