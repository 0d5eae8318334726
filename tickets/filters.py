"""One FilterSet for page and API: what a desk asks of the list."""

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant
from tickets.models import Ticket
from tickets.models.choices import Outcome, Priority, Status
from tickets.models.ticket import OPEN_STATUSES

OPEN = "open"
PENDING = "pending"


def my_tenants(request) -> QuerySet[Tenant]:
    """Return the clients on screen; nobody is offered, or may ask for, another."""
    ids = {m.tenant_id for m in request.memberships} if request else ()
    return Tenant.objects.filter(pk__in=ids)


class TicketFilter(django_filters.FilterSet):
    text = django_filters.CharFilter(
        field_name="title",
        lookup_expr="icontains",
        label=_("Title"),
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "data-submit": True}),
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"),
        method="by_status",
        choices=[(OPEN, _("All open")), *Status.choices],
        empty_label=_("Any"),
        widget=forms.Select(attrs={"data-submit": True}),
    )
    priority = django_filters.ChoiceFilter(
        label=_("Priority"),
        choices=Priority.choices,
        empty_label=_("Any"),
        widget=forms.Select(attrs={"data-submit": True}),
    )
    client = django_filters.ModelChoiceFilter(
        field_name="tenant",
        to_field_name="code",
        queryset=my_tenants,
        label=_("Client"),
        empty_label=_("Any"),
        widget=forms.Select(attrs={"data-submit": True}),
    )
    outcome = django_filters.ChoiceFilter(
        label=_("Verdict"),
        method="by_outcome",
        choices=[*Outcome.choices, (PENDING, _("A question is open"))],
        empty_label=_("Any"),
        widget=forms.Select(attrs={"data-submit": True}),
    )

    class Meta:
        model = Ticket
        fields: list[str] = []

    def by_status(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(status__in=OPEN_STATUSES if value == OPEN else [value])

    def by_outcome(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        if value == PENDING:
            return rows.filter(stage__decision__pending=True)
        return rows.filter(stage__decision__outcome=value, stage__decision__pending=False)
