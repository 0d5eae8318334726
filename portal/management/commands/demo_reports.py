import json
import time
from decimal import Decimal

from babel.numbers import format_currency
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from contracts.domain.money import exponent_of
from portal.demo import acceptance
from portal.demo.people import CLIENTS, PASSWORD, PEOPLE
from portal.demo.seed import last_closed_month
from reports.models import MonthlyReport
from reports.services.papers import LANGUAGES
from tenants.models import Tenant
from tenants.scoping import tenant_scope

PATIENCE = 180  # seconds that the worker may take


class Command(BaseCommand):
    help = "Wait for the worker to make last month's reports, then print them and the accounts."
    requires_system_checks = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("--port", type=int)

    def handle(self, *args, **options) -> None:
        reports = self.wait()
        acceptance.seed(reports, timezone.now())
        self.stdout.write("\nReports of the last closed month, made by the Celery worker:\n")
        self.table(reports)
        if options["port"]:
            self.accounts(options["port"])

    def wait(self) -> list[MonthlyReport]:
        deadline = time.monotonic() + PATIENCE
        while True:
            reports = [newest_report(tenant) for tenant in demo_tenants()]
            if all(reports):
                return reports
            if time.monotonic() > deadline:
                raise CommandError(
                    f"The worker made no report in {PATIENCE} s: see its lines above."
                )
            time.sleep(0.3)

    def table(self, reports: list[MonthlyReport]) -> None:
        rows = [("month", "contract", "requests", "out of scope", "SLA met", "amount due")]
        rows += [row_of(report) for report in reports]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            self.stdout.write(
                "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            )

    def accounts(self, port: int) -> None:
        self.stdout.write(
            f"\nOpen http://127.0.0.1:{port}/ and sign in; every password is {PASSWORD}\n"
        )
        for person in PEOPLE:
            clients = ", ".join(person.clients)
            self.stdout.write(
                f"  {person.email:24}  {person.role:20}  {person.language}  {clients}"
            )
        self.stdout.write("\nCtrl-C stops everything.\n")


def demo_tenants() -> list[Tenant]:
    with transaction.atomic():
        return list(Tenant.objects.filter(code__in=[client.code for client in CLIENTS]))


def newest_report(tenant: Tenant) -> MonthlyReport | None:
    """Return the report of the client's last closed month, or None while the worker prints it."""
    month = last_closed_month(tenant.timezone, timezone.now())
    with tenant_scope(tenant), transaction.atomic():
        rows = MonthlyReport.objects.filter(month__gte=month).select_related("tenant")
        report = rows.first()
        return report if report and report.documents.count() == len(LANGUAGES) else None


def row_of(report: MonthlyReport) -> tuple[str, ...]:
    facts = json.loads(report.facts)
    summary = facts["summary"]
    points = summary["basis_points"]
    amount = Decimal(summary["total"]).scaleb(-exponent_of(summary["currency"]))
    return (
        f"{report.month:%Y-%m}",
        f"{facts['cover']['tenant_code']} {facts['cover']['number']}",
        str(summary["received"]),
        str(summary["out_of_scope"]),
        "-" if points is None else f"{points / 100:.1f} %",
        format_currency(amount, summary["currency"], "¤¤ #,##0.##", locale="en"),
    )
