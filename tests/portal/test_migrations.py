"""Migrations are for a portal that is running: the code of the release before survives them."""

import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

from tests.processes import environment, running, wait_for

APPS = ("tenants", "contracts", "tickets", "reports")
WITH_THE_PORTAL_STOPPED = {  # of before the first release: no host ran the code before them
    ("contracts", "0004_boundaries"),
    ("tenants", "0003_accounts"),
    ("tickets", "0004_estimates"),
    ("tickets", "0005_desk"),
    ("tickets", "0006_notifications"),
    ("tickets", "0008_settlements"),
}


def wrong() -> set[tuple[str, str]]:
    """Return the migrations that the old code, or a busy table, would not survive; print why."""
    linter = MigrationLinter(include_apps=APPS, database="owner", no_cache=True)
    loader, found = MigrationLoader(connections["owner"]), set()
    for key, migration in sorted(loader.disk_migrations.items()):
        before = linter.nb_erroneous
        if key[0] in APPS:
            linter.lint_migration(migration)
        if linter.nb_erroneous > before:
            found.add(key)
    return found


@pytest.mark.allow_n_plus_one
@pytest.mark.django_db(databases=["default", "owner"])
def test_a_running_portal_survives_every_migration():
    found = wrong()

    assert found - WITH_THE_PORTAL_STOPPED == set()
    assert WITH_THE_PORTAL_STOPPED - found == set(), "an exception that is none any more"


WALLS = "from tenants.catalogue import findings; print(findings())"


def manage(*arguments: str, **extra: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env=environment(**extra),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tables", [1, 30, 60])
def test_a_migration_that_was_killed_is_run_again(empty, tmp_path, tables):
    """Each migration is one transaction: what was begun is gone, what was done stays."""
    counted = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    with psycopg.connect(empty["DATABASE_OWNER_URL"], autocommit=True) as there:

        def made() -> int:
            return there.execute(counted).fetchone()[0]

        log = tmp_path / "migrate.log"
        with running(
            ["django", "migrate"], log, DJANGO_SETTINGS_MODULE="portal.settings", **empty
        ) as one:
            wait_for(lambda: made() >= tables, 60, log)
            one.kill()

    manage("migrate", **empty)
    assert manage("shell", "--no-imports", "-v0", "-c", WALLS, **empty).strip() == "[]"
