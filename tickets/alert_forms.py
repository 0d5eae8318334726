"""The forms of alerts: a source and where its alerts go, and agreed maintenance."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from contracts.domain.terms import Terms, text_in
from contracts.models import Contract
from tickets.domain.alert_routes import RouteText, parse_route, route_text
from tickets.forms import ENVIRONMENTS, moment_field, text_field
from tickets.models import AlertSource
from tickets.models.alert import AlertSourceKind
from tickets.services.alert_sources import RouteLine, SourcePlan

WRONG = {
    "arrow": _("Line %(number)d: write patterns, then ->, then the place."),
    "place": _("Line %(number)d: after -> stands system/environment."),
    "label": _("Line %(number)d: a pattern is written label=value, several with commas."),
}


def system_choices(terms: Terms) -> list[tuple[str, str]]:
    language = get_language() or "en"
    return [(system.key, text_in(system.name, language)) for system in terms.systems]


def environment_choices(terms: Terms) -> list[tuple[str, Any]]:
    found = dict.fromkeys(name for system in terms.systems for name in system.environments)
    return [(name, ENVIRONMENTS.get(name, name)) for name in found]


class SourceForm(forms.Form):
    """A source as it is set up; routes are one line each."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Of the monitoring system, for example Prometheus Tokyo."),
        error_messages={"required": _("Name: how do you call this monitoring system?")},
    )
    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=AlertSourceKind.choices,
        help_text=_(
            "Alertmanager and Zabbix bring the secret with each message; plain JSON signs it."
        ),
    )
    system = forms.ChoiceField(label=_("System"))
    environment = forms.ChoiceField(label=_("Environment"))
    timezone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        help_text=_("Of times that come without an offset, as Zabbix sends them."),
        error_messages={"required": _("Time zone: for example Asia/Tokyo.")},
    )
    silent_after_minutes = forms.IntegerField(
        label=_("Silent after, in minutes"),
        required=False,
        min_value=1,
        max_value=10080,
        help_text=_(
            "No message for so long raises a ticket. Empty: silence is no trouble. Let an alert"
            " that always fires, such as Watchdog, be sent here more often than that."
        ),
    )
    settle_minutes = forms.IntegerField(
        label=_("Quiet time, in minutes"),
        min_value=0,
        max_value=1440,
        initial=5,
        help_text=_(
            "After a recovery. What comes back within it keeps its ticket; then the ticket is closed"
            " if nobody touched it."
        ),
    )
    routes = text_field(
        _("Routes"),
        rows=5,
        help_text=_(
            "One a line, the first that fits decides: job=db-*, env=staging -> core/staging P2."
            " What no line names goes to the system and environment above."
        ),
    )

    def __init__(
        self,
        *args,
        contract: Contract,
        terms: Terms,
        contracts: dict[str, Contract],
        source: AlertSource | None = None,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.contract, self.contracts = contract, contracts
        self.fields["system"].choices = system_choices(terms)
        self.fields["environment"].choices = environment_choices(terms)
        self.fields["timezone"].initial = contract.timezone
        if source is not None:
            del self.fields["kind"]
            self.initial = initial_of(source)

    def clean_timezone(self) -> str:
        if (name := self.cleaned_data["timezone"].strip()) not in available_timezones():
            raise forms.ValidationError(_now("Time zone: for example Asia/Tokyo."))
        return name

    def clean_routes(self) -> tuple[RouteLine, ...]:
        lines = enumerate(self.cleaned_data["routes"].splitlines(), start=1)
        return tuple(self.route(number, line) for number, line in lines if line.strip())

    def route(self, number: int, line: str) -> RouteLine:
        try:
            told = parse_route(line)
        except ValueError as error:
            raise forms.ValidationError(str(WRONG[str(error)]) % {"number": number}) from None
        contract = self.contracts.get(told.contract) if told.contract else self.contract
        if contract is None:
            said = _now("Line %(number)d: this client has no running contract %(contract)s.")
            raise forms.ValidationError(said % {"number": number, "contract": told.contract})
        return RouteLine(told.match, contract, told.system, told.environment, told.priority)

    def plan(self) -> SourcePlan:
        data = {name: value for name, value in self.cleaned_data.items() if name != "kind"}
        return SourcePlan(**data)


def initial_of(source: AlertSource) -> dict[str, Any]:
    names = ("name", "system", "environment", "timezone", "silent_after_minutes", "settle_minutes")
    return {name: getattr(source, name) for name in names} | {"routes": lines_of(source)}


def lines_of(source: AlertSource) -> str:
    """Return the routes of a source as their lines; a contract is named where it is another one."""
    return "\n".join(
        route_text(
            RouteText(
                row.system,
                row.environment,
                row.match,
                row.contract.number if row.contract_id != source.contract_id else "",
                row.priority,
            )
        )
        for row in source.routes.select_related("contract")
    )


class WindowForm(forms.Form):
    """Agreed maintenance of a contract's systems."""

    system = forms.ChoiceField(label=_("System"), required=False)
    environment = forms.ChoiceField(label=_("Environment"), required=False)
    starts_at = moment_field(_("From"), _("From when does the maintenance last?"))
    ends_at = moment_field(_("Until"), _("Until when does the maintenance last?"))
    reason = forms.CharField(
        label=_("What it is for"),
        max_length=200,
        error_messages={"required": _("Say what the maintenance is for.")},
    )

    def __init__(self, *args, terms: Terms, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].choices = [("", _("Every system")), *system_choices(terms)]
        every = [("", _("Every environment")), *environment_choices(terms)]
        self.fields["environment"].choices = every
