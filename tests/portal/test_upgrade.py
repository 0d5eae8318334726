"""
A database of the release before, brought to this one with everything in it.

The file was made by `backup` over the demo's data as release e8d99ed wrote it (15 real incidents and
a few requests for each of three clients, two months closed and reported). It is replaced at each release.
"""

from pathlib import Path

import psycopg
import pytest

from tests.portal.restoring import restore

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = Path(__file__).parent / "data" / "release-e8d99ed.tar"


def test_the_release_before_is_restored_migrated_and_proved(empty, tmp_path):
    told = restore(BEFORE, PORTAL_ATTACHMENTS_DIR=str(tmp_path), **empty)

    assert told.returncode == 0, told.stdout + told.stderr
    assert "6 reports verified, 0 differences." in told.stdout
    assert told.stdout.count(" 0 differences.") == 4  # reports, and the clocks of three clients
    with psycopg.connect(empty["DATABASE_OWNER_URL"]) as there:
        (entries,) = there.execute("SELECT count(*) FROM tickets_timeentry").fetchone()
        (links,) = there.execute("SELECT count(*) FROM tenants_auditlink").fetchone()
        (events,) = there.execute("SELECT count(*) FROM tenants_auditevent").fetchone()
    assert entries > 0
    assert links == events  # what was written before there was a chain is in it too
