"""What every page shows around its content. Reads what the middleware loaded; asks no query."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.templatetags.words import WORDS
from tenants.roles import VENDOR, Role

READS_AUDIT = {Role.ACCOUNT_MANAGER, Role.SERVICE_OWNER}
ACROSS = {Role.BRIDGE_SE, Role.ACCOUNT_MANAGER, Role.SERVICE_DESK}
NAV = (  # label, route, and the desks that see it (None: all)
    (_("Home"), "home", None),
    (_("Cockpit"), "cockpit", ACROSS),
    (_("Tickets"), "tickets:list", None),
    (_("Routines"), "tickets:routines", None),
    (_("Alerts"), "tickets:alerts", VENDOR),
    (_("Contracts"), "contracts:list", None),
    (_("Reports"), "reports:list", None),
    (_("Administration"), "administration:clients", {Role.ACCOUNT_MANAGER}),
    (_("Audit"), "administration:audit", {Role.SERVICE_OWNER}),
)
KEYS = {
    "home": "h",
    "cockpit": "k",
    "tickets:list": "t",
    "contracts:list": "c",
    "reports:list": "r",
}


def shell(request: HttpRequest) -> dict[str, object]:
    """Return `shell`: person, nav, tenants and the chosen one, languages, zone, here."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    everyone = getattr(request, "all_memberships", [])
    memberships = getattr(request, "memberships", [])
    tenants = {m.tenant_id: m.tenant for m in everyone}
    narrowed = len(tenants) > 1 and len({m.tenant_id for m in memberships}) == 1
    return {
        "shell": {
            "person": user if signed_in else None,
            "is_vendor": any(m.is_vendor for m in memberships),
            "desks": [
                desk.get_role_display() for desk in {m.role: m for m in memberships}.values()
            ],
            "nav": navigation(request) if signed_in else [],
            "tenants": sorted(tenants.values(), key=lambda tenant: tenant.name),
            "tenant": memberships[0].tenant if narrowed else None,
            "manages": any(m.role == Role.ACCOUNT_MANAGER for m in memberships),
            "reads_audit": any(m.role in READS_AUDIT for m in memberships),
            "languages": languages(),
            "zone": timezone.get_current_timezone_name(),
            "here": request.path if request.method == "GET" else "/",
        }
    }


def navigation(request: HttpRequest) -> list[dict[str, object]]:
    """Return the items for this person's desks; the one whose address holds the page is current."""
    roles = {m.role for m in getattr(request, "memberships", [])}
    items = []
    for label, route, desks in NAV:
        if desks and not desks & roles:
            continue
        try:
            items.append((label, reverse(route), KEYS.get(route, "")))
        except NoReverseMatch:
            continue
    holding = [url for _label, url, _key in items if url != "/" and request.path.startswith(url)]
    here = max(holding, key=len, default=request.path)
    return [
        {"label": label, "url": url, "key": key, "current": url == here}
        for label, url, key in items
    ]


def languages() -> list[dict[str, object]]:
    names, current = WORDS["language"], get_language()
    return [
        {"code": code, "name": names[code], "current": code == current}
        for code, _name in settings.LANGUAGES
    ]
