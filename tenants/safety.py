"""In production the app never serves through a role that the walls do not hold."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ROLE_SQL = """
SELECT current_user, rolsuper, rolbypassrls,
       EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relkind = 'r')
FROM pg_roles r WHERE rolname = current_user
"""


def refuse_unsafe_role(sender, connection, **kwargs) -> None:
    """
    Check the role of a new connection of the app.

    :raises ImproperlyConfigured: if it is a superuser, bypasses row security or owns a table.
    """
    if connection.alias != "default" or not settings.IN_PRODUCTION:
        return
    role, superuser, bypasses, owns = connection.connection.execute(ROLE_SQL).fetchone()
    if superuser or bypasses or owns:
        what = "a superuser" if superuser else "the owner" if owns else "above row security"
        connection.close()
        raise ImproperlyConfigured(
            f"DATABASE_URL connects as {role}, which is {what}: the walls between clients would "
            "not hold. Use the app's role (python -m portal.embedded prepare-roles makes it)."
        )
