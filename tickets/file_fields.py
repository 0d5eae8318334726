"""Files in a form. What was sent once is kept while the other fields are put right."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from tenants.errors import Invalid
from tenants.models import Membership
from tickets.services.attachments import (
    FIELD,
    StoredFile,
    check_count,
    most_megabytes,
    store_file,
)
from tickets.services.kept_files import kept_files, note_of

KEPT = "kept_files"


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once; the checks are those of `store_file`."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [one for one in (data if isinstance(data, list | tuple) else [data]) if one]


def files_field() -> FilesField:
    hint = format_lazy(
        gettext_lazy("At most {number} files of {size} MB each."),
        number=settings.ATTACHMENTS_MOST_FILES,
        size=most_megabytes(),
    )
    return FilesField(label=gettext_lazy("Files"), required=False, help_text=hint)


class FilesMixin(forms.Form):
    """
    Adds `files`; `files_sent` are those of this request and those kept from the one before.

    A kept file is named in the page by a signed note that only its sender's desk can use.
    """

    actor: Membership

    def clean_files(self) -> list[StoredFile]:
        found = self._kept()
        for upload in self.cleaned_data.get(FIELD) or []:
            try:
                check_count(len(found) + 1)
                found.append(store_file(upload, tenant_id=self.actor.tenant_id))
            except Invalid as error:
                self.add_error(FIELD, str(error.message))
        self.files_sent = found
        return found

    def kept_notes(self) -> list[dict[str, str]]:
        """Return name and signed note of each file that waits for the rest of the form."""
        sent = getattr(self, "files_sent", ())
        return [{"name": file.name, "note": note_of(file, self.actor)} for file in sent]

    def _kept(self) -> list[StoredFile]:
        notes = self.data.getlist(KEPT) if hasattr(self.data, "getlist") else []
        try:
            return kept_files(notes[:50], self.actor)
        except Invalid as error:
            raise forms.ValidationError(str(error.message)) from error
