from django.core.management.base import BaseCommand

from portal import i18n


class Command(BaseCommand):
    help = "Compile the translations (.po) into what Django reads (.mo); needs no gettext."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        for path in i18n.compile_catalogues():
            self.stdout.write(f"compiled {path.relative_to(i18n.ROOT)}")
