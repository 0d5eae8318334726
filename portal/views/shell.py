"""In which language, and whose work is on screen."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

LISTS = {
    "home",
    "tickets:list",
    "tickets:inbox",
    "contracts:list",
    "reports:list",
}  # these fit any client


@require_POST
def switch_tenant(request: HttpRequest) -> HttpResponse:
    """Show one client's work, or that of all (an empty code)."""
    code = request.POST.get("tenant", "")
    if not code:
        request.session.pop("one_tenant", None)
    elif member := next((m for m in request.all_memberships if m.tenant.code == code), None):
        request.session["one_tenant"] = member.tenant_id
    else:
        raise Http404
    return redirect(next_list(request))


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language: on the person, and in a cookie for the sign-in page."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise Http404
    if request.user.is_authenticated:
        request.user.language = language
        request.user.save(update_fields=["language"])
    response = HttpResponseRedirect(next_page(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def next_page(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe and wanted.startswith("/") else "/"


def next_list(request: HttpRequest) -> str:
    """Return where to go after the switch: the same list, or home when the page was one client's."""
    wanted = next_page(request)
    try:
        return wanted if resolve(wanted).view_name in LISTS else "/"
    except Resolver404:
        return "/"
