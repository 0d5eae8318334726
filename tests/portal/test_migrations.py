"""Migrations are for a portal that is running: the code of the release before survives them."""

import pytest
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

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
