import sys

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from tenants.audit_chain import breaks, head
from tenants.models import Tenant
from tenants.scoping import tenant_scope


class Command(BaseCommand):
    help = "Recompute the audit chain of every client and name each event that is not what it was."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--tenant", metavar="CODE", help="one client; without it all of them")

    def handle(self, *args, **options) -> None:
        tenants = Tenant.objects.order_by("code")
        if code := options["tenant"]:
            tenants = tenants.filter(code=code)
            if not tenants:
                raise CommandError(f"No client has the code {code}.")
        if sum([self.verify(tenant) for tenant in tenants]):
            sys.exit(1)

    def verify(self, tenant: Tenant) -> int:
        """Say what is wrong at one client and return how many places there are."""
        with tenant_scope(tenant), transaction.atomic():
            found = list(breaks(tenant.pk))
            position, sha256 = head(tenant.pk)
        for line in found:
            self.stdout.write(f"{tenant.code}: {line}")
        self.stdout.write(f"{tenant.code}: {position} events, head {sha256[:16] or 'none'}.")
        return len(found)
