import json

from django.core.management.base import BaseCommand

from contracts.domain.schema import schema


class Command(BaseCommand):
    help = "Print the JSON Schema of a contract file, for editors and other programs."
    requires_system_checks: list[str] = []

    def handle(self, *args, **options) -> None:
        self.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False))
