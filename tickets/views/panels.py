"""Panels of the ticket page that belong to upper apps: they add theirs, this app only draws them."""

from collections.abc import Callable

from django.http import HttpRequest
from django.utils.safestring import SafeString

from tenants.models import Membership
from tickets.models import Ticket

Panel = Callable[[HttpRequest, Ticket, list[Membership]], SafeString | str]
_panels: list[Panel] = []


def add(panel: Panel) -> Panel:
    """Add a panel: it is given the ticket and this person's desks, and returns HTML or nothing."""
    if panel not in _panels:
        _panels.append(panel)
    return panel


def drawn(request: HttpRequest, ticket: Ticket, desks: list[Membership]) -> list[SafeString | str]:
    found = (panel(request, ticket, desks) for panel in _panels)
    return [html for html in found if html]
