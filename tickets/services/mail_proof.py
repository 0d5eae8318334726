"""
What proves us to a mailbox: a password, or an access token that is asked for when the last ends.

Passwords, secrets and tokens stand encrypted (`tenants.vault`) and in no answer, audit or log.
"""

import json
from dataclasses import asdict
from datetime import datetime

from tenants import oauth
from tenants.oauth import Application, Grant, NoToken
from tenants.outbound import NotReachable
from tenants.vault import vault
from tickets.domain.mailbox import MailboxPlan, MailSecrets
from tickets.models import Mailbox, MailProblem, MailSignIn
from tickets.services.imap import NotOpened

USE = "mailbox"
REFUSED = {
    "invalid_client": MailProblem.TOKEN_CLIENT,
    "unauthorized_client": MailProblem.TOKEN_CLIENT,
    "invalid_grant": MailProblem.TOKEN_GRANT,
    "invalid_scope": MailProblem.TOKEN_SCOPE,
}


def plan_of(mailbox: Mailbox) -> MailboxPlan:
    return MailboxPlan(**{name: getattr(mailbox, name) for name in MailboxPlan.__slots__})


def sealed(text: str) -> str:
    return vault(USE).encrypt(text.encode()).decode()


def unsealed(text: str) -> str:
    return vault(USE).decrypt(text.encode()).decode()


def seal(mailbox: Mailbox, plan: MailboxPlan, secrets: MailSecrets, grant: Grant | None) -> None:
    """Put on a row what proves us; without a host nothing does."""
    mailbox.sealed, mailbox.access_sealed, mailbox.access_until = "", "", None
    if plan.host and plan.sign_in == MailSignIn.PASSWORD:
        mailbox.sealed = sealed(secrets.password)
    elif plan.host:
        mailbox.sealed = sealed(json.dumps(asdict(secrets)))
        if grant:
            keep(mailbox, secrets, grant)


def keep(mailbox: Mailbox, secrets: MailSecrets, grant: Grant) -> None:
    """Put an access token on a row, and the refresh token where the server gave another."""
    mailbox.access_sealed, mailbox.access_until = sealed(grant.access), grant.until
    if grant.refresh != secrets.refresh_token:
        mailbox.sealed = sealed(json.dumps(asdict(secrets) | {"refresh_token": grant.refresh}))


def proof_of(mailbox: Mailbox, now: datetime) -> str:
    """
    Return the password, or an access token that is still good; a new one stands in the row.

    :raises NotOpened: if the token server gives none.
    """
    told = unsealed(mailbox.sealed)
    if mailbox.sign_in == MailSignIn.PASSWORD:
        return told
    if mailbox.access_until and now < mailbox.access_until:
        return unsealed(mailbox.access_sealed)
    secrets = MailSecrets(**json.loads(told))
    grant = granted(plan_of(mailbox), secrets, now)
    keep(mailbox, secrets, grant)
    mailbox.save(update_fields=["sealed", "access_sealed", "access_until"])
    return grant.access


def forget(mailbox: Mailbox) -> None:
    """Let the next visit ask for a new access token: this one was refused before its time."""
    mailbox.access_sealed, mailbox.access_until = "", None
    mailbox.save(update_fields=["access_sealed", "access_until"])


def granted(plan: MailboxPlan, secrets: MailSecrets, now: datetime) -> Grant:
    """:raises NotOpened: if the token server gives no access token."""
    refresh = secrets.refresh_token if plan.sign_in == MailSignIn.REFRESH else ""
    application = Application(
        plan.token_url, plan.client_id, secrets.client_secret, plan.scope, refresh
    )
    try:
        return oauth.granted(application, now)
    except NotReachable:
        raise NotOpened(MailProblem.TOKEN_AWAY) from None
    except NoToken as error:
        raise NotOpened(REFUSED.get(error.error, MailProblem.TOKEN)) from None
