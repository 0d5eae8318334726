"""
The flowchart of a draft as rows: add, remove, order, say what applies when; the check stands beside.

Every button sends the whole sheet and gets it back; only `save` writes. So what was typed is never
lost, whether it is right, half done, or saved by somebody else meanwhile.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from contracts import checking, services
from contracts.domain.sheet import (
    CLAUSE,
    MANY,
    QUESTION,
    Problem,
    Row,
    Sheet,
    sheet_of,
)
from contracts.domain.terms import Activity, Cause, Outcome, Priority, Terms, TermsInvalid
from contracts.lint_words import differs_sentence, gap_sentence, sentence
from contracts.models import ContractVersion
from contracts.rules import rules_of
from contracts.views.cases import case_query
from contracts.views.drafts import day_of, document_of, drafted, moved_on
from tenants.errors import Invalid

MOST_KEPT = 256 * 1024  # characters of the sheet before the last step
PLAIN = (Outcome.INCLUDED, Outcome.PREAPPROVED, Outcome.ESTIMATE, Outcome.NOT_PROVIDED)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    """Show the draft as rows; a POST does one step to what was sent, and `save` keeps it."""
    context = drafted(request, public_id, number)
    version = context["shown"]
    sheet, before, do = sheet_of(version.terms), "", request.POST.get("do", "")
    context |= {"day": version.effective_on.isoformat(), "seen": version.sha256, "moved_on": ""}
    if request.method == "GET" and (case := case_of(request.GET)):
        sheet = sheet.plus(CLAUSE, case)
        context["fresh"] = sheet.clauses[-1].key
    elif request.method == "POST":
        sheet = sent_sheet(request.POST)
        context |= {name: request.POST.get(name, "") for name in ("day", "seen")}
        before = request.POST.get("before", "")[:MOST_KEPT]
        if do == "save":
            if save(context, version, sheet):
                messages.success(request, _("The draft is saved."))
                return gone_to(request, reverse("contracts:edit", args=[public_id, number]))
        elif do and do != "check":
            sheet, before = stepped(sheet, before, do, context)
    context |= face(version, sheet) | {"before": before}
    context["checked"] = look(version, sheet, context["day"])
    template = "contracts/edit_page.html"
    if request.htmx:
        template = "contracts/_draft_check.html" if do == "check" else "contracts/_editor.html"
    failed = do == "save"
    return render(request, template, context, status=422 if failed else 200)


def gone_to(request: HttpRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def sent_sheet(data: QueryDict) -> Sheet:
    """Return the rows that were sent, in their order."""
    return Sheet(
        tuple(sent_row(data, QUESTION, key) for key in data.getlist(QUESTION)),
        tuple(sent_row(data, CLAUSE, key) for key in data.getlist(CLAUSE)),
    )


def sent_row(data: QueryDict, kind: str, key: str) -> Row:
    begin = f"{key}."
    said = {n.removeprefix(begin): tuple(data.getlist(n)) for n in data if n.startswith(begin)}
    return Row(kind, key, said)


def stepped(sheet: Sheet, before: str, do: str, context: dict[str, Any]) -> tuple[Sheet, str]:
    """Return the sheet after one step, and what brings the one before back."""
    verb, _colon, key = do.partition(":")
    if verb == "undo":
        return unpacked(before) or sheet, ""
    steps = {
        "up": lambda: sheet.moved(key, -1),
        "down": lambda: sheet.moved(key, 1),
        "remove": lambda: sheet.without(key),
        "add": lambda: sheet.plus(QUESTION if key == QUESTION else CLAUSE),
    }
    after = steps.get(verb, lambda: sheet)()
    if verb == "add":
        context["fresh"] = (after.questions if key == QUESTION else after.clauses)[-1].key
    return after, packed(sheet)


def packed(sheet: Sheet) -> str:
    return json.dumps([[row.kind, row.key, row.said] for row in sheet.rows()], ensure_ascii=False)


def unpacked(text: str) -> Sheet | None:
    """Return the sheet of a page before; None where it was tampered with."""
    try:
        rows = [
            Row(str(kind), str(key), {str(n): tuple(map(str, v)) for n, v in said.items()})
            for kind, key, said in json.loads(text)
        ]
    except (ValueError, TypeError, AttributeError):
        return None
    kinds = (QUESTION, CLAUSE)
    questions, clauses = (tuple(row for row in rows if row.kind == kind) for kind in kinds)
    return Sheet(questions, clauses)


def case_of(query: QueryDict) -> dict[str, tuple[str, ...]]:
    """Return the conditions that an address names: those of a gap, to write a clause for it."""
    names = (*MANY, "in_hours", "warranty", "at_most", "above")
    return {name: tuple(query.getlist(name)[:50]) for name in names if query.getlist(name)}


def save(context: dict[str, Any], version: ContractVersion, sheet: Sheet) -> bool:
    """Save the sheet; where it is not right `look` says so beside it."""
    if (day := day_of(context["day"])) is None:
        return False
    try:
        services.replace_draft(
            version=version,
            document=sheet.into(document_of(version)),
            effective_on=day,
            actor=context["actor"],
            now=timezone.now(),
            seen=context["seen"],
        )
    except services.DraftMovedOn as moved:
        context |= {"moved_on": moved_on(), "seen": moved.sha256}
    except (TermsInvalid, Invalid):
        pass  # `look` reads the same text and tells every error with its row
    else:
        return True
    return False


def look(version: ContractVersion, sheet: Sheet, day: str) -> dict[str, Any]:
    """Return what is wrong with the sheet, else what the lint finds in it; it writes nothing."""
    on = day_of(day)
    problems = named(sheet, [] if on else [Problem("", _("In force from: choose a day."))])
    try:
        draft = checking.read(sheet.into(document_of(version)), on or version.effective_on)
    except TermsInvalid as wrong:
        return {"problems": [*problems, *named(sheet, sheet.problems(wrong.errors))]}
    checked = checking.check(draft, on or version.effective_on)
    refusals = [*map(sentence, checked.refusals), *map(differs_sentence, checked.differs)]
    warnings = [sentence(found) for found in checked.warnings if found.code != "gap"]
    return {
        "problems": problems,
        "refusals": named(sheet, sheet.problems(refusals)),
        "warnings": named(sheet, sheet.problems(warnings)),
        "gaps": [(gap_sentence(gap), case_query(gap)) for gap in checked.coverage.gaps],
    }


def named(sheet: Sheet, problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Return the problems with the name of the row that each is about."""
    names = {row.key: row.one("id") or "–" for row in sheet.clauses}
    names |= {row.key: _("Question %s") % n for n, row in enumerate(sheet.questions, start=1)}
    return [{"key": p.key, "row": names.get(p.key, ""), "said": p.said} for p in problems]


