"""A production that was configured by half refuses to start, in one clear line."""

import os
import re
import subprocess
import sys
from importlib import import_module

import pytest
from django.conf import settings
from django.db import connections

from tests.processes import url_of

SAFE = {
    "PORTAL_MODE": "production",
    "SECRET_KEY": "x" * 60,
    "ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgres://portal_app@127.0.0.1:1/portal",
}


def start(environment: dict[str, str], program: str = "import portal.wsgi"):
    clean = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],  # no static files were collected
        env=clean | {"PORTAL_ENV_FILE": "/nonexistent"} | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"])
def test_production_without_a_setting_names_it_and_the_way_out(missing):
    answer = start({k: v for k, v in SAFE.items() if k != missing})

    assert answer.returncode == 4
    assert answer.stderr.strip() == (
        f"The portal does not start: {missing} is not set. "
        "Production needs it; for a local portal run `make demo`."
    )


def test_production_is_what_an_unset_mode_means():
    answer = start({}, "import portal.wsgi")

    assert answer.returncode == 4
    assert "SECRET_KEY is not set" in answer.stderr


def test_another_engine_than_postgresql_is_refused():
    answer = start({**SAFE, "DATABASE_URL": "sqlite:////tmp/x.db"})

    assert answer.returncode == 4
    assert "PostgreSQL" in answer.stderr


def test_a_database_that_is_away_does_not_keep_the_web_server_down():
    answer = start(SAFE)

    assert answer.returncode == 0
    assert "The database does not answer yet" in answer.stderr


@pytest.mark.django_db(databases=["default", "owner"])
def test_production_through_the_tables_owner_is_refused():
    url = url_of(connections["owner"].settings_dict)

    answer = start({**SAFE, "DATABASE_URL": url})

    assert answer.returncode == 4
    assert "which is the owner" in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1


@pytest.mark.django_db
def test_production_through_the_apps_role_starts():
    answer = start({**SAFE, "DATABASE_URL": url_of(connections["default"].settings_dict)})

    assert (answer.returncode, answer.stderr) == (0, "")


LIMIT = re.compile(r"^\| `([\w.]+)\.([A-Z_]+)` \| (\d+) \|", re.MULTILINE)


def test_the_page_tells_the_limits_as_they_are():
    told = LIMIT.findall((settings.BASE_DIR / "portal/docs/settings.md").read_text())

    assert len(told) > 15
    for module, name, number in told:
        assert getattr(import_module(module), name) == int(number), f"{module}.{name}"
