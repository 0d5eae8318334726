from datetime import date
from decimal import Decimal, InvalidOperation

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from contracts import services
from contracts.domain.money import Money
from contracts.models import BoughtHours, Contract
from tenants.errors import Refused
from tenants.models import Membership, Tenant
from tenants.scoping import tenant_scope


def whole_minutes(text: str) -> int:
    """
    Return the minutes of decimal hours: `10`, `1.5`.

    :raises ValueError: if they are not whole minutes.
    """
    try:
        minutes = Decimal(text) * 60
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not minutes.is_finite() or minutes != int(minutes):
        raise ValueError(text)
    return int(minutes)


class Command(BaseCommand):
    help = "Write down hours that a client bought for a pool of its contract."

    def add_arguments(self, parser) -> None:
        day = {"type": date.fromisoformat, "metavar": "DATE"}
        parser.add_argument("--tenant", required=True, metavar="CODE")
        parser.add_argument("--number", required=True, metavar="N", help="of the contract")
        parser.add_argument("--pool", required=True, metavar="KEY")
        parser.add_argument(
            "--hours", required=True, type=whole_minutes, dest="minutes", metavar="H"
        )
        parser.add_argument(
            "--price", required=True, type=int, metavar="UNITS",
            help="before tax, in minor units as in the terms: yen, dong, cents",
        )  # fmt: skip
        parser.add_argument("--on", required=True, **day, help="the day on which they were bought")
        parser.add_argument("--expires", **day, help="the first day without them; default: never")
        parser.add_argument("--reference", required=True, metavar="TEXT", help="the client's order")
        parser.add_argument(
            "--as", required=True, dest="email", metavar="EMAIL", help="who does it"
        )

    def handle(self, *args, **options) -> None:
        tenant = Tenant.objects.filter(code=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"No client has the code {options['tenant']}.")
        try:
            with tenant_scope(tenant), transaction.atomic():
                bought = self.buy(tenant, options)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        price = f"{Money(bought.price, bought.currency).decimal()} {bought.currency}"
        until = f"until {bought.expires_on}" if bought.expires_on else "for good"
        self.stdout.write(
            f"{bought.minutes} minutes of {bought.pool} for {price},"
            f" from {bought.bought_on} {until}."
        )

    def buy(self, tenant: Tenant, options: dict) -> BoughtHours:
        contract = Contract.objects.filter(number=options["number"]).first()
        if contract is None:
            raise CommandError(f"{tenant.code} has no contract {options['number']}.")
        actor = Membership.objects.filter(tenant=tenant, user__email=options["email"]).first()
        if actor is None:
            raise CommandError(f"{options['email']} is not a member of {tenant.code}.")
        return services.buy_hours(
            contract=contract,
            actor=actor,
            pool=options["pool"],
            minutes=options["minutes"],
            price=options["price"],
            bought_on=options["on"],
            expires_on=options["expires"],
            reference=options["reference"],
            now=timezone.now(),
        )
