"""Mailboxes: set up, once they open; changed, closed and opened again. Fetched in `mail_fetch`."""

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotPermitted
from tenants.models import Membership, Tenant
from tenants.oauth import Grant
from tenants.outbound import NotReachable, check_url
from tenants.services import audit, hooks, jobs
from tickets.domain.lifecycle import LEADS
from tickets.domain.mailbox import MailboxPlan, MailSecrets
from tickets.models import Mailbox, MailProblem, MailSecurity, MailSignIn
from tickets.services.imap import NotOpened, opened, trusting
from tickets.services.mail_fetch import POLL
from tickets.services.mail_proof import granted, seal

FIELDS = {  # where the form shows a problem; the server's name where it is about the connection
    MailProblem.TLS: "security",
    MailProblem.NO_STARTTLS: "security",
    MailProblem.FOLDER: "folder",
    MailProblem.TOKEN: "token_url",
    MailProblem.TOKEN_AWAY: "token_url",
    MailProblem.TOKEN_CLIENT: "client_id",
    MailProblem.TOKEN_GRANT: "refresh_token",
    MailProblem.TOKEN_SCOPE: "scope",
}
NEEDED = {  # what each way of signing in must be told
    MailSignIn.PASSWORD: ("user", "password"),
    MailSignIn.CLIENT: ("user", "token_url", "client_id", "client_secret"),
    MailSignIn.REFRESH: ("user", "token_url", "client_id", "refresh_token"),
}


def set_up_mailbox(
    *, tenant: Tenant, actor: Membership, plan: MailboxPlan, secrets: MailSecrets, now: datetime
) -> tuple[Mailbox, str]:
    """
    Open the mailbox once, and set it up; return it with the secret of its door, shown this once.

    :raises NotPermitted: to anybody but a bridge SE or an account manager of the client.
    :raises Invalid: if the address is taken, something is missing, or the mailbox does not open.
    """
    check_lead(tenant.pk, actor)
    check_plan(tenant, plan, secrets)
    grant = try_out(plan, secrets, now)
    return create_mailbox(
        tenant=tenant, actor=actor, plan=plan, secrets=secrets, grant=grant, now=now
    )


@transaction.atomic
def create_mailbox(
    *,
    tenant: Tenant,
    actor: Membership,
    plan: MailboxPlan,
    secrets: MailSecrets,
    now: datetime,
    grant: Grant | None = None,
) -> tuple[Mailbox, str]:
    """Set a mailbox up without a visit; else as above."""
    check_lead(tenant.pk, actor)
    check_plan(tenant, plan, secrets)
    hook, secret = hooks.make(tenant_id=tenant.pk, signed_only=False, now=now)
    mailbox = Mailbox(tenant=tenant, public_id=hook.public_id, by=actor, made_at=now)
    write(mailbox, plan, secrets, grant)
    jobs.enqueue(POLL, tenant_id=tenant.pk, key="recurring")
    audit.record(
        actor=actor, verb="mailbox.created", subject=mailbox, at=now, address=plan.address,
        host=plan.host,
    )  # fmt: skip
    return mailbox, secret


def change_mailbox(
    *, mailbox: Mailbox, actor: Membership, plan: MailboxPlan, secrets: MailSecrets, now: datetime
) -> tuple[Mailbox, str]:
    """
    Reach a mailbox another way, with proof given anew; its address and its letters stay.

    Without a host its door gets a new secret, which is returned and shown this once. Never with what
    is kept: a password must not go to a server that somebody else named. It may refuse as above.
    """
    plan = replace(plan, address=mailbox.address)
    check_lead(mailbox.tenant_id, actor)
    check_plan(None, plan, secrets)
    grant = try_out(plan, secrets, now)
    with transaction.atomic():
        mailbox = Mailbox.objects.select_for_update(of=["self"]).get(pk=mailbox.pk)
        mailbox.problem, mailbox.checked_at = "", None
        write(mailbox, plan, secrets, grant)
        told = {"public_id": mailbox.public_id, "tenant_id": mailbox.tenant_id}
        secret = "" if plan.host else hooks.renew(**told, now=now)
        audit.record(
            actor=actor, verb="mailbox.changed", subject=mailbox, at=now, address=plan.address,
            host=plan.host,
        )  # fmt: skip
    return mailbox, secret


