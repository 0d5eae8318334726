from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from reports import panels  # noqa: F401 - its part of the ticket page
        from reports.services import (  # noqa: F401 - register their jobs
            delivery,
            incident_jobs,
            plan,
        )
