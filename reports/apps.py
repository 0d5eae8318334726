from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from reports.services import delivery, plan  # noqa: F401 - register their jobs