def face(version: ContractVersion, sheet: Sheet) -> dict[str, Any]:
    """Return what the rows are drawn with: the words of the contract, and what may be chosen."""
    terms = rules_of(version).terms
    written = {code for row in sheet.rows() for name in ("ask", "text") for code in row.texts(name)}
    return {
        "sheet": sheet,
        "terms": terms,
        "languages": list(dict.fromkeys([*terms.languages, *sorted(written)])),
        "choices": choices_of(terms),
        "activities": list(Activity),
        "outcomes": outcomes_of(terms),
    }


def choices_of(terms: Terms) -> dict[str, list[str]]:
    """Return what each condition may name, in the order of the terms."""
    environments = [name for system in terms.systems for name in system.environments]
    return {
        "activity": [activity.value for activity in Activity],
        "system": [system.key for system in terms.systems],
        "environment": list(dict.fromkeys(environments)),
        "priority": [priority.value for priority in Priority],
        "cause": [cause.value for cause in Cause],
    }


def outcomes_of(terms: Terms) -> list[tuple[str, str, str]]:
    """Return the outcomes as value, code and pool."""
    plain = [(outcome.value, outcome.value, "") for outcome in PLAIN]
    pools = [(f"pool:{pool.key}", "pool", pool.key) for pool in terms.cost.pools]
    return [plain[0], *pools, *plain[1:]]
