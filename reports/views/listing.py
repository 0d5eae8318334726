"""The tickets that a figure of a report counts, from the frozen facts alone."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reports.domain.month_tickets import rows_in
from reports.renderers.edition import Edition
from reports.renderers.listing import COUNTED, KINDS, counted, state
from reports.renderers.table import Kind, shown
from reports.views.downloads import edition_for, report_or_404
from reports.words import verdict_word, word

A_PAGE = 100
WORDS: Mapping[str, Callable[[Edition, str], str]] = {  # what a list may be of, and its words
    "type": lambda _edition, code: word(code, "type"),
    "system": lambda edition, code: edition.system(code),
    "priority": lambda _edition, code: code,
    "activity": lambda _edition, code: word(code, "activity"),
    "outcome": lambda _edition, code: verdict_word(code),
    "state": lambda _edition, code: state(code),
}


@require_GET
def report_tickets(request: HttpRequest, public_id: str) -> HttpResponse:
    """
    The tickets of the month, or those of them that the address names: `?received=1&priority=P1`.

    A figure that adds up, like the minutes worked, is the sum that stands below the list.
    """
    report = report_or_404(request, public_id)
    edition = edition_for(request, report)
    if "tickets" not in edition.facts:  # of an older layout
        raise Http404
    asked = {name: request.GET[name] for name in (*WORDS, *COUNTED) if name in request.GET}
    rows = [row for row in rows_in(edition.facts) if _fits(row, asked)]
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    sums = [name for name in asked if name in COUNTED]
    context = {
        "report": report,
        "facts": edition.facts,
        "titles": edition.facts["titles"] if edition.sees_titles else {},
        "page": page,
        "chosen": [_said(edition, name, value) for name, value in asked.items()],
        "sums": [
            (name, counted()[name], _shown(name, sum(r[name] for r in rows))) for name in sums
        ],
        "query": urlencode(asked) + "&" if asked else "",
    }
    return render(request, "reports/tickets_page.html", context)


def _fits(row: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    return all(
        bool(row[name]) is (value != "0") if name in COUNTED else row[name] == value
        for name, value in asked.items()
    )


def _said(edition: Edition, name: str, value: str) -> str:
    if name in WORDS:
        return WORDS[name](edition, value) if _is_known(name, value) else value
    label = counted()[name]
    return label if value != "0" else _("Not: %s") % label


def _is_known(name: str, value: str) -> bool:
    return name != "state" or value in ("open", "waiting", "resolved", "cancelled")


def _shown(name: str, value: int) -> str:
    return shown(value, KINDS.get(name, Kind.NUMBER))
