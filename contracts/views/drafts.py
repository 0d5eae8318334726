"""A draft version: begun from what is in force, written as one document, taken home as a file."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts import services, terms_yaml
from contracts.api.serializers import without_money
from contracts.domain.months import first_of_month, next_month
from contracts.domain.terms import TermsInvalid
from contracts.models import Contract, ContractVersion
from contracts.views.shown import shown_contract
from tenants.errors import Invalid
from tenants.models import Membership

MOST_TEXT = terms_yaml.MOST_BYTES


def writing_desk(request: HttpRequest, contract: Contract) -> Membership:
    """Return the desk at which this person writes drafts; to anybody else there is no such page."""
    desk = next((m for m in request.memberships if services.writes_drafts(m, contract)), None)
    if desk is None:
        raise Http404
    return desk


def drafted(request: HttpRequest, public_id: str, number: int) -> dict[str, Any]:
    """Return what a page of a draft needs; a version in force, or another person's, is 404."""
    context = shown_contract(request, public_id)
    actor = writing_desk(request, context["contract"])
    version = next((v for v in context["versions"] if v.number == number), None)
    if version is None or version.activated_at is not None:
        raise Http404
    return context | {"actor": actor, "shown": version, "query": f"?version={version.number}"}


def document_of(version: ContractVersion) -> dict[str, Any]:
    """Return the whole document as a person writes it, its examples with it."""
    examples = {"examples": version.examples} if version.examples else {}
    return {**version.terms, **examples}


@require_POST
def amend(request: HttpRequest, public_id: str) -> HttpResponse:
    """Begin an amendment: a draft that says what the version in force says, from the next month on."""
    context, now = shown_contract(request, public_id), timezone.now()
    contract = context["contract"]
    actor, origin = writing_desk(request, contract), context["shown"]
    if origin is None:
        raise Http404
    version = begun_from(origin, contract, actor, now)
    messages.success(
        request,
        _("Version %s is a draft. Nothing changes until it is put in force.") % version.number,
    )
    return redirect("contracts:edit", contract.public_id, version.number)


def begun_from(
    origin: ContractVersion, contract: Contract, actor: Membership, now: datetime
) -> ContractVersion:
    """Return a new draft that says what `origin` says, from the next month on."""
    return services.add_version(
        contract=contract,
        effective_on=next_month(first_of_month(contract.local_date(now))),
        document=document_of(origin),
        actor=actor,
        now=now,
    )


@require_http_methods(["GET", "POST"])
def whole_document(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    """Show a draft as one document; what is pasted or sent as a file replaces it, or says why not."""
    context = drafted(request, public_id, number)
    version = context["shown"]
    context |= {"text": terms_yaml.dump(document_of(version)), "seen": version.sha256, "errors": []}
    if request.method == "POST":
        context["seen"], context["text"] = request.POST.get("seen", ""), sent_text(request)
        context["errors"] = errors = take(context, version)
        if not errors:
            messages.success(request, _("The draft is saved."))
            return redirect("contracts:edit", public_id, number)
    status = 422 if context["errors"] else 200
    return render(request, "contracts/yaml_page.html", context, status=status)


def sent_text(request: HttpRequest) -> str:
    """Return the text of the file where there is one, else what stands in the box."""
    upload = request.FILES.get("file")
    if upload is None:
        return request.POST.get("text", "").replace("\r\n", "\n")
    return upload.read(MOST_TEXT + 1).decode(errors="replace")


def take(context: dict[str, Any], version: ContractVersion) -> list[str]:
    """Save the document of the page; return what is wrong with it."""
    try:
        services.replace_draft(
            version=version,
            document=terms_yaml.load(context["text"]),
            actor=context["actor"],
            now=timezone.now(),
            seen=context["seen"],
        )
    except terms_yaml.YamlRefused as wrong:
        return [str(wrong)]
    except TermsInvalid as wrong:
        return list(wrong.errors)
    except services.DraftMovedOn as moved:
        context["seen"] = moved.sha256
        return [moved_on()]
    except Invalid as wrong:
        return [str(wrong.message)]
    return []


def moved_on() -> str:
    return _(
        "Somebody else saved this draft meanwhile. Your text is still here: saving it again replaces theirs."
    )


@require_GET
def terms_file(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    """Give a version as a contract file; a requester's has no money in it, and a client's no draft."""
    context = shown_contract(request, public_id)
    version = next((v for v in context["versions"] if v.number == number), None)
    if version is None:
        raise Http404
    document = document_of(version)
    if not context["sees_cost"]:
        document = without_money(document)
    answer = HttpResponse(terms_yaml.dump(document), content_type="application/yaml; charset=utf-8")
    name = f"{context['contract'].public_id}-v{version.number}.yaml"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
