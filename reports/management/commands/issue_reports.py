from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from contracts.models import Contract
from reports.services import plan
from tenants.errors import Refused
from tenants.models import Tenant
from tenants.scoping import tenant_scope


def month_from(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


class Command(BaseCommand):
    help = (
        "Issue the monthly reports that are due, oldest first; earlier months are issued with it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="CODE", help="one client; without it, all")
        parser.add_argument("--month", metavar="YYYY-MM", type=month_from, help="up to this month")

    def handle(self, *args, tenant: str | None, month: date | None, **options) -> None:
        issued = sum(self.issue(each, month) for each in tenants_named(tenant))
        self.stdout.write(f"{issued} reports issued.")

    def issue(self, tenant: Tenant, until: date | None) -> int:
        with transaction.atomic(), tenant_scope(tenant):
            contracts = plan.reported_contracts()
        return sum(1 for contract in contracts for _ in self.issue_contract(contract, until))

    def issue_contract(self, contract: Contract, until: date | None) -> Iterator[str]:
        """Issue month by month, each in its own transaction, and name each."""
        while True:
            try:
                with transaction.atomic(), tenant_scope(contract.tenant_id):
                    due = plan.issue_due(contract, timezone.now(), until=until)
                    report = next(due, None)
            except Refused as refusal:
                raise CommandError(f"{contract.number}: {refusal.message}") from refusal
            if report is None:
                return
            line = f"{contract.number} {report.month:%Y-%m} {report.sha256}"
            self.stdout.write(line)
            yield line


def tenants_named(code: str | None) -> list[Tenant]:
    """Return the client with this code, or all; each is opened on its own."""
    found = list(Tenant.objects.filter(code=code) if code else Tenant.objects.all())
    if code and not found:
        raise CommandError(f"There is no client with the code {code}.")
    return found
