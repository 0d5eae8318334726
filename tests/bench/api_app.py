"""
The portal and, beside it in the same server, bare Django: what any page with a person must cost.

The floor has Django's session and person and one indexed query, one insert, or one page of 25 rows.
"""

import os

os.environ.setdefault("PORTAL_MODE", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django
from django.conf import settings

BARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def make():
    if "zeal" in settings.INSTALLED_APPS:
        settings.INSTALLED_APPS.remove("zeal")  # it watches every row that a test loads
    django.setup()
    from django.core.handlers.wsgi import WSGIHandler

    settings.ROOT_URLCONF = "tests.bench.api_urls"
    whole = [name for name in settings.MIDDLEWARE if "zeal" not in name]
    settings.MIDDLEWARE = BARE
    bare = WSGIHandler()
    settings.MIDDLEWARE = whole
    portal = WSGIHandler()

    def application(environ, start_response):
        is_bare = environ["PATH_INFO"].startswith("/bare/")
        return (bare if is_bare else portal)(environ, start_response)

    return application


application = make()
