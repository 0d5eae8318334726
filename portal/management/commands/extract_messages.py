from django.core.management.base import BaseCommand

from portal import i18n


class Command(BaseCommand):
    help = "Bring the .po files up to date with the sources and list what is not translated yet."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        for language in i18n.LANGUAGES:
            catalog = i18n.update(language)
            todo = i18n.missing(catalog)
            self.stdout.write(f"{language}: {len(catalog)} messages, {len(todo)} to translate")
            for message in todo:
                where = ", ".join(name for name, _line in message.locations)
                self.stdout.write(f"  {message.id!r} ({where})")
