"""A draft put in force: everything that speaks for and against it on one page, then the signature."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contracts import services
from contracts.checking import Checked, GapsNotAccepted, check_version
from contracts.lint_words import differs_sentence, gap_sentence, sentence
from contracts.models import ContractVersion
from contracts.views.cases import case_query
from contracts.views.drafts import day_of, drafted
from contracts.views.versions import changed
from tenants.errors import Refused
from tickets.services.replays import replay_of
from tickets.views.replays import found_in

NOTHING = "nothing"  # what a form saw that names no text


@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest, contract: str, number: int) -> HttpResponse:
    """Show the account manager what the draft would bring; a POST that saw exactly this signs it."""
    context = drafted(request, contract, number)
    version, status = context["shown"], 200
    if request.method == "POST":
        try:
            put_in_force(request, context)
        except GapsNotAccepted:
            context["refused"] = _("Say that you accept the gaps, or write a clause for each.")
            status = 422
        except Refused as refused:
            context["refused"], status = refused.message, refused.status
        else:
            said = _("Version %s is in force from its day on. Its text never changes any more.")
            messages.success(request, said % version.number)
            return redirect("contracts:versions", contract)
    context |= before_signing(request, context) | {"section_url": reverse("contracts:list")}
    return render(request, "tickets/activate_page.html", context, status=status)


def put_in_force(request: HttpRequest, context: dict[str, Any]) -> None:
    """Sign what the page showed: its text, its day and its gaps."""
    services.activate_version(
        version=context["shown"],
        actor=context["actor"],
        now=timezone.now(),
        accept_gaps=request.POST.get("accept_gaps", ""),
        seen=request.POST.get("seen") or NOTHING,
        seen_on=day_of(request.POST.get("seen_on", "")) or date.min,
    )


def before_signing(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the check, the gaps, the changes, the replay, and what stands in the way."""
    contract, version = context["contract"], context["shown"]
    checked = check_version(version)
    replaced = services.version_in_force(contract, version.effective_on)
    replay = replay_of(version)
    finished = replay is not None and replay.is_finished
    return {
        **told(checked),
        "hindrances": [str(one.message) for one in services.hindrances(contract, version)],
        "against": replaced,
        "changes": changed(replaced, version, money=True) if replaced else [],
        "until": next_after(version, context["versions"]),
        "is_past": version.effective_on < contract.local_date(timezone.now()),
        "replay": replay,
        **(found_in(request, replay, context["versions"]) if replay and finished else {}),
    }


def told(checked: Checked) -> dict[str, Any]:
    """Return in words what was found in a draft, and the seal of its gaps."""
    return {
        "lint": {
            "refusals": [*map(sentence, checked.refusals), *map(differs_sentence, checked.differs)],
            "warnings": [sentence(found) for found in checked.warnings if found.code != "gap"],
        },
        "gaps_told": [(gap_sentence(gap), case_query(gap)) for gap in checked.coverage.gaps],
        "seal": checked.coverage.seal(),
    }


def next_after(version: ContractVersion, versions: list[ContractVersion]) -> ContractVersion | None:
    """Return the version in force that takes over from this one, if one is agreed already."""
    later = [v for v in versions if v.activated_at and v.effective_on > version.effective_on]
    return min(later, key=lambda v: v.effective_on, default=None)
