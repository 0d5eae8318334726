"""A client's month lived through the real commands, with times on the wall in Tokyo."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db import connection, connections

from contracts import checking
from contracts import services as contracts
from contracts.domain.scope import Facts
from contracts.models import Contract
from tenants.models import Membership, Tenant
from tenants.roles import Role
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory, TenantFactory
from tickets import services
from tickets.models import Handoff, Ticket

TOKYO = ZoneInfo("Asia/Tokyo")
SIGNED_AT = datetime(2026, 3, 20, 9, tzinfo=UTC)
APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)

TERMS = {
    "terms": 1,
    "currency": "JPY",
    "timezone": "Asia/Tokyo",
    "languages": ["en", "ja"],
    "systems": [
        {
            "key": "ec-site",
            "name": {"en": "EC site", "ja": "ECサイト"},
            "environments": ["production", "staging"],
        },
        {"key": "core", "name": {"en": "Core system"}, "environments": ["production"]},
    ],
    "hours": {"office": {"timezone": "Asia/Tokyo", "week": {"mon-fri": ["09:00-18:00"]}}},
    "responsibilities": [
        {"activities": ["service_desk"], "tier": "L1", "party": "vendor"},
        {"activities": ["incident_response"], "tier": "L2", "party": "vendor"},
        {"activities": ["corrective", "perfective"], "tier": "L3", "party": "vendor"},
    ],
    "scope": {
        "classify": [
            {"ask": {"en": "Is the service down or degraded now?"}, "then": "incident_response"},
            {"ask": {"en": "Does it differ from the specification?"}, "then": "corrective"},
            {"ask": {"en": "Is it a question?"}, "then": "service_desk"},
            {"ask": {"en": "Anything else is an improvement"}, "then": "perfective"},
        ],
        "clauses": [
            {
                "id": "S1",
                "text": {"en": "Incident response and defects", "ja": "障害対応と不具合"},
                "when": {"activity": ["incident_response", "corrective"]},
                "then": "included",
            },
            {
                "id": "S2",
                "text": {"en": "Questions draw on the pool"},
                "when": {"activity": ["service_desk"]},
                "then": {"pool": "support"},
            },
            {
                "id": "S3",
                "text": {"en": "Improvements need an estimate"},
                "when": {"activity": ["perfective"]},
                "then": "estimate",
            },
        ],
    },
    "time": {
        "hours": "office",
        "targets": [
            {"obligation": "acknowledge", "within": "1h", "hours": "always"},
            {"obligation": "restore", "priority": ["P1"], "within": "4h", "hours": "always"},
            {"obligation": "restore", "within": "9h", "hours": "office"},
            {"obligation": "resolve", "within": "5bd"},
            {"obligation": "permanent_fix", "within": "10bd"},
            {"obligation": "handoff", "within": "2h", "default_owner": "bridge_se"},
        ],
        "commitment": "guarantee",
        "credits": [{"obligation": "restore", "below": "95%", "minimum_count": 2, "credit": "5%"}],
    },
    "cost": {
        "monthly_fee": 800000,
        "pools": [
            {
                "key": "support",
                "per_month": "2h",
                "rollover": {"up_to": "50%", "for_months": 1},
                "when_empty": "bill",
                "overage_rate": 12000,
            }
        ],
        "rates": {"L1": 4000, "L2": 6000, "L3": 8000, "PMO": 9000},
        "rounding": {"unit": "15m", "minimum": "15m", "per": "entry"},
        "tax": {"rate": "10%"},
    },
}


def tokyo(text: str) -> datetime:
    """Return the UTC instant of `2026-04-06 10:00` on a wall in Tokyo."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)


