"""A client company with a contract in force, its people, and tickets opened by the real command."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.test import Client
from zeal import zeal_context, zeal_ignore

from contracts.domain.scope import Facts
from contracts.models import Contract
from tenants.models import Membership, Tenant
from tenants.roles import Role
from tenants.scoping import tenant_scope
from tests.factories import ContractVersionFactory, MembershipFactory
from tickets import services
from tickets.models import Ticket

NOON = datetime(2026, 4, 8, 3, tzinfo=UTC)  # a Wednesday, 12:00 in Tokyo
INCIDENT, IMPROVEMENT = {0: True}, {0: False, 1: False, 2: True}


class Browser(Client):
    """A client whose every request is watched for N+1 by itself."""

    def request(self, **request):
        with zeal_context():
            return super().request(**request)


def browser_of(who) -> Browser:
    """Sign a person or a member in and give their browser."""
    browser = Browser()
    browser.force_login(getattr(who, "user", who))
    return browser


@dataclass
class Desk:
    tenant: Tenant
    contract: Contract
    people: dict[str, Membership] = field(default_factory=dict)

    def open(
        self, title: str = "The shop is down", *, by: str = "requester", answers=None, **fields
    ) -> Ticket:
        """Open a ticket at noon, an incident in the monthly fee unless the answers say otherwise."""
        requester = fields.pop("requester", self.people["requester"])
        received_at = fields.pop("received_at", NOON)
        facts = fields.pop("facts", Facts(answers=INCIDENT if answers is None else answers))
        asked = {"type": "incident", "impact": 1, "urgency": 1, **fields}
        with tenant_scope(self.tenant), zeal_ignore():  # several tickets are several commands
            return services.open_ticket(
                contract=self.contract,
                actor=self.people[by],
                requester=requester,
                title=title,
                system="ec-site",
                environment="production",
                received_at=received_at,
                now=received_at,
                facts=facts,
                **asked,
            )

    def after(self, minutes: int) -> datetime:
        return NOON + timedelta(minutes=minutes)


def desk_of(tenant: Tenant, **version) -> Desk:
    """Return a desk with one person at each role; names say who is who."""
    contract = ContractVersionFactory(contract__tenant=tenant, **version).contract
    people = {
        role.value: MembershipFactory(
            tenant=tenant, role=role.value, user__name=f"{tenant.code} {role.value}"
        )
        for role in Role
    }
    return Desk(tenant, contract, people)
