import sys
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tickets.services.verify import verify_clocks


class Command(BaseCommand):
    help = "Replay the ledger of every clock and name each difference to what is stored."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--tenant", metavar="CODE", help="one client; without it all of them")
        parser.add_argument(
            "--as-of",
            type=datetime.fromisoformat,
            help="an instant with its zone: of a backup, whose sweep could not run since",
        )

    def handle(self, *args, **options) -> None:
        tenants = Tenant.objects.all()
        if code := options["tenant"]:
            tenants = tenants.filter(code=code)
            if not tenants:
                raise CommandError(f"No client has the code {code}.")
        now = options["as_of"] or timezone.now()
        wrong = sum(self.verify(tenant, now) for tenant in tenants)
        if wrong:
            self.stderr.write(f"{wrong} differences.")
            sys.exit(1)

    def verify(self, tenant: Tenant, now: datetime) -> int:
        """Say what is wrong at one client and return how many differences there are."""
        read = wrong = 0
        with tenant_scope(tenant):
            for found in verify_clocks(now):
                if isinstance(found, int):
                    read += found
                else:
                    wrong += 1
                    self.stdout.write(f"{found}")
        self.stdout.write(f"{tenant.code}: {read} clocks replayed, {wrong} differences.")
        return wrong