@dataclass
class Desk:
    """One client with a contract and a person at each desk; every step names its time."""

    tenant: Tenant
    contract: Contract
    people: dict[str, Membership]
    activities: dict[str, str] = field(default_factory=dict)

    def open(
        self,
        at: str,
        *,
        activity: str | None = "incident_response",
        type: str = "incident",
        title: str = "The shop is slow",
        symptom: str = "",
        system: str = "ec-site",
        impact: int = 2,
        urgency: int = 2,
        written: str = "",
        **more,
    ) -> Ticket:
        return services.open_ticket(
            contract=self.contract,
            actor=self.people["service_desk"],
            requester=self.people["requester"],
            type=type,
            title=title,
            symptom=symptom,
            system=system,
            environment="production",
            impact=impact,
            urgency=urgency,
            received_at=tokyo(at),
            now=tokyo(written or at),
            received_reason="Told on the phone." if written else "",
            facts=Facts(activity=activity),
            **more,
        )

    def reply(self, ticket: Ticket, at: str) -> None:
        services.comment(
            ticket=ticket, actor=self.people["service_desk"], body="We look.", now=tokyo(at)
        )

    def start(self, ticket: Ticket, at: str) -> None:
        services.start_work(ticket=ticket, actor=self.people["operations_engineer"], now=tokyo(at))

    def pause(self, ticket: Ticket, at: str, cause: str = "client_information") -> None:
        actor = self.people["operations_engineer"]
        services.pause_ticket(ticket=ticket, actor=actor, cause=cause, now=tokyo(at))

    def resume(self, ticket: Ticket, at: str) -> None:
        services.resume_ticket(
            ticket=ticket, actor=self.people["operations_engineer"], now=tokyo(at)
        )

    def restore(self, ticket: Ticket, at: str) -> None:
        services.restore_service(
            ticket=ticket, actor=self.people["operations_engineer"], now=tokyo(at)
        )

    def resolve(self, ticket: Ticket, at: str) -> None:
        services.resolve_ticket(
            ticket=ticket,
            actor=self.people["operations_engineer"],
            resolution="Done.",
            now=tokyo(at),
            fix_reason="no fault found",
            no_release="Nothing was changed.",
        )

    def close(self, ticket: Ticket, at: str) -> None:
        services.close_ticket(ticket=ticket, actor=self.people["requester"], now=tokyo(at))

    def reopen(self, ticket: Ticket, at: str) -> None:
        services.reopen_ticket(
            ticket=ticket, actor=self.people["requester"], reason="Again.", now=tokyo(at)
        )

    def cancel(self, ticket: Ticket, at: str) -> None:
        services.cancel_ticket(
            ticket=ticket, actor=self.people["requester"], reason="Not needed.", now=tokyo(at)
        )

    def assign(self, ticket: Ticket, at: str, role: str, team: str = "") -> None:
        services.assign(
            ticket=ticket,
            actor=self.people["bridge_se"],
            owner=self.people[role],
            team=team,
            now=tokyo(at),
        )

    def offer(self, ticket: Ticket, at: str) -> Handoff:
        return services.offer_handoff(
            ticket=ticket,
            actor=self.people["operations_engineer"],
            evidence={"symptom": "It leaks."},
            now=tokyo(at),
        )

    def accept(self, handoff: Handoff, at: str, activity: str = "corrective") -> None:
        services.accept_handoff(
            handoff=handoff,
            actor=self.people["maintenance_engineer"],
            activity=activity,
            now=tokyo(at),
        )

    def dispute(self, handoff: Handoff, at: str) -> None:
        services.dispute_handoff(
            handoff=handoff,
            actor=self.people["maintenance_engineer"],
            reason="Not ours.",
            now=tokyo(at),
        )

    def confirm(self, ticket: Ticket, at: str, **changes) -> None:
        services.confirm_facts(
            ticket=ticket, actor=self.people["operations_engineer"], changes=changes, now=tokyo(at)
        )

    def work(
        self,
        ticket: Ticket,
        start: str,
        end: str,
        role: str = "operations_engineer",
        written: str = "",
    ) -> None:
        services.log_time(
            ticket=ticket,
            actor=self.people[role],
            starts_at=tokyo(start),
            ends_at=tokyo(end),
            now=tokyo(written or end),
        )


def make_desk(
    code: str = "ACME",
    *,
    starts_on: date = APRIL,
    document: dict | None = None,
    tenant: Tenant | None = None,
    people: dict[str, Membership] | None = None,
) -> Desk:
    """Make a client, its people, and a contract that is in force; the scope must allow it."""
    tenant = tenant or TenantFactory(code=code, name=code.capitalize())
    with tenant_scope(tenant):
        people = people or {
            role.value: MembershipFactory(tenant=tenant, role=role.value) for role in Role
        }
        contract = contracts.create_contract(
            tenant=tenant,
            number=f"{code}-2026",
            title="Operation and maintenance of the shop",
            starts_on=starts_on,
            document=deepcopy(document or TERMS),
            actor=people["account_manager"],
            now=SIGNED_AT,
        )
        version = contract.versions.get()
        contracts.activate_version(
            version=version,
            actor=people["account_manager"],
            now=SIGNED_AT,
            accept_gaps=checking.seal_of(version),
        )
        contract.refresh_from_db()
    return Desk(tenant, contract, people)


@contextmanager
def as_owner(*tables: str) -> Iterator:
    """Give the owner's cursor with the append-only guards of `tables` off: a forger's hands."""
    owner = connections["owner"]
    with owner.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield cursor
        finally:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def one(sql: str, *params):
    """Return the first column of the first row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]
