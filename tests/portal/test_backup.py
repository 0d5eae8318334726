"""The drill: everything into one file, into an empty database, and proved to be whole."""

import tarfile
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.isolation.rows import World
from tests.portal.restoring import restore
from tickets.models import Ticket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def files(settings, tmp_path) -> Path:
    settings.ATTACHMENTS_DIR = tmp_path / "attachments"
    (settings.ATTACHMENTS_DIR / "ab").mkdir(parents=True)
    (settings.ATTACHMENTS_DIR / "ab" / "random-name").write_bytes(b"evidence")
    waiting = settings.ATTACHMENTS_DIR / "waiting" / "1" / "name"  # for a proof: nobody's yet
    waiting.mkdir(parents=True)
    (waiting / "0").write_bytes(b"chosen")
    return settings.ATTACHMENTS_DIR


@pytest.fixture
def backup(tmp_path, files, acme, globex) -> Path:
    for tenant in (acme, globex):
        World(tenant).id_of(Ticket)
    call_command("backup", str(tmp_path / "portal.tar"))
    return tmp_path / "portal.tar"


def test_what_was_saved_is_restored_and_proved(backup, empty, tmp_path):
    told = restore(backup, PORTAL_ATTACHMENTS_DIR=str(tmp_path / "elsewhere"), **empty)

    assert told.returncode == 0, told.stderr
    assert "ACME: 0 events" in told.stdout
    assert "Restored as of " in told.stdout
    with psycopg.connect(empty["DATABASE_OWNER_URL"]) as there:
        keys = there.execute("SELECT key FROM tickets_ticket ORDER BY key").fetchall()
    assert keys == [("ACME-7",), ("GLOBEX-7",)]
    assert (tmp_path / "elsewhere/ab/random-name").read_bytes() == b"evidence"


def test_a_second_restore_into_the_same_database_is_refused(backup, empty, tmp_path):
    elsewhere = {"PORTAL_ATTACHMENTS_DIR": str(tmp_path / "elsewhere"), **empty}
    assert restore(backup, **elsewhere).returncode == 0

    told = restore(backup, **elsewhere)

    assert told.returncode == 1
    assert "The database is not empty" in told.stderr


def test_a_file_that_is_no_backup_is_named(tmp_path, empty):
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"not a tar")

    told = restore(broken, **empty)

    assert told.returncode == 1
    assert f"{broken} is no backup of the portal" in told.stderr


def test_a_backup_is_for_its_owner_only_and_replaces_nothing(backup):
    assert backup.stat().st_mode & 0o777 == 0o600
    with tarfile.open(backup) as tar:
        assert tar.getnames() == ["manifest.json", "database.dump", "attachments/ab/random-name"]
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(backup))
