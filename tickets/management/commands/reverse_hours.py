from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from contracts.domain.money import Money
from contracts.models import BoughtHours
from tenants.errors import Refused
from tenants.models import Membership, Tenant
from tenants.scoping import tenant_scope
from tickets.services.purchases import reverse_bought_hours


class Command(BaseCommand):
    help = "Take back hours that were written down as bought by mistake, while none were drawn."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--tenant", required=True, metavar="CODE")
        parser.add_argument("--number", required=True, metavar="N", help="of the contract")
        parser.add_argument(
            "--on", required=True, type=date.fromisoformat, metavar="DATE",
            help="the day on which they were bought",
        )  # fmt: skip
        parser.add_argument("--reference", required=True, metavar="TEXT", help="the client's order")
        parser.add_argument("--reason", required=True, metavar="TEXT")
        parser.add_argument(
            "--as", required=True, dest="email", metavar="EMAIL", help="who does it"
        )

    def handle(self, *args, **options) -> None:
        tenant = Tenant.objects.filter(code=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"No client has the code {options['tenant']}.")
        try:
            with tenant_scope(tenant), transaction.atomic():
                done = self.reverse(tenant, options)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        price = f"{Money(done.price, done.currency).decimal()} {done.currency}"
        self.stdout.write(
            f"{done.minutes} minutes of {done.pool} are taken back,"
            f" and {price} are given back on {done.bought_on}."
        )

    def reverse(self, tenant: Tenant, options: dict) -> BoughtHours:
        actor = Membership.objects.filter(tenant=tenant, user__email=options["email"]).first()
        if actor is None:
            raise CommandError(f"{options['email']} is not a member of {tenant.code}.")
        found = BoughtHours.objects.filter(
            contract__number=options["number"],
            bought_on=options["on"],
            reference=options["reference"],
            reverses=None,
        )
        match list(found):
            case [bought]:
                return reverse_bought_hours(
                    bought=bought, actor=actor, reason=options["reason"], now=timezone.now()
                )
            case []:
                raise CommandError("No hours were bought on that day with this order.")
            case _:
                raise CommandError("Several purchases have this day and order.")
