from django.core import checks
from django.db import connections


def check_walls(app_configs, databases=None, **kwargs) -> list[checks.CheckMessage]:
    """Refuse a superuser, an owner or a bare table (`check --deploy --database default`)."""
    if "default" not in (databases or []):
        return []
    from tenants.catalogue import findings

    assert connections["default"].vendor == "postgresql"
    return [checks.Error(line, id="tenants.E001") for line in findings()]
