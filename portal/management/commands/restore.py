import sys
from datetime import datetime
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from portal.backup import BackupError, differences, restore


class Command(BaseCommand):
    help = "Put a backup into an empty database, then prove that it is whole."
    requires_system_checks = []  # there are no walls to check before it

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args, **options) -> None:
        try:
            manifest = restore(options["file"])
            found = differences(manifest)
        except BackupError as error:
            raise CommandError(str(error)) from error
        for line in found:
            self.stderr.write(line)
        call_command("migrate", interactive=False, verbosity=0)  # a backup of an older release
        for console in ("verify_audit", "verify_reports"):
            call_command(console, stdout=self.stdout)
        made_at = datetime.fromisoformat(manifest.made_at)
        call_command("verify_clocks", as_of=made_at, stdout=self.stdout)
        if found:
            sys.exit(1)
        self.stdout.write(f"Restored as of {manifest.made_at}: {sum(manifest.rows.values())} rows.")
