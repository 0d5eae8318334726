"""
Files on tickets: stored first under a random name outside every web root, written down after.

A file without a row is an orphan: its form was never sent to the end, or the transaction was taken
back. The clean-up job removes orphans after a day.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Sum
from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotPermitted
from tenants.models import Job, Membership
from tenants.services import audit, jobs
from tickets.domain.file_names import clean_name, ending_of
from tickets.models import (
    Attachment,
    Comment,
    Letter,
    PurchaseOrderFile,
    RoutineProof,
    Ticket,
)
from tickets.models.choices import Lane

FIELD = "files"
ORPHAN_AFTER = timedelta(days=1)
EVERY = timedelta(hours=6)
KEPT_IN = (Attachment, RoutineProof, PurchaseOrderFile)  # whose rows name stored files by `key`


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies in the folder of its tenant and has no row yet; `size` in bytes."""

    tenant_id: int
    name: str
    key: str
    size: int
    sha256: str


def store_file(upload: UploadedFile, *, tenant_id: int) -> StoredFile:
    """
    Stream an upload into the tenant's folder under a name of 192 random bits.

    :raises Invalid: if it is empty, too large or of a type that `ATTACHMENTS_*` does not allow.
    """
    name = clean_name(upload.name or "")
    check_file(name, upload.size or 0)
    key = secrets.token_urlsafe(24)
    path = path_of(tenant_id, key)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        size, sha256 = write(upload, path)
    except OSError:  # a full disk: half a file would take the room of a whole one
        path.unlink(missing_ok=True)
        raise
    return StoredFile(tenant_id, name, key, size, sha256)


def write(upload: UploadedFile, path: Path) -> tuple[int, str]:
    """Write the upload to a file that is not there yet and return its size and hash."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as target:
        for chunk in upload.chunks():
            digest.update(chunk)
            size += target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return size, digest.hexdigest()


def check_file(name: str, size: int) -> None:
    """:raises Invalid: if no file of this name and size (bytes) may be attached."""
    said = {"name": name, "most": most_megabytes()}
    if not size:
        raise Invalid(_("%(name)s is empty: choose another file.") % said, field=FIELD)
    if size > settings.ATTACHMENTS_MOST_BYTES:
        message = _("%(name)s is larger than %(most)s MB: send a smaller file, or a part of it.")
        raise Invalid(message % said, field=FIELD)
    if ending_of(name) not in settings.ATTACHMENTS_TYPES:
        types = ", ".join(settings.ATTACHMENTS_TYPES)
        message = _("%(name)s is of a type that is not accepted. Accepted are: %(types)s.")
        raise Invalid(message % {"name": name, "types": types}, field=FIELD)


def most_megabytes() -> int:
    return settings.ATTACHMENTS_MOST_BYTES // 1_000_000


def check_count(number: int) -> None:
    """:raises Invalid: if that many files do not go with one message."""
    if number > settings.ATTACHMENTS_MOST_FILES:
        most = {"most": settings.ATTACHMENTS_MOST_FILES}
        raise Invalid(_("At most %(most)s files go with one message.") % most, field=FIELD)


def path_of(tenant_id: int, key: str) -> Path:
    """Return where a file lies; `key` was made by us and is one path segment."""
    return Path(settings.ATTACHMENTS_DIR) / str(tenant_id) / key[:2] / key


def attach(
    ticket: Ticket,
    files: Sequence[StoredFile],
    actor: Membership,
    now: datetime,
    *,
    comment: Comment | None = None,
    lane: str = Lane.PUBLIC,
) -> list[Attachment]:
    """
    Write stored files down, inside a command that has locked the ticket.

    :raises Invalid: if they are too many, were used before, or fill the client's share of the disk.
    """
    if not files:
        return []
    check_count(len(files))
    check_stored(ticket, files)
    rows = [
        Attachment(
            tenant_id=ticket.tenant_id,
            ticket=ticket,
            comment=comment,
            lane=lane,
            name=file.name,
            key=file.key,
            size=file.size,
            sha256=file.sha256,
            by=actor,
            at=now,
        )
        for file in files
    ]
    Attachment.objects.bulk_create(rows)
    for row in rows:
        audit.record(
            actor=actor,
            verb="attachment.added",
            subject=ticket,
            at=now,
            name=row.name,
            size=row.size,
            sha256=row.sha256,
            lane=lane,
        )
    return rows


def check_stored(ticket: Ticket, files: Sequence[StoredFile]) -> None:
    if any(file.tenant_id != ticket.tenant_id for file in files):
        raise NotPermitted(_("You have no desk at this client."))
    keys = [file.key for file in files]
    known = named_by_rows(keys) or len(set(keys)) < len(keys)
    if known or not all(path_of(ticket.tenant_id, key).is_file() for key in keys):
        raise Invalid(_("A file was sent before or is gone: choose it again."), field=FIELD)
    rows = (model.objects.filter(tenant_id=ticket.tenant_id) for model in KEPT_IN)
    used = sum(each.aggregate(sum=Sum("size"))["sum"] or 0 for each in rows)
    if used + sum(file.size for file in files) > settings.ATTACHMENTS_TENANT_BYTES:
        raise Invalid(_("This client's space for files is full. Ask your vendor."), field=FIELD)


@jobs.handles("tickets.orphan_files", every=EVERY)
def remove_orphans_of(job: Job) -> None:
    """Remove the stored files of one tenant that no row names and that are a day old."""
    remove_orphans(job.tenant_id, before=time.time() - ORPHAN_AFTER.total_seconds())


def remove_orphans(tenant_id: int, *, before: float) -> int:
    """Remove files last written before an instant (Unix time) without a row; return how many."""
    folder = Path(settings.ATTACHMENTS_DIR) / str(tenant_id)
    removed = 0
    for part in sorted(folder.iterdir()) if folder.is_dir() else ():
        old = [path for path in part.iterdir() if path.stat().st_mtime < before]
        removed += remove(old, known_keys(path.name for path in old))
    return removed


def known_keys(keys: Iterable[str]) -> set[str]:
    """Return which stored files something names: a row of `KEPT_IN`, or a waiting letter."""
    asked = list(keys)
    waiting = Letter.objects.waiting().exclude(files=[]).values_list("files", flat=True)
    letters = {told["key"] for files in waiting for told in files}
    return named_by_rows(asked) | letters.intersection(asked)


def named_by_rows(keys: Sequence[str]) -> set[str]:
    found = (model.objects.filter(key__in=keys) for model in KEPT_IN)
    return {key for rows in found for key in rows.values_list("key", flat=True)}


def remove(paths: Iterable[Path], known: set[str]) -> int:
    orphans = [path for path in paths if path.name not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
