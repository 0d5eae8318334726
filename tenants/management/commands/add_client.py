"""The first step of an installation: a client, and the mail that seats its first account manager."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from tenants.errors import Invalid
from tenants.roles import Role
from tenants.scoping import tenant_scope
from tenants.services.invitations import offer
from tenants.services.members import create_tenant
from tenants.services.signing_in import normal


class Command(BaseCommand):
    help = "Take a client on, and mail its first account manager a seat. Later ones: in the portal."

    def add_arguments(self, parser) -> None:
        parser.add_argument("code", help="2 to 12 capitals or digits: ACME")
        parser.add_argument("name")
        parser.add_argument("--manager", required=True, help="e-mail of the account manager")
        parser.add_argument("--language", default="ja", choices=["ja", "en", "vi"])
        parser.add_argument("--timezone", default="Asia/Tokyo")

    @transaction.atomic
    def handle(self, code, name, *, manager, language, timezone: str, **options) -> None:
        email = normal(manager)
        try:
            validate_email(email)
            tenant = create_tenant(code=code, name=name, language=language, timezone=timezone)
        except Invalid as wrong:
            raise CommandError(str(wrong.message)) from wrong
        except ValidationError as wrong:
            raise CommandError("Write --manager like name@example.com.") from wrong
        with tenant_scope(tenant):
            offer(
                tenant=tenant, email=email, role=Role.ACCOUNT_MANAGER, language=language,
                actor=None, now=clock(),
            )  # fmt: skip
        self.stdout.write(f"{tenant.code} is there. A worker mails {email} their seat.")


def clock():
    return timezone.now()
