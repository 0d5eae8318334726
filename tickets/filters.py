"""One FilterSet for page and API: what a desk asks of the list."""

from functools import lru_cache

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant
from tenants.moments import MomentField
from tenants.searching import matching
from tickets.models import Ticket
from tickets.models.choices import (
    Activity,
    Outcome,
    Priority,
    Status,
    TicketType,
    WorkStream,
)
from tickets.models.ticket import OPEN_STATUSES

OPEN = "open"
PENDING = "pending"


def my_tenants(request) -> QuerySet[Tenant]:
    """Return the clients on screen; nobody is offered, or may ask for, another."""
    ids = {m.tenant_id for m in request.memberships} if request else ()
    return Tenant.objects.filter(pk__in=ids)


class TicketFilter(django_filters.FilterSet):
    text = django_filters.CharFilter(
        method="by_text",
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

    def by_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return matching(rows, value)

    def by_status(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(status__in=OPEN_STATUSES if value == OPEN else [value])

    def by_outcome(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        if value == PENDING:
            return rows.filter(stage__decision__pending=True)
        return rows.filter(stage__decision__outcome=value, stage__decision__pending=False)


class MomentFilter(django_filters.IsoDateTimeFilter):
    """An instant with its offset; what lies outside of all years is refused."""

    field_class = MomentField


class ApiTicketFilter(TicketFilter):
    """What programs may ask too; anything else in the query string is refused."""

    type = django_filters.ChoiceFilter(choices=TicketType.choices)
    system = django_filters.CharFilter(max_length=60)
    environment = django_filters.CharFilter(max_length=60)
    contract = django_filters.CharFilter(field_name="contract__public_id", max_length=16)
    stream = django_filters.ChoiceFilter(field_name="stage__stream", choices=WorkStream.choices)
    activity = django_filters.ChoiceFilter(field_name="stage__activity", choices=Activity.choices)
    owner = django_filters.CharFilter(field_name="stage__owner__public_id", max_length=16)
    requester = django_filters.CharFilter(field_name="requester__public_id", max_length=16)
    received_from = MomentFilter(field_name="received_at", lookup_expr="gte")
    received_before = MomentFilter(field_name="received_at", lookup_expr="lt")
    due_before = MomentFilter(field_name="next_due_at", lookup_expr="lt")


@lru_cache(256)
def asking(names: frozenset[str]) -> type[ApiTicketFilter]:
    """Return the filter set of these filters alone: a field for each of the others costs a request."""
    made = type("AskedTicketFilter", (ApiTicketFilter,), {})
    made.base_filters = {n: f for n, f in ApiTicketFilter.base_filters.items() if n in names}
    return made
