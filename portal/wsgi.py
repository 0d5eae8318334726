import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


def refuse_unsafe_start() -> None:
    """Ask the database once; one that is away for now does not keep the web server down."""
    from django.db import OperationalError, connections

    try:
        connections["default"].ensure_connection()
    except OperationalError as error:
        print(f"The database does not answer yet: {error}", file=sys.stderr)  # noqa: T201
    finally:
        connections["default"].close()


try:
    application = get_wsgi_application()
    refuse_unsafe_start()
except ImproperlyConfigured as refusal:
    print(f"The portal does not start: {refusal}", file=sys.stderr)  # noqa: T201
    sys.exit(4)  # gunicorn's own code for an app that cannot be loaded: it does not try again
