import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.db import transaction

from reports.management.commands.issue_reports import tenants_named
from reports.services import verify
from tenants.models import Tenant
from tenants.scoping import tenant_scope


class Command(BaseCommand):
    help = "Make every stored report again from the rows and name each difference; exit 1 on any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="CODE", help="one client; without it, all")

    def handle(self, *args, tenant: str | None, **options) -> None:
        counts = [self.verify(each) for each in tenants_named(tenant)]
        reports, wrong = sum(c[0] for c in counts), sum(c[1] for c in counts)
        self.stdout.write(f"{reports} reports verified, {wrong} differences.")
        if wrong:
            sys.exit(1)

    def verify(self, tenant: Tenant) -> tuple[int, int]:
        """Return how many reports were read and how many findings were named."""
        with transaction.atomic(), tenant_scope(tenant):
            reports, findings = verify.reports_to_verify(), verify.closed_without_report()
        for pk in reports:
            with transaction.atomic(), tenant_scope(tenant):
                findings += verify.verify_report(pk)
        for finding in findings:
            self.stderr.write(str(finding))
        return len(reports), len(findings)
