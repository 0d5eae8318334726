import gzip
from datetime import timedelta
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from contracts.models import Contract
from tenants.errors import Refused
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tickets.domain import incident_log
from tickets.services import incident_import
from tickets.services.incident_import import Imported, import_log


class Command(BaseCommand):
    help = "Replay a ServiceNow-style incident log through the portal's commands (CSV or CSV.GZ)."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tenant", required=True, metavar="CODE")
        parser.add_argument("--contract", required=True, metavar="NUMBER")
        parser.add_argument("--shift-weeks", type=int, default=0, metavar="N")
        parser.add_argument("--strict", action="store_true", help="stop at a malformed row")
        parser.add_argument("--no-progress", action="store_true")

    def handle(self, *args, **options) -> None:
        tenant = Tenant.objects.filter(code=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"No client has the code {options['tenant']}.")
        with tenant_scope(tenant):
            self.import_file(tenant, options)

    def import_file(self, tenant: Tenant, options: dict) -> None:
        with transaction.atomic():
            contract = Contract.objects.filter(number=options["contract"]).first()
        if contract is None:
            raise CommandError(f"{tenant.code} has no contract {options['contract']}.")
        contract.tenant = tenant
        log = self.read(options, contract.timezone)
        bar = tqdm(total=len(log.incidents), unit="incident", disable=options["no_progress"])
        try:
            with bar:
                done = import_log(log=log, contract=contract, now=timezone.now(), every=bar.update)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        self.report(log, done)

    def read(self, options: dict, zone: str) -> incident_log.Log:
        shift = timedelta(weeks=options["shift_weeks"])
        try:
            with open_lines(options["file"]) as lines:
                return incident_log.read(lines, zone, shift, strict=options["strict"])
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"Cannot read {options['file']}: {error}") from error
        except (incident_log.MissingColumns, incident_log.MalformedRow) as error:
            raise CommandError(f"{options['file']}: {error}") from error

    def report(self, log: incident_log.Log, done: Imported) -> None:
        for line, message in log.rejected:
            self.stderr.write(f"line {line}: {message} (left out)")
        self.stdout.write(f"{done.made} tickets made, {done.left_alone} were there already.")
        for kind, count in sorted(done.steps.items()):
            self.stdout.write(f"  {count:7,} {kind}")
        sentences = incident_log.RULES | incident_import.RULES
        applied = {**log.summary.rules, **done.rules}
        self.stdout.write("Rules applied:")
        for code, count in sorted(applied.items(), key=lambda rule: -rule[1]):
            if count:
                self.stdout.write(f"  {count:7,} {sentences[code]}")


def open_lines(path: Path):
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")
