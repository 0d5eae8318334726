"""The forms of on-call: a roster, a swap of a turn, an absence."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from tenants.models import Membership
from tickets.forms import moment_field, text_field
from tickets.models import Roster
from tickets.models.oncall import RosterTurns
from tickets.routine_forms import time_field
from tickets.services.rosters import RosterPlan

COUNTRIES = {"JP", "VN"}


class RosterForm(forms.Form):
    """The roster of a tier; people are one line each, in the order of their turns."""

    seats = text_field(
        _("Who, in this order"),
        _("Who: write one e-mail address a line."),
        rows=5,
        help_text=_(
            "One e-mail address a line; whoever follows is the deputy. JP or VN after it: the holidays"
            " of that country are kept."
        ),
    )
    turns = forms.ChoiceField(label=_("A turn lasts"), choices=RosterTurns.choices)
    weekday = forms.TypedChoiceField(
        label=_("Handed over on"), choices=list(WEEKDAYS.items()), coerce=int, initial=0,
        help_text=_("Of weekly turns."),
    )  # fmt: skip
    hands_over = time_field(_("Handed over at"))
    timezone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        error_messages={"required": _("Time zone: for example Asia/Tokyo.")},
    )
    starts_on = forms.DateField(
        label=_("First turn from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    step_minutes = forms.IntegerField(
        label=_("The next person is called after, in minutes"),
        min_value=1,
        max_value=240,
        initial=10,
    )
    hook_url = forms.CharField(
        label=_("Webhook"),
        required=False,
        max_length=300,
        help_text=_("Each call is posted there too, signed: https:// and of the open internet."),
    )

    def __init__(self, *args, people: list[Membership], roster: Roster | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.people = {member.user.email.lower(): member for member in people}
        if roster is not None:
            self.initial |= initial_of(roster)

    def clean_timezone(self) -> str:
        if (name := self.cleaned_data["timezone"].strip()) not in available_timezones():
            raise forms.ValidationError(_now("Time zone: for example Asia/Tokyo."))
        return name

    def clean_seats(self) -> tuple[tuple[Membership, str], ...]:
        lines = (line.split() for line in self.cleaned_data["seats"].splitlines())
        return tuple(self.seat(words) for words in lines if words)

    def seat(self, words: list[str]) -> tuple[Membership, str]:
        email, country = words[0].lower(), " ".join(words[1:]).upper()
        if email not in self.people or country not in COUNTRIES | {""}:
            said = _now("%(line)s: nobody of this client's vendor team, or no country we know.")
            raise forms.ValidationError(said % {"line": " ".join(words)})
        return self.people[email], country

    def plan(self, tier: str) -> RosterPlan:
        return RosterPlan(tier=tier, **self.cleaned_data)


def initial_of(roster: Roster) -> dict[str, Any]:
    names = ("turns", "weekday", "hands_over", "timezone", "starts_on", "step_minutes", "hook_url")
    seats = roster.seats.select_related("member__user")
    lines = (f"{seat.member.user.email} {seat.country}".strip() for seat in seats)
    return {name: getattr(roster, name) for name in names} | {"seats": "\n".join(lines)}


class SpanForm(forms.Form):
    """A member from one moment to another: away, or in somebody else's place."""

    member = forms.ChoiceField(label=_("Who"))
    starts_at = moment_field(_("From"), _("From when?"))
    ends_at = moment_field(_("Until"), _("Until when?"))

    def __init__(self, *args, people: list[Membership], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.people = {member.public_id: member for member in people}
        self.fields["member"].choices = [(m.public_id, m.user.name) for m in people]

    def command(self) -> dict[str, Any]:
        return self.cleaned_data | {"member": self.people[self.cleaned_data["member"]]}
