"""What was said, in the other side's language, and the words that both sides agreed on."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotPermitted
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Comment, GlossaryTerm, Translation
from tickets.services.guard import begin, command

LONGEST = 5000
LANGUAGES = [code for code, _name in settings.LANGUAGES]


@command
def translate_comment(
    *, comment: Comment, actor: Membership, language: str, body: str, now: datetime
) -> Translation:
    """
    Put a comment into another language. Earlier translations stay; the newest is shown.

    It is no reply: the acknowledge clock runs on.

    :raises Invalid: if the text is empty or too long, or `language` is the comment's own or unknown.
    """
    if not body.strip():
        raise Invalid(_("Write the translation first."), field="body")
    if len(body) > LONGEST:
        raise Invalid(_("The translation is too long: at most 5000 characters."), field="body")
    if language not in LANGUAGES:
        raise Invalid(_("Choose one of the portal's languages."), field="language")
    if language == comment.language:
        raise Invalid(_("The message is in this language already."), field="language")
    ticket = begin(comment.ticket_id, actor, Action.TRANSLATE)
    row = Translation.objects.create(
        tenant_id=ticket.tenant_id,
        comment=comment,
        language=language,
        body=body,
        by=actor,
        at=now,
    )
    audit.record(
        actor=actor,
        verb="comment.translated",
        subject=ticket,
        at=now,
        comment=comment.pk,
        language=language,
        lane=comment.lane,
    )
    return row


@command
def save_term(
    *,
    actor: Membership,
    now: datetime,
    ja: str = "",
    en: str = "",
    vi: str = "",
    note: str = "",
    term: GlossaryTerm | None = None,
) -> GlossaryTerm:
    """
    Write a term into the glossary of the actor's client, or change the `term` that is there.

    :raises Invalid: if it has fewer than two languages, or stands there already.
    """
    check_glossary_actor(actor, term)
    words = {"ja": ja.strip(), "en": en.strip(), "vi": vi.strip()}
    if sum(bool(word) for word in words.values()) < 2:
        raise Invalid(_("Write the term in two languages at least."), field="en")
    row = term or GlossaryTerm(tenant_id=actor.tenant_id)
    before = {name: getattr(row, name) for name in (*words, "note")}
    after = {**words, "note": note.strip()}
    for name, value in {**after, "changed_by": actor, "changed_at": now}.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Invalid(_("This term is in the glossary already."), field="en") from error
    audit.record(
        actor=actor,
        verb="glossary.changed" if term else "glossary.added",
        subject=row,
        at=now,
        before=before if term else None,
        after=after,
    )
    return row


@command
def remove_term(*, term: GlossaryTerm, actor: Membership, now: datetime) -> None:
    """Take a term out of the glossary; what it said stays in the audit trail."""
    check_glossary_actor(actor, term)
    before = {name: getattr(term, name) for name in ("ja", "en", "vi", "note")}
    audit.record(actor=actor, verb="glossary.removed", subject=term, at=now, before=before)
    term.delete()


def check_glossary_actor(actor: Membership, term: GlossaryTerm | None) -> None:
    if not actor.is_vendor:
        raise NotPermitted(_("The vendor's team keeps the glossary."))
    if term is not None and term.tenant_id != actor.tenant_id:
        raise NotPermitted(_("You have no desk at this client."))
