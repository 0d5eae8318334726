"""
Files of a form that was interrupted to ask who is there: kept for the session until the step goes on.

They lie in a folder of the person beside the attachments, one form's at a time, at most an hour. A
random name leads to them, which only the session holds beside the form's address.
"""

import secrets
import shutil
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.errors import Refused

FOLDER = "waiting"  # beside the folders of the clients, which are numbers
KEPT = "waiting_files"  # in the session, and the field of the form
KEPT_SECONDS = 3600


class FilesGone(Refused):
    """What was chosen waited too long, or another form's files took its place."""

    code = "files_gone"

    def __init__(self) -> None:
        super().__init__(_("The files you chose are no longer kept: choose them again."))


def place_of(user_id: int) -> Path:
    return Path(settings.ATTACHMENTS_DIR) / FOLDER / str(user_id)


def keep(request: HttpRequest) -> None:
    """Keep the files that came with this request; those that waited for another form are dropped."""
    if not request.FILES:
        return
    drop(request)
    name = secrets.token_hex(16)
    folder = place_of(request.user.pk) / name
    folder.mkdir(parents=True, mode=0o700)
    try:
        rows = [
            _copied(upload, field, folder / str(number))
            for number, (field, upload) in enumerate(_uploads(request))
        ]
    except OSError:  # a full disk gets its room back at once
        shutil.rmtree(folder, ignore_errors=True)
        raise
    request.session[KEPT] = {"name": name, "address": request.get_full_path(), "files": rows}


def _uploads(request: HttpRequest) -> list[tuple[str, UploadedFile]]:
    return [(field, upload) for field, found in request.FILES.lists() for upload in found]


def _copied(upload: UploadedFile, field: str, path: Path) -> list:
    with path.open("xb") as kept:
        shutil.copyfileobj(upload, kept)
    return [field, upload.name, upload.content_type, upload.size]


def waiting_for(request: HttpRequest) -> dict:
    """Return what waits for this form: `name`, and `files` as field, name, type, bytes; or nothing."""
    found = request.session.get(KEPT, {})
    return found if found.get("address") == request.get_full_path() else {}


def put_back(request: HttpRequest) -> None:
    """
    Give the request the files that its form says are waiting, as if it had brought them.

    :raises FilesGone: if they are not there any more.
    """
    if not (name := request.POST.get(KEPT)):
        return
    waiting = waiting_for(request)
    if waiting.get("name") != name:
        raise FilesGone
    folder = place_of(request.user.pk) / name
    for number, (field, called, content_type, size) in enumerate(waiting["files"]):
        try:
            file = (folder / str(number)).open("rb")  # closed with the request, as its own are
        except FileNotFoundError:
            raise FilesGone from None
        request.FILES.appendlist(field, UploadedFile(file, called, content_type, size))


def drop(request: HttpRequest) -> None:
    """Forget what waits for the person."""
    request.session.pop(KEPT, None)
    shutil.rmtree(place_of(request.user.pk), ignore_errors=True)


def forget(before: float) -> int:
    """Remove what was kept before an instant (Unix time); return how many forms' files that were."""
    old = [
        folder
        for folder in (Path(settings.ATTACHMENTS_DIR) / FOLDER).glob("*/*")
        if folder.stat().st_mtime < before
    ]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)
