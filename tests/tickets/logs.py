"""Incident logs in tests: a client with shipped terms, and what the portal holds after a replay."""

from datetime import UTC, date, datetime
from pathlib import Path

from django.db import transaction

from contracts import checking, terms_yaml
from contracts import services as contracts
from contracts.models import Contract
from tenants.models import AuditEvent, Membership
from tenants.roles import Role
from tenants.scoping import tenant_scope
from tenants.walls import tenant_models
from tests.factories import MembershipFactory, TenantFactory
from tickets.models import Ticket

DEMO = Path("portal/demo")
NUMBER = "LOG-1"
SIGNED_AT = datetime(2016, 1, 15, tzinfo=UTC)
VERBS = {  # what the counter calls the steps that leave these traces
    "client_waits": "ticket.paused",
    "assignments": "ticket.assigned",
    "resolves": "ticket.resolved",
    "closes": "ticket.closed",
    "reopenings": "ticket.reopened",
    "priority_changes": "ticket.facts_confirmed",
}


def client_of(code: str, terms: str) -> Contract:
    """Return the contract of a client whose team is complete, on shipped terms from February 2016."""
    tenant = TenantFactory(code=code)
    for role in Role:
        MembershipFactory(tenant=tenant, role=role.value)
    document = terms_yaml.load((DEMO / "contracts" / f"{terms}.yaml").read_text())
    with tenant_scope(tenant), transaction.atomic():
        manager = Membership.objects.get(role="account_manager")
        contract = contracts.create_contract(
            tenant=tenant,
            number=NUMBER,
            title="Operation",
            starts_on=date(2016, 2, 1),
            document=document,
            actor=manager,
            now=SIGNED_AT,
        )
        contracts.activate_version(
            version=contract.versions.get(),
            actor=manager,
            now=SIGNED_AT,
            accept_gaps=checking.seal_of(contract.versions.get()),
        )
    return contract


def held_by_the_portal(contract: Contract) -> dict[str, int]:
    """Return how often each thing happened, by the traces in the scope that is open."""
    events = AuditEvent.objects.filter(subject_type="tickets.ticket")
    with transaction.atomic():
        counts = {name: events.filter(verb=verb).count() for name, verb in VERBS.items()}
        assigned = events.filter(verb="ticket.assigned").values("subject_id").distinct().count()
        counts["incidents"] = Ticket.objects.filter(contract=contract).count()
    return counts | {"reassignments": counts["assignments"] - assigned}


def rows_of_everything() -> dict[str, int]:
    """Return how many rows each tenant's table has in the scope that is open."""
    with transaction.atomic():
        return {model._meta.label: model.objects.count() for model in tenant_models()}
