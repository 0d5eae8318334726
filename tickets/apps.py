from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from tickets.services import (  # noqa: F401 - register their jobs
            estimate_recipients,
            notice_mail,
            notices,
            replays,
            sweep,
        )
