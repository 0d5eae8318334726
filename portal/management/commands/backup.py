from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.backup import BackupError, write_backup


class Command(BaseCommand):
    help = "Write the database and the attached files of the whole portal into one file."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path, help="e.g. /backups/portal-2026-11-24.tar")
        parser.add_argument("--force", action="store_true", help="replace the file if it is there")

    def handle(self, *args, **options) -> None:
        file = options["file"].resolve()
        if file.exists() and not options["force"]:
            raise CommandError(f"{file} is there already: name another, or say --force.")
        if not file.parent.is_dir():
            raise CommandError(f"There is no folder {file.parent}.")
        try:
            manifest = write_backup(file, timezone.now())
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows, size = sum(manifest.rows.values()), file.stat().st_size
        self.stdout.write(f"{file}: {rows} rows, {manifest.files} files, {size // 1024} KB.")
