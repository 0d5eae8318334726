"""What is asked of a file that is imported: where it goes, and what its columns mean."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from contracts.domain.terms import Terms
from tickets.bulk_words import FIELDS
from tickets.domain.bulk_file import Table
from tickets.domain.bulk_presets import FIELDS as FIELDS_OF
from tickets.domain.bulk_presets import REQUIRED, Kind
from tickets.forms import places
from tickets.models.bulk import BulkKind, BulkSource


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label=_("What the file holds"), choices=BulkKind.choices)
    source = forms.ChoiceField(label=_("Where it comes from"), choices=BulkSource.choices)
    place = forms.ChoiceField(
        label=_("System and environment"), help_text=_("For rows that name none.")
    )
    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        error_messages={"required": _("Choose the file."), "empty": _("The file is empty.")},
    )

    def __init__(self, *args: Any, terms: Terms, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = places(terms)
        self.fields["file"].help_text = _(
            "UTF-8 or Shift_JIS, at most %(megabytes)s MB and %(rows)s rows."
        ) % {"megabytes": settings.BULK_MOST_BYTES // 1_000_000, "rows": settings.BULK_MOST_ROWS}

    def command(self) -> dict[str, Any]:
        told = dict(self.cleaned_data)
        system, environment = told.pop("place").split("/", 1)
        upload = told.pop("file")
        return {**told, "upload": upload, "system": system, "environment": environment}


class MappingForm(forms.Form):
    """One choice a field: the heading that stands for it, or none."""

    def __init__(self, *args: Any, kind: str, table: Table, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        heads = [("", _("Not in the file")), *((head, head) for head in table.heads if head)]
        alone = {group[0] for group in REQUIRED[Kind(kind)] if len(group) == 1}
        for name in FIELDS_OF[Kind(kind)]:
            self.fields[name] = forms.ChoiceField(
                label=FIELDS[name],
                choices=heads,
                required=name in alone,
                error_messages={"required": _("Choose a column for this.")},
            )