def write(mailbox: Mailbox, plan: MailboxPlan, secrets: MailSecrets, grant: Grant | None) -> None:
    for name in MailboxPlan.__slots__:
        setattr(mailbox, name, getattr(plan, name))
    seal(mailbox, plan, secrets, grant)
    mailbox.save()


@transaction.atomic
def switch_mailbox(*, mailbox: Mailbox, actor: Membership, on: bool, now: datetime) -> Mailbox:
    """Close a mailbox, or open it again."""
    check_lead(mailbox.tenant_id, actor)
    mailbox = Mailbox.objects.select_for_update(of=["self"]).get(pk=mailbox.pk)
    mailbox.disabled_at = None if on else now
    mailbox.save(update_fields=["disabled_at"])
    hooks.close(public_id=mailbox.public_id, tenant_id=mailbox.tenant_id, now=mailbox.disabled_at)
    verb = "mailbox.enabled" if on else "mailbox.disabled"
    audit.record(actor=actor, verb=verb, subject=mailbox, at=now)
    return mailbox


def check_lead(tenant_id: int, actor: Membership) -> None:
    if actor.tenant_id != tenant_id or actor.role not in LEADS:
        raise NotPermitted(_("Only a bridge SE or an account manager sets up mailboxes."))


def check_plan(tenant: Tenant | None, plan: MailboxPlan, secrets: MailSecrets) -> None:
    """Check what can be checked without asking anybody; with a tenant, that the address is free."""
    if tenant and Mailbox.objects.filter(tenant=tenant, address__iexact=plan.address).exists():
        raise Invalid(_("This client has a mailbox with this address."), field="address")
    if not plan.host:
        return
    for name in NEEDED[MailSignIn(plan.sign_in)]:
        if not (getattr(plan, name, "") or getattr(secrets, name, "")):
            raise Invalid(_("This way of signing in needs it."), field=name)
    if plan.security == MailSecurity.PLAIN and plan.host not in settings.OUTBOUND_PRIVATE_HOSTS:
        raise Invalid(_("A password is not sent without encryption."), field="security")
    check_texts(plan, secrets)
    if plan.sign_in != MailSignIn.PASSWORD:
        try:
            check_url(plan.token_url)
        except NotReachable:
            told = _("Write an address that begins with https:// and has no port.")
            raise Invalid(told, field="token_url") from None
    try:
        trusting(plan.ca)
    except NotOpened:
        raise Invalid(_("This is no certificate in PEM."), field="ca") from None


def check_texts(plan: MailboxPlan, secrets: MailSecrets) -> None:
    """Refuse a line break or another control character: the next line would be a command of IMAP."""
    told = {name: getattr(plan, name) for name in ("host", "user", "folder", "client_id", "scope")}
    told |= {name: getattr(secrets, name) for name in MailSecrets.__slots__}
    for name, text in told.items():
        if not text.isprintable():
            raise Invalid(_("Write it without line breaks."), field=name)


def try_out(plan: MailboxPlan, secrets: MailSecrets, now: datetime) -> Grant | None:
    """
    Open the mailbox and leave it again; return the access token that was asked for.

    :raises Invalid: if it does not open, in words, at the field that is to be looked at.
    """
    if not plan.host:
        return None
    try:
        grant = None
        if plan.sign_in != MailSignIn.PASSWORD:
            grant = granted(plan, secrets, now)
        with opened(plan, grant.access if grant else secrets.password):
            return grant
    except NotOpened as error:
        raise Invalid(str(error.problem.label), field=field_of(error.problem, plan)) from None


def field_of(problem: MailProblem, plan: MailboxPlan) -> str:
    if problem == MailProblem.SIGN_IN:
        return "password" if plan.sign_in == MailSignIn.PASSWORD else "user"
    return FIELDS.get(problem, "host")
