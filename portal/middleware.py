"""A refusal becomes a page, or an alert for htmx, in the reader's language and with its status."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRedirect

from tenants.errors import Refused
from tickets.domain.lifecycle import RoleNotAllowed, TransitionNotAllowed

TITLES = {
    403: gettext_lazy("Your desk may not do this"),
    409: gettext_lazy("This is not possible now"),
    422: gettext_lazy("Something in the form is missing or wrong"),
}


class RefusalMiddleware:
    """Answers what a command refused; the outer transaction takes everything back by the status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.htmx and is_sign_in(response):
            if (
                "X-Background" in request.headers
            ):  # nobody asked: nobody is led away from what they type
                return signed_out(request)
            return HttpResponseClientRedirect(back_here(request, response.url))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refused):
            return refusal(request, str(exception.message), exception.status)
        if isinstance(exception, TransitionNotAllowed):
            return refusal(request, moved_on(), 409)
        if isinstance(exception, RoleNotAllowed):
            return refusal(request, _("Your role does not take this step."), 403)
        return None


def is_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and response.url.startswith(reverse("sign-in"))


def signed_out(request: HttpRequest) -> HttpResponse:
    """Tell a part that refreshes itself to stop, and the reader why."""
    url = back_here(request, reverse("sign-in"))
    is_silent = request.headers["X-Background"] == "silent"
    context = {"url": "" if is_silent else url}
    return render(request, "components/_signed_out.html", context, status=286)  # htmx: ask no more


def back_here(request: HttpRequest, sign_in: str) -> str:
    """Return the sign-in that leads back to the page, not to the part of it that htmx asked for."""
    here = request.htmx.current_url_abs_path or "/"
    return f"{urlsplit(sign_in).path}?{urlencode({'next': here})}"


def moved_on() -> str:
    return _("The ticket has moved on meanwhile. Reload the page to see what is possible now.")


def refusal(request: HttpRequest, message: str, status: int) -> HttpResponse:
    if request.htmx:
        response = render(request, "components/_alert.html", {"message": message}, status=status)
        response["HX-Retarget"], response["HX-Reswap"] = "#alert", "innerHTML"
        return response
    title = TITLES.get(status, TITLES[409])
    context = {"title": title, "message": message, "back": back(request)}
    return render(request, "refused.html", context, status=status)


def back(request: HttpRequest) -> str:
    """Return the page the form stood on, where it was one of ours."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        return "/"
    parts = urlsplit(referer)
    return "/" + urlunsplit(("", "", parts.path, parts.query, "")).lstrip("/")
