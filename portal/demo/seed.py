"""
The demo's data: three clients, their contracts, and a real incident log replayed into last month.

The log's slices are shifted by whole weeks so that they end with the last month whose grace for
late entries is over. Seeding again adds nothing that is there.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from contracts import checking, terms_yaml
from contracts import services as contracts
from contracts.domain.months import bounds_of, first_of_month, next_month, previous_month
from contracts.models import Contract
from portal.demo import (
    delivered,
    estimates,
    monitoring,
    routines,
    security,
    service_desk,
    today,
)
from portal.demo.people import CLIENTS, PASSWORD, PEOPLE, Client
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tenants.services.members import add_member, create_tenant
from tickets.domain import incident_log
from tickets.services.incident_import import import_log

FOLDER = Path(__file__).parent
AMENDED = "HOSHINO"
GRACE = timedelta(days=7)  # the demo's contracts give three business days

Say = Callable[[str], None]


def seed(say: Say, now: datetime | None = None) -> None:
    """Make what of the demo's data is missing, and say what was made."""
    now = now or timezone.now()
    seed_people(now)
    for client in CLIENTS:
        tenant = Tenant.objects.get(code=client.code)
        with tenant_scope(tenant):
            with transaction.atomic():
                contract = Contract.objects.filter(number=client.contract).first()
                contract = contract or seed_contract(tenant, client, now)
            contract.tenant = tenant
            seed_log(contract, client, now, say)
            delivered.seed(contract, now, say)
            today.seed(contract, now, say)
            estimates.seed(contract, now, say)
            routines.seed(contract, now, say)
            monitoring.seed(contract, now, say)
            security.seed(contract, now, say)
            service_desk.seed(contract, now, say)


@transaction.atomic
def seed_people(now: datetime) -> None:
    for client in CLIENTS:
        if not Tenant.objects.filter(code=client.code).exists():
            create_tenant(
                code=client.code,
                name=client.name,
                language=client.language,
                timezone=client.timezone,
            )
    tenants = {tenant.code: tenant for tenant in Tenant.objects.all()}
    for person in PEOPLE:
        if User.objects.filter(email=person.email).exists():
            continue
        user = User.objects.create_user(
            person.email,
            PASSWORD,
            name=person.name,
            language=person.language,
            timezone=person.timezone,
        )
        for code in person.clients:
            add_member(
                tenant=tenants[code],
                user=user,
                role=person.role,
                now=now,
                duty_order=person.duty_order,
            )


def seed_contract(tenant: Tenant, client: Client, now: datetime) -> Contract:
    document = terms_yaml.load((FOLDER / "contracts" / f"{client.file}.yaml").read_text())
    manager = Membership.objects.get(role="account_manager")
    contract = contracts.create_contract(
        tenant=tenant,
        number=client.contract,
        title=client.title,
        starts_on=previous_month(last_closed_month(client.timezone, now)),
        document=document,
        actor=manager,
        now=now,
    )
    contracts.activate_version(
        version=contract.versions.get(),
        actor=manager,
        now=now,
        accept_gaps=checking.seal_of(contract.versions.get()),
    )
    contract.refresh_from_db()
    if client.code == AMENDED:
        amend(contract, document, manager, now)
    return contract


def amend(contract: Contract, document: dict, manager: Membership, now: datetime) -> None:
    """Put a second version in force in the middle of the last closed month: a higher fee."""
    amended = deepcopy(document)
    amended["cost"]["monthly_fee"] = 850_000
    middle = next_month(contract.starts_on).replace(day=16)
    version = contracts.add_version(
        contract=contract, effective_on=middle, document=amended, actor=manager, now=now
    )
    contracts.activate_version(
        version=version, actor=manager, now=now, accept_gaps=checking.seal_of(version)
    )


def last_closed_month(zone: str, now: datetime) -> date:
    """Return the first day of the last month whose grace for late entries is surely over."""
    return previous_month(first_of_month((now - GRACE).astimezone(ZoneInfo(zone)).date()))


def seed_log(contract: Contract, client: Client, now: datetime, say: Say) -> None:
    """Replay the client's slice of the log, shifted to end with the last closed month."""
    lines = (FOLDER / "data" / f"{client.file}.csv").read_text(encoding="utf-8").splitlines()
    month = next_month(contract.starts_on)
    _starts_at, ends_at = bounds_of(month, contract.zone)
    unshifted = incident_log.read(lines, contract.timezone)
    last = max(incident.opened_at for incident in unshifted.incidents)
    weeks = incident_log.weeks_to_shift(last, ends_at)
    log = incident_log.read(lines, contract.timezone, timedelta(weeks=weeks))
    done = import_log(log=log, contract=contract, now=now)
    if done.made:
        say(
            f"{client.code}: {done.made} real incidents replayed, "
            f"shifted by {weeks} weeks to end in {month:%B %Y}."
        )
