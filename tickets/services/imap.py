"""
IMAP as far as a mailbox needs it: to the address that was checked, encrypted, its server proved.

Whatever goes wrong becomes one of `MailProblem`: what a server says may hold anything, and stands
nowhere. Before the certificate is proved nothing is sent that proves us.
"""

import imaplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tenants.outbound import TIMEOUT, NotReachable, public_address
from tickets.domain.mailbox import MailboxPlan, folder_name
from tickets.models import MailProblem, MailSecurity, MailSignIn

CERTIFICATE = {  # of OpenSSL's X509_V_ERR_*
    7: MailProblem.ISSUER,
    9: MailProblem.EXPIRED, 10: MailProblem.EXPIRED,
    18: MailProblem.ISSUER, 19: MailProblem.ISSUER, 20: MailProblem.ISSUER, 21: MailProblem.ISSUER,
    62: MailProblem.NAME, 64: MailProblem.NAME,
}  # fmt: skip


class NotOpened(Exception):
    """A mailbox is not opened, or not any more; `problem` says why."""

    def __init__(self, problem: MailProblem) -> None:
        self.problem = problem
        super().__init__(problem.value)


@contextmanager
def naming_problems() -> Iterator[None]:
    """:raises NotOpened: in place of what sockets, TLS and `imaplib` raise."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise NotOpened(CERTIFICATE.get(error.verify_code, MailProblem.CERTIFICATE)) from None
    except ssl.SSLError:
        raise NotOpened(MailProblem.TLS) from None
    except NotReachable:
        raise NotOpened(MailProblem.INSIDE) from None
    except (OSError, UnicodeError):  # UnicodeError: a name that cannot be one of a host
        raise NotOpened(MailProblem.AWAY) from None
    except imaplib.IMAP4.error:
        raise NotOpened(MailProblem.PROTOCOL) from None


@contextmanager
def opened(plan: MailboxPlan, proof: str) -> Iterator[imaplib.IMAP4]:
    """
    Open the mailbox's folder with a password or an access token.

    :raises NotOpened: if it cannot be, or the server goes away in the middle.
    """
    with naming_problems():
        context = trusting(plan.ca)
        secure = context if plan.security == MailSecurity.TLS else None
        box = Imap(plan.host, plan.port, secure)
        try:
            if plan.security == MailSecurity.STARTTLS:
                start_tls(box, context)
            enter(box, plan, proof)
            kind, _found = box.select(folder_name(plan.folder))
            if kind != "OK":
                raise NotOpened(MailProblem.FOLDER)
            yield box
        finally:
            with suppress(OSError):  # a handshake that failed has closed it already
                box.shutdown()


def trusting(ca: str) -> ssl.SSLContext:
    """
    Return what checks a server's certificate: by the system's list, or by these issuers alone.

    :raises NotOpened: if `ca` is no certificate.
    """
    try:
        return ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError):
        raise NotOpened(MailProblem.ISSUER) from None


def start_tls(box: imaplib.IMAP4, context: ssl.SSLContext) -> None:
    """Encrypt, or stop: a server that offers no STARTTLS may be somebody who took it away."""
    try:
        box.starttls(context)
    except imaplib.IMAP4.error:
        raise NotOpened(MailProblem.NO_STARTTLS) from None


def enter(box: imaplib.IMAP4, plan: MailboxPlan, proof: str) -> None:
    try:
        if plan.sign_in != MailSignIn.PASSWORD:
            box.authenticate("XOAUTH2", once(f"user={plan.user}\1auth=Bearer {proof}\1\1"))
        elif (plan.user + proof).isascii():
            box.login(plan.user, proof)
        else:
            box.authenticate("PLAIN", once(f"\0{plan.user}\0{proof}"))
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise NotOpened(MailProblem.SIGN_IN) from None


def once(said: str) -> Callable[[bytes], bytes]:
    """Answer the first challenge; the second holds why we are refused, and is answered with nothing."""
    answers = iter([said.encode()])
    return lambda _challenge: next(answers, b"")


class Imap(imaplib.IMAP4):
    """IMAP to an address of the open internet, under the name that was told."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        self.context = context
        super().__init__(host, port, TIMEOUT)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((public_address(self.host, self.port), self.port), timeout)
        if self.context is None:
            return plain
        return self.context.wrap_socket(plain, server_hostname=self.host)
