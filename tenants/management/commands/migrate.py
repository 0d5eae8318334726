from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections


class Command(migrate.Command):
    """Django's own `migrate`, on the owner's connection unless told otherwise."""

    def handle(self, *args: object, **options: object) -> None:
        if options["database"] == "default":
            options["database"] = "owner"
        if options["database"] not in connections:
            raise CommandError(
                "DATABASE_OWNER_URL is not set: only the owner of the tables may migrate."
            )
        super().handle(*args, **options)
