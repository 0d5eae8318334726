"""
One consistent tenant a test: a child takes its tenant from its parent, traits name the states.

No random values and no clock. A factory opens its own tenant's scope where none is open.
"""

from contextlib import nullcontext
from copy import deepcopy
from datetime import UTC, date, datetime

import factory
from django.db import transaction
from factory.django import DjangoModelFactory

from contracts.domain.canonical import canonical, sha256_of
from tenants.roles import Role
from tenants.scoping import active_tenants, tenant_scope

SIGNED_AT = datetime(2026, 3, 20, 9, tzinfo=UTC)

# The smallest document with which work can be done: one system, one question, one clause.
TERMS = {
    "terms": 1,
    "currency": "JPY",
    "timezone": "Asia/Tokyo",
    "languages": ["en", "ja"],
    "systems": [
        {"key": "ec-site", "name": {"en": "EC site"}, "environments": ["production", "staging"]}
    ],
    "hours": {"office": {"timezone": "Asia/Tokyo", "week": {"mon-fri": ["09:00-18:00"]}}},
    "responsibilities": [
        {"activities": ["incident_response"], "tier": "L2", "party": "vendor"},
        {"activities": ["corrective", "perfective"], "tier": "L3", "party": "vendor"},
    ],
    "scope": {
        "classify": [
            {"ask": {"en": "Is the service down or degraded now?"}, "then": "incident_response"},
            {"ask": {"en": "Does it differ from the specification?"}, "then": "corrective"},
            {"ask": {"en": "Anything else is an improvement"}, "then": "perfective"},
        ],
        "clauses": [
            {
                "id": "S1",
                "text": {"en": "Incident response and defects"},
                "when": {"activity": ["incident_response", "corrective"]},
                "then": "included",
            },
            {
                "id": "S2",
                "text": {"en": "Improvements"},
                "when": {"activity": ["perfective"]},
                "then": "estimate",
            },
        ],
    },
    "time": {
        "hours": "office",
        "targets": [
            {"obligation": "acknowledge", "within": "15m", "hours": "always"},
            {"obligation": "restore", "priority": ["P1"], "within": "4h", "hours": "always"},
            {"obligation": "restore", "within": "2bd"},
            {"obligation": "handoff", "within": "2h", "default_owner": "bridge_se"},
        ],
    },
    "cost": {"monthly_fee": 800000, "rates": {"L1": 4000, "L2": 6000, "L3": 8000, "PMO": 9000}},
}


class TenantOwnedFactory(DjangoModelFactory):
    """Saves in the scope of the row's tenant, or in the one that is open; in a transaction."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        alone = active_tenants() is None
        with tenant_scope(kwargs["tenant"]) if alone else nullcontext(), transaction.atomic():
            return super()._create(model_class, *args, **kwargs)


# --- tenants ---


class TenantFactory(DjangoModelFactory):
    class Meta:
        model = "tenants.Tenant"
        django_get_or_create = ["code"]

    code = factory.Sequence(lambda n: f"TENANT{n + 1}")
    name = factory.LazyAttribute(lambda tenant: tenant.code.capitalize())


class UserFactory(DjangoModelFactory):
    """A person without a password: tests sign in by `client.force_login`."""

    class Meta:
        model = "tenants.User"
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n + 1}@example.com")
    name = factory.Sequence(lambda n: f"Person {n + 1}")
    password = "!"


class MembershipFactory(TenantOwnedFactory):
    """A requester, unless a trait names another desk: `MembershipFactory(bridge_se=True)`."""

    class Meta:
        model = "tenants.Membership"

    tenant = factory.SubFactory(TenantFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.REQUESTER.value

    class Params:
        service_owner = factory.Trait(role=Role.SERVICE_OWNER.value)
        service_desk = factory.Trait(role=Role.SERVICE_DESK.value)
        operations_engineer = factory.Trait(role=Role.OPERATIONS_ENGINEER.value)
        maintenance_engineer = factory.Trait(role=Role.MAINTENANCE_ENGINEER.value)
        bridge_se = factory.Trait(role=Role.BRIDGE_SE.value)
        account_manager = factory.Trait(role=Role.ACCOUNT_MANAGER.value)


# --- contracts ---


class ContractFactory(TenantOwnedFactory):
    """An active agreement without a version; `ContractVersionFactory` makes both."""

    class Meta:
        model = "contracts.Contract"

    tenant = factory.SubFactory(TenantFactory)
    number = factory.Sequence(lambda n: f"C-{n + 1}")
    title = "Operation and maintenance of the EC site"
    status = "active"
    timezone = "Asia/Tokyo"
    starts_on = date(2026, 4, 1)

    class Params:
        draft = factory.Trait(status="draft")
        ended = factory.Trait(status="ended", ends_on=date(2027, 4, 1))


class ContractVersionFactory(TenantOwnedFactory):
    """A version in force from the contract's first day, with the smallest useful terms."""

    class Meta:
        model = "contracts.ContractVersion"

    contract = factory.SubFactory(ContractFactory)
    tenant = factory.SelfAttribute("contract.tenant")
    number = 1
    effective_on = factory.SelfAttribute("contract.starts_on")
    terms = factory.LazyFunction(lambda: deepcopy(TERMS))
    holidays = factory.LazyFunction(dict)
    sha256 = factory.LazyAttribute(lambda v: sha256_of(canonical([v.terms, v.holidays])))
    activated_at = SIGNED_AT

    class Params:
        draft = factory.Trait(activated_at=None)


class PeriodFactory(TenantOwnedFactory):
    """April 2026 in Tokyo, open; it closes three business days later."""

    class Meta:
        model = "contracts.Period"

    contract = factory.SubFactory(ContractFactory)
    tenant = factory.SelfAttribute("contract.tenant")
    month = date(2026, 4, 1)
    starts_at = datetime(2026, 3, 31, 15, tzinfo=UTC)
    ends_at = datetime(2026, 4, 30, 15, tzinfo=UTC)
    closes_at = datetime(2026, 5, 8, 9, tzinfo=UTC)

    class Params:
        closed = factory.Trait(state="closed", closed_at=datetime(2026, 5, 8, 9, tzinfo=UTC))
