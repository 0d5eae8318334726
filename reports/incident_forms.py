"""The form of an incident report: one field a section."""

from django import forms

from reports.domain.incident import MOST, SECTIONS
from reports.incident_words import SECTION_HELP, SECTION_NAMES
from tickets.forms import text_field


class IncidentForm(forms.Form):
    """The sections as text; `seen` is the revision that the person began with."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=32_767)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in SECTIONS:
            rows = 2 if name == "summary" else 5
            self.fields[name] = text_field(
                SECTION_NAMES[name], most=MOST, rows=rows, help_text=SECTION_HELP[name]
            )

    def sections(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in SECTIONS}
