from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from tickets.services import replays, sweep  # noqa: F401 - register their jobs
