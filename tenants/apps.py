from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        from tenants import prepared, safety, stamping, walls
        from tenants.checks import check_walls
        from tenants.services import (
            forgetting,  # noqa: F401 - registers its job
            links,  # noqa: F401 - registers its jobs
        )

        connection_created.connect(stamping.install, dispatch_uid="tenants.stamping")
        connection_created.connect(safety.refuse_unsafe_role, dispatch_uid="tenants.safety")
        connection_created.connect(prepared.keep_plans, dispatch_uid="tenants.prepared")
        post_migrate.connect(walls.build, sender=self, dispatch_uid="tenants.walls")
        checks.register(check_walls, checks.Tags.database, deploy=True)
