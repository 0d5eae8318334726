"""What a person is told in the portal: the bell, the list by day, and what they want to be told of."""

from datetime import date
from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from tenants.exports import export, format_asked
from tickets.models import NoticePreference, Notification
from tickets.models.notice import NotificationQuerySet
from tickets.notice_forms import ChannelsForm
from tickets.notice_words import headline, path_of, subject
from tickets.services.reading import choose_channels, mark_notice, read_all_notices
from tickets.views import kept_columns

A_PAGE = 50
MOST_COUNTED = 99


def mine(request: HttpRequest) -> NotificationQuerySet:
    return Notification.objects.shown_to(request.memberships)


@require_GET
@never_cache
def bell(request: HttpRequest) -> HttpResponse:
    """The bell with how many are unread; asks one question, and pages load it after themselves."""
    unread = mine(request).unread().order_by()[: MOST_COUNTED + 1].count()
    context = {"unread": min(unread, MOST_COUNTED), "more": unread > MOST_COUNTED}
    return render(request, "tickets/_bell.html", context)


@require_GET
@vary_on_headers("HX-Request")
def notice_list(request: HttpRequest) -> HttpResponse:
    """What one is told, the newest first; `?show=unread`, `?format=` for a file."""
    if kind := format_asked(request):
        rows = chosen(request, request.GET).for_list()
        return export(kind, "notices", kept_columns.of_notice(), rows, title=_("Notifications"))
    template = "tickets/_notice_list.html" if request.htmx else "tickets/notice_list.html"
    return render(request, template, shown(request, request.GET))


def wants_unread(asked: QueryDict) -> bool:
    return asked.get("show") == "unread"


def chosen(request: HttpRequest, asked: QueryDict) -> NotificationQuerySet:
    return mine(request).unread() if wants_unread(asked) else mine(request)


def shown(request: HttpRequest, asked: QueryDict) -> dict[str, object]:
    """Return the page of the list that is asked for: all, or what is unread."""
    rows = chosen(request, asked).for_list()
    page = Paginator(rows, per_page=A_PAGE).get_page(asked.get("page"))
    only_unread = wants_unread(asked)
    return {
        "page": page,
        "days": by_day(page.object_list),
        "only_unread": only_unread,
        "any_unread": any(row.read_at is None for row in page.object_list),
        "query": "show=unread&" if only_unread else "",
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
    }


def by_day(rows) -> list[tuple[date, list[dict[str, object]]]]:
    """Return the lines by the reader's own day, in the order of the rows."""
    lines = [{"row": row, "headline": headline(row), "subject": subject(row)} for row in rows]
    days = groupby(lines, key=lambda line: timezone.localtime(line["row"].at).date())
    return [(day, list(group)) for day, group in days]


@require_POST
def notice_open(request: HttpRequest, public_id: str) -> HttpResponse:
    """Mark it as read and lead to what it is about; another person's is 404."""
    rows = mine(request).select_related("ticket", "contract")
    row = get_object_or_404(rows, public_id=public_id)
    mark_notice(notice=row, read=True, now=timezone.now())
    return redirect(path_of(row))


@require_POST
def notice_mark(request: HttpRequest, public_id: str) -> HttpResponse:
    """Mark it as read, or as unread again, and stay in the list."""
    row = get_object_or_404(mine(request), public_id=public_id)
    mark_notice(notice=row, read=row.read_at is None, now=timezone.now())
    return back_to_list(request)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    read_all_notices(members=request.memberships, now=timezone.now())
    return back_to_list(request)


def back_to_list(request: HttpRequest) -> HttpResponse:
    """Return the list as it is now, in its place; without htmx its page."""
    if not request.htmx:
        return redirect("notices:list")
    response = render(request, "tickets/_notice_list.html", shown(request, request.POST))
    response["HX-Trigger"] = "notices-changed"
    return response


@require_http_methods(["GET", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """On which way a person wants to be told of what."""
    kept = NoticePreference.objects.filter(user=request.user).first()
    chosen = kept.channels if kept else {}
    form = ChannelsForm(request.POST or None, chosen=chosen, memberships=request.all_memberships)
    if request.method == "POST" and form.is_valid():
        choose_channels(user=request.user, channels=form.cleaned_data)
        messages.success(request, _("Saved: from now on you are told this way."))
        return redirect("notices:choices")
    status = 422 if form.is_bound else 200
    context = {"form": form, "zone": request.user.timezone}
    return render(request, "tickets/notice_choices.html", context, status=status)
