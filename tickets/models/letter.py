from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Addressable, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.models.ticket import Ticket

EMPTY = {"blank": True, "default": "", "db_default": ""}  # for rows of the release before, too


class MailSecurity(models.TextChoices):
    TLS = "tls", "TLS (993)"
    STARTTLS = "starttls", "STARTTLS (143)"
    PLAIN = "plain", _("None: inside only")


class MailSignIn(models.TextChoices):
    PASSWORD = "password", _("User and password")
    CLIENT = "client", _("OAuth 2.0: the application itself (client credentials)")
    REFRESH = "refresh", _("OAuth 2.0: for a person (refresh token)")


class MailProblem(models.TextChoices):
    """Why a mailbox was not opened. What its server said may hold anything, and is not kept."""

    AWAY = "away", _("The server does not answer at this name and port.")
    INSIDE = "inside", _("The server is not on the open internet, and no setting allows it.")
    ISSUER = "issuer", _("Nobody whom this portal trusts has signed the server's certificate.")
    NAME = "name", _("The server's certificate is for another name.")
    EXPIRED = "expired", _("The server's certificate is not valid today.")
    CERTIFICATE = "certificate", _("The server's certificate does not prove the server.")
    TLS = "tls", _("The server speaks no TLS there. Nothing was sent to it.")
    NO_STARTTLS = "no_starttls", _("The server offers no STARTTLS. Nothing was sent to it.")
    SIGN_IN = "sign_in", _("The server refuses this user with this proof.")
    FOLDER = "folder", _("There is no such folder.")
    PROTOCOL = "protocol", _("The server does not speak IMAP as it should.")
    TOKEN_AWAY = "token_away", _("The token server does not answer.")
    TOKEN_CLIENT = "token_client", _("The token server does not know this application.")
    TOKEN_GRANT = "token_grant", _("The token server takes this refresh token no more.")
    TOKEN_SCOPE = "token_scope", _("The token server does not give this scope.")
    TOKEN = "token", _("The token server gave no token.")


class Mailbox(Addressable, TenantOwned):
    """
    An address of one client's desk: fetched by IMAP, or posted by a mail provider at its door.

    The client is the mailbox's; nothing that a letter says names another. Its door (`tenants.Hook`)
    has the same public id.
    """

    address = models.EmailField(help_text="Letters to it, and answers to what we send from it.")
    host = models.CharField(max_length=200, blank=True, help_text="Empty: a provider posts.")
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(
        max_length=8, choices=MailSecurity.choices, default=MailSecurity.TLS
    )
    ca = models.TextField(**EMPTY, help_text="PEM of who signs its certificate, if not public.")
    sign_in = models.CharField(
        max_length=8,
        choices=MailSignIn.choices,
        default=MailSignIn.PASSWORD,
        db_default=MailSignIn.PASSWORD,
    )
    user = models.CharField(max_length=200, blank=True)
    sealed = models.TextField(
        blank=True,
        help_text="Encrypted: the password; with OAuth, JSON of secret and refresh token.",
    )
    token_url = models.CharField(max_length=300, **EMPTY)
    client_id = models.CharField(max_length=200, **EMPTY)
    scope = models.CharField(max_length=300, **EMPTY)
    access_sealed = models.TextField(**EMPTY, help_text="The last access token, encrypted.")
    access_until = models.DateTimeField(null=True)
    folder = models.CharField(max_length=100, default="INBOX")
    by = TenantForeignKey(Membership, related_name="+")
    made_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    problem = models.CharField(
        max_length=120, choices=MailProblem.choices, blank=True, help_text="Why it was not opened."
    )
    disabled_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "address"], name="mailbox_address_is_unique"),
            models.CheckConstraint(
                condition=Q(host="") | ~Q(sealed=""), name="a_fetched_mailbox_has_a_password"
            ),
        ]
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address


class LetterState(models.TextChoices):
    DRAFT = "draft", _("Waits for the desk")
    QUARANTINED = "quarantined", _("In quarantine")
    COMMENTED = "commented", _("On its ticket")
    OPENED = "opened", _("Became a ticket")
    DROPPED = "dropped", _("Automatic, dropped")
    DISCARDED = "discarded", _("Discarded")


class LetterReason(models.TextChoices):
    """Why a letter is where it is."""

    NONE = "", ""
    UNKNOWN = "unknown_sender", _("Nobody of this client has this address.")
    NOT_A_MEMBER = "not_a_member", _("It answers our mail, from an address of nobody here.")
    NOT_PROVED = "not_proved", _("It claims to answer a ticket and does not prove it.")
    VENDOR = "vendor", _("From the vendor's own team.")
    MANY = "many", _("Too many from this address within an hour.")
    FORGED = "forged", _("The mail server says that the sender is forged.")
    BROKEN = "broken", _("It cannot be read.")
    AUTOMATIC = "automatic", _("No person wrote it.")
    OWN = "own", _("We sent it ourselves.")
    REFUSED = "refused", _("The ticket did not take it.")


WAITING = (LetterState.DRAFT, LetterState.QUARANTINED)


class LetterQuerySet(TenantQuerySet):
    def waiting(self) -> "LetterQuerySet":
        return self.filter(state__in=WAITING)

    def for_list(self) -> "LetterQuerySet":
        rows = self.select_related("tenant", "mailbox", "member__user", "ticket")
        return rows.order_by("-received_at", "-pk")


class Letter(Addressable, TenantOwned):
    """One letter that came in, whatever became of it; the same one twice is one row."""

    mailbox = TenantForeignKey(Mailbox, related_name="letters")
    message_id = models.CharField(max_length=250)
    uid = models.CharField(max_length=60, blank=True, help_text="Of IMAP: validity and number.")
    sender = models.CharField(max_length=254, blank=True)
    sender_name = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    received_at = models.DateTimeField(help_text="By our mail server, not by the letter.")
    taken_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=LetterState.choices)
    reason = models.CharField(max_length=16, choices=LetterReason.choices, blank=True)
    member = TenantForeignKey(Membership, null=True, related_name="+")
    ticket = TenantForeignKey(Ticket, null=True, related_name="letters")
    files = models.JSONField(default=list, help_text="Stored files that have no row yet.")
    refused = models.JSONField(default=list, help_text="Names of files that were not taken.")
    decided_by = TenantForeignKey(Membership, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = TenantManager.of(LetterQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "mailbox", "message_id"], name="a_letter_is_taken_in_once"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["commented", "opened"]) | ~Q(ticket=None),
                name="a_letter_on_a_ticket_names_it",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "received_at"], name="letter_by_receipt"),
            models.Index(fields=["tenant", "sender", "taken_at"], name="letter_by_sender"),
        ]

    def __str__(self) -> str:
        return self.message_id
