from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from tickets import held  # noqa: F401 - says what an owner would leave behind
        from tickets.services import (  # noqa: F401 - register their jobs
            alert_sweep,
            bulk,
            estimate_recipients,
            mail_fetch,
            notice_mail,
            notices,
            paging,
            recurrence,
            replays,
            routines,
            security,
            sweep,
        )
