"""A disk that is full: said in one line, nothing half done, and it goes on once there is room again."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tenants.scoping import tenant_scope
from tests.portal.desk import Browser, Desk, browser_of, desk_of
from tests.processes import required
from tickets.models import Attachment, Comment

pytestmark = pytest.mark.django_db
LARGE = b"line after line\n" * 20_000  # 320 kB


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 128 kB."""
    required("Root, for a small disk,", os.geteuid() == 0)
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)], check=False
    )
    required("The right to mount a small disk", made.returncode == 0)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


def browser(desk: Desk) -> Browser:
    made = browser_of(desk.people["requester"])
    made.raise_request_exception = False
    return made


def say(desk: Desk, ticket, content: bytes):
    files = [SimpleUploadedFile("trace.log", content)]
    told = {"body": "See the log.", "files": files}
    return browser(desk).post(f"/tickets/{ticket.key}/comment/", told)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_that_does_not_fit_leaves_nothing_and_the_next_that_fits_is_kept(
    desk, small_disk, settings
):
    settings.ATTACHMENTS_DIR = small_disk
    ticket = desk.open()

    answer = say(desk, ticket, LARGE)

    assert answer.status_code == 507, answer.content
    assert "There is no room on our disk right now" in answer.text
    assert files_below(small_disk) == []
    with tenant_scope(desk.tenant):
        assert not Comment.objects.exists()
        assert not Attachment.objects.exists()
    assert say(desk, ticket, b"a small one\n").status_code in (200, 302)
    with tenant_scope(desk.tenant):
        assert Attachment.objects.count() == 1
    assert len(files_below(small_disk)) == 1


def test_an_upload_that_does_not_fit_on_the_way_in_is_said_too(desk, small_disk, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(small_disk)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    ticket = desk.open()

    assert say(desk, ticket, LARGE).status_code == 507
    assert files_below(small_disk) == []
    assert say(desk, ticket, b"x" * 2000).status_code in (200, 302)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_as_a_file_that_does_not_fit_is_said_and_leaves_nothing(
    desk, small_disk, monkeypatch, kind
):
    desk.open("A title " * 20)
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    blocked = small_disk / "everything-else"
    with blocked.open("wb") as full, pytest.raises(OSError, match="No space"):
        full.write(LARGE)

    answer = browser(desk).get(f"/tickets/?format={kind}")

    assert answer.status_code == 507
    assert files_below(small_disk) == [blocked]
    blocked.unlink()
    answer = browser(desk).get(f"/tickets/?format={kind}")
    assert (answer.status_code, len(answer.getvalue()) > 100) == (200, True)


def test_a_program_is_told_in_the_shape_of_errors(desk, monkeypatch):
    from tests.api.client import Api

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tickets.services.opened", full)
    api = Api(desk.people["requester"])
    api.raise_request_exception = False
    told = {"contract": desk.contract.public_id, "type": "incident", "title": "Down",
            "system": "ec-site", "environment": "production", "answers": {"0": True}}  # fmt: skip

    answer = api.post("tickets/", told)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (507, "no_room")
