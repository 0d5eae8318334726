"""
Loaded before Django's settings: this is a test run, on a private server unless one is named.

The process that started the server stops it; workers of xdist find it running.
"""

import os

os.environ.setdefault("PORTAL_MODE", "test")


def pytest_configure(config) -> None:
    from django.conf import settings

    if (server := settings.EMBEDDED_SERVER) is not None:
        server.ensure(stop_at_exit=not hasattr(config, "workerinput"))
