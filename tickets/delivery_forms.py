"""The forms of what is delivered: a release, and the resolution that names it."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contracts.domain.terms import Terms, text_in
from contracts.models import Contract
from tickets.domain.lifecycle import OPEN, Action
from tickets.forms import moment_field, text_field
from tickets.models import Release, Ticket
from tickets.models.choices import ObligationKind, TicketType, WorkStream
from tickets.models.release import ReleaseKind
from tickets.step_forms import StepForm

MOST_DOCUMENTS = 30


def releases_for(ticket: Ticket):
    """Return what can have fixed a ticket: the releases of its contract since it was received."""
    rows = Release.objects.filter(contract=ticket.contract_id)
    return rows.filter(released_at__gte=ticket.received_at).order_by("-released_at")


class ResolveForm(StepForm):
    resolution = text_field(
        _("Resolution"),
        _("Resolution: say how it was resolved."),
        help_text=_("The client reads this."),
    )
    fix = forms.ChoiceField(
        label=_("Permanent fix"),
        choices=[("none_needed", _("None needed")), ("delivered", _("Delivered"))],
        widget=forms.RadioSelect,
        initial="none_needed",
        error_messages={"required": _("Permanent fix: choose one.")},
    )
    fix_reason = forms.CharField(
        label=_("Why no fix is needed"),
        max_length=200,
        required=False,
        help_text=_("The client reads this and may dispute it."),
    )

    release = forms.ModelChoiceField(
        label=_("Release"),
        queryset=None,
        to_field_name="public_id",
        required=False,
        empty_label=_("None, for a reason"),
        help_text=_("What maintenance delivered. Record it first where it is not listed."),
    )
    no_release = forms.CharField(
        label=_("Why there is no release"),
        max_length=200,
        required=False,
        help_text=_("The client reads this."),
    )

    def prepare(self) -> None:
        if not self.asks_for_fix():
            del self.fields["fix"], self.fields["fix_reason"]
        if self.ticket.stage.stream == WorkStream.MAINTENANCE:
            self.fields["release"].queryset = releases_for(self.ticket)
            recorded = self.ticket.deliveries.filter(stage=self.ticket.stage_id)
            if last := recorded.exclude(release=None).select_related("release").last():
                self.initial["release"] = last.release.public_id
        else:
            del self.fields["release"], self.fields["no_release"]

    def asks_for_fix(self) -> bool:
        """Return whether operation ends what may need a permanent fix; maintenance delivers it."""
        if self.ticket.stage.stream == WorkStream.MAINTENANCE:
            return False
        if self.ticket.type == TicketType.INCIDENT:
            return True
        clocks = self.ticket.obligations.running()
        return clocks.filter(kind=ObligationKind.PERMANENT_FIX).exists()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("fix") == "none_needed" and not data.get("fix_reason"):
            self.add_error("fix_reason", _("Why no fix is needed: give a reason."))
        if "release" in self.fields and not (data.get("release") or data.get("no_release")):
            self.add_error("no_release", _("Why there is no release: choose one, or say why."))
        return data

    def command(self) -> dict[str, Any]:
        """Return the release, and a reason for none only where none was chosen."""
        data = dict(self.cleaned_data)
        if data.get("release"):
            data["no_release"] = ""
        return data


class ReleaseFields(forms.Form):
    """What a release is: the fields of both its forms."""

    kind = forms.ChoiceField(
        label=_("Patch or version"),
        choices=ReleaseKind.choices,
        widget=forms.RadioSelect,
        initial=ReleaseKind.PATCH,
        error_messages={"required": _("Patch or version: choose one.")},
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("For example 2.4.1, or the number of the patch."),
        error_messages={"required": _("Name: give the patch or version its name.")},
    )
    released_at = moment_field(_("Released"), _("Released: choose when it went live."))
    summary = text_field(_("What it changes"), rows=2, help_text=_("The client reads this."))
    documents = text_field(
        _("Updated design documents"), rows=3, help_text=_("One a line: title, version or address.")
    )

    def clean_documents(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["documents"].splitlines()]
        named = [line for line in lines if line]
        if len(named) > MOST_DOCUMENTS:
            raise forms.ValidationError(_("Updated design documents: at most %d.") % MOST_DOCUMENTS)
        return named


class ReleaseStepForm(ReleaseFields, StepForm):
    """A release that fixes the ticket on screen."""

    def prepare(self) -> None:
        self.initial = {"released_at": this_minute(), **self.initial}


class NewReleaseForm(ReleaseFields):
    """A release of a contract's system, and the tickets in maintenance that it fixes."""

    system = forms.ChoiceField(label=_("System"))
    fixes = forms.ModelMultipleChoiceField(
        label=_("Tickets it fixes"),
        queryset=None,
        to_field_name="key",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Open tickets that maintenance has."),
    )
    field_order = ("system", "kind", "name", "released_at", "summary", "documents", "fixes")

    def __init__(self, *args, contract: Contract, terms: Terms, tickets, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        self.fields["system"].choices = [
            (system.key, text_in(system.name, language)) for system in terms.systems
        ]
        field = self.fields["fixes"]
        field.queryset = tickets.filter(
            contract=contract, status__in=OPEN, stage__stream=WorkStream.MAINTENANCE
        ).order_by("number")
        field.label_from_instance = lambda ticket: f"{ticket.key} {ticket.title}"
        self.initial = {"released_at": this_minute(), **self.initial}


def this_minute():
    return timezone.localtime().replace(second=0, microsecond=0)


DELIVERY_FORMS: dict[Action, type[StepForm]] = {
    Action.RESOLVE: ResolveForm,
    Action.RECORD_RELEASE: ReleaseStepForm,
}
