"""What is asked of a replay: which version, and over which past months."""

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.domain.months import first_of_month, previous_month
from contracts.models import ContractVersion

ALL, RANGE = "all", "range"
LAST = (3, 6, 12)  # months to choose from, the running one among them


def day_field(label, **kwargs) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Choose a day, for example 2026-04-01.")},
        **kwargs,
    )


class ReplayForm(forms.Form):
    """A version and a range of months, by their number back from today or by two days."""

    version = forms.ChoiceField(label=_("Version"))
    over = forms.ChoiceField(label=_("Past tickets of"), widget=forms.RadioSelect, initial="3")
    from_on = day_field(_("From"))
    until_on = day_field(
        _("Until and including"),
        help_text=_("Whole months are replayed: quotas, pools and fees belong to months."),
    )

    def __init__(self, *args, versions: list[ContractVersion], today: date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.versions, self.today = {str(v.number): v for v in versions}, today
        self.fields["version"].choices = [(number, named(v)) for number, v in self.versions.items()]
        self.fields["over"].choices = [
            ("1", _("this month")),
            *((str(n), _("the last %(n)d months") % {"n": n}) for n in LAST),
            (ALL, _("the whole contract")),
            (RANGE, _("the days below")),
        ]

    def clean(self) -> dict:
        data = super().clean()
        if data.get("over") == RANGE:
            for name in ("from_on", "until_on"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Choose a day, or one of the ranges above."))
        return data

    def asked(self) -> dict:
        """Return version and the days [from_on, until_on); None stands for the contract's own end."""
        data = self.cleaned_data
        from_on = until_on = None
        if data["over"] == RANGE:
            from_on, until_on = data["from_on"], data["until_on"] + timedelta(days=1)
        elif data["over"] != ALL:
            from_on = first_of_month(self.today)
            for _step in range(int(data["over"]) - 1):
                from_on = previous_month(from_on)
        return {
            "version": self.versions[data["version"]],
            "from_on": from_on,
            "until_on": until_on,
        }


def named(version: ContractVersion) -> str:
    number = {"n": version.number}
    if version.activated_at is None:
        return str(_("%(n)d (draft)") % number)
    return str(version.number)
