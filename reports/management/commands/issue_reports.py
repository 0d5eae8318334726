import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from contracts.models import Contract
from reports.services import plan
from reports.services.progress import run_of
from tenants.errors import Refused
from tenants.models import Tenant
from tenants.scoping import tenant_scope

EVERY = 2.0  # seconds between two looks at the run


def month_from(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


class Command(BaseCommand):
    help = (
        "Issue the monthly reports that are due, oldest first; earlier months are issued with it. "
        "Begun again, it goes on where it was: what is issued stays. With --background the workers "
        "do it, one job a contract; --wait shows how far they are until the month is printed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="CODE", help="one client; without it, all")
        parser.add_argument("--month", metavar="YYYY-MM", type=month_from, help="up to this month")
        parser.add_argument("--background", action="store_true", help="leave it to the workers")
        parser.add_argument(
            "--wait",
            action="store_true",
            help="watch the workers' run of --month; ending the watch does not end the run",
        )
        parser.add_argument(
            "--timeout", type=float, metavar="SECONDS", help="watch no longer than this"
        )

    def handle(
        self,
        *args,
        tenant: str | None,
        month: date | None,
        background: bool,
        wait: bool,
        timeout: float | None,
        **options,
    ) -> None:
        tenants = tenants_named(tenant)
        if wait and month is None:
            raise CommandError("--wait watches one month: name it with --month.")
        if not background and not wait:
            self.in_this_process(tenants, month)
            return
        if background:
            planned = sum(self.hand_over(each) for each in tenants)
            self.stdout.write(f"{planned} contracts handed to the workers.")
        if wait:
            self.watch(tenants, month, timeout)

    # --- here ---

    def in_this_process(self, tenants: list[Tenant], month: date | None) -> None:
        contracts = [(each, contract) for each in tenants for contract in contracts_of(each)]
        issued = 0
        for number, (_tenant, contract) in enumerate(contracts, start=1):
            issued += sum(1 for _ in self.issue_contract(contract, month))
            self.tell(f"{number} of {len(contracts)} contracts, {issued} reports")
        self.stdout.write(f"{issued} reports issued.")

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

    # --- by the workers ---

    def hand_over(self, tenant: Tenant) -> int:
        """Write down the next job of each contract; one that is there already stays as it is."""
        contracts = contracts_of(tenant)
        with transaction.atomic(), tenant_scope(tenant):
            for contract in contracts:
                plan.plan_next(contract, timezone.now())
        return len(contracts)

    def watch(self, tenants: list[Tenant], month: date, timeout: float | None) -> None:
        """
        Say how far the run is whenever that changes, until it is over.

        :raises CommandError: if only what was given up is left, or the time is.
        """
        ends = time.monotonic() + timeout if timeout is not None else None
        said = ""
        while True:
            total, over, stuck = self.look(tenants, month)
            line = (
                f"{month:%Y-%m}: {total['issued']} of {total['expected']} issued,"
                f" {total['printed']} printed, {total['running']} at work, {total['dead']} given up"
            )
            if line != said:
                self.stdout.write(line)
                said = line
            if over:
                return
            if stuck:
                raise CommandError("The jobs that were given up wait for a retry.")
            if ends is not None and time.monotonic() >= ends:
                raise CommandError("The run goes on; begun again, --wait goes on watching.")
            time.sleep(EVERY)

    def look(self, tenants: list[Tenant], month: date) -> tuple[Counter[str], bool, bool]:
        """Return the counts over all clients, whether all is done, and whether nothing else will be."""
        runs = []
        for tenant in tenants:
            with transaction.atomic(), tenant_scope(tenant):
                runs.append(run_of(month))
        names = ("expected", "issued", "printed", "running", "dead")
        total = Counter({name: sum(getattr(run, name) for run in runs) for name in names})
        left = [run for run in runs if not run.is_over]
        return total, not left, bool(left) and all(run.is_stuck for run in left)

    def tell(self, line: str) -> None:
        """Say on the other stream how far it is, for whoever watches."""
        self.stderr.write(line)


def contracts_of(tenant: Tenant) -> list[Contract]:
    with transaction.atomic(), tenant_scope(tenant):
        return plan.reported_contracts()


def tenants_named(code: str | None) -> list[Tenant]:
    """Return the client with this code, or all; each is opened on its own."""
    found = list(Tenant.objects.filter(code=code) if code else Tenant.objects.all())
    if code and not found:
        raise CommandError(f"There is no client with the code {code}.")
    return found
