"""
A file that was sent before what it belongs to: named by a signed note until then.

Only the desk that sent it can use the note, and for a day; then the file is an orphan.
"""

from collections.abc import Iterable

from django.core import signing
from django.utils.translation import gettext as _

from tenants.errors import Invalid
from tenants.models import Membership
from tickets.services.attachments import FIELD, StoredFile

KEPT_FOR = 24 * 3600  # seconds: after a day the file is gone (`remove_orphans`)


def note_of(file: StoredFile, actor: Membership) -> str:
    told = [file.tenant_id, file.name, file.key, file.size, file.sha256]
    return signing.dumps(told, salt=_salt(actor), compress=True)


def kept_files(notes: Iterable[str], actor: Membership) -> list[StoredFile]:
    """
    Return the files of these notes.

    :raises Invalid: if a note is not ours, another desk's, or older than a day.
    """
    try:
        told = [signing.loads(note, salt=_salt(actor), max_age=KEPT_FOR) for note in notes]
    except signing.BadSignature as error:
        raise Invalid(_("Choose your files again."), field=FIELD) from error
    return [StoredFile(*each) for each in told]


def _salt(actor: Membership) -> str:
    return f"kept file of {actor.pk}"
