from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.models.ticket import Ticket


class FaqStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("FAQ", "Draft")
    PUBLISHED = "published", pgettext_lazy("FAQ", "Published")
    RETIRED = "retired", pgettext_lazy("FAQ", "Retired")


class FaqUseKind(models.TextChoices):
    ANSWERED = "answered", _("Answered a ticket")
    DEFLECTED = "deflected", _("Answered before a ticket was opened")


class FaqQuerySet(TenantQuerySet):
    def published(self) -> "FaqQuerySet":
        return self.filter(status=FaqStatus.PUBLISHED)

    def for_list(self) -> "FaqQuerySet":
        """Load what a list shows, with how often each answered a ticket, or saved one."""
        return (
            self.select_related("tenant")
            .prefetch_related("texts")
            .annotate(
                answered=Count("uses", filter=Q(uses__kind=FaqUseKind.ANSWERED)),
                deflected=Count("uses", filter=Q(uses__kind=FaqUseKind.DEFLECTED)),
            )
            .order_by("tenant__name", "-changed_at", "-pk")
        )


class FaqEntry(Addressable, TenantOwned):
    """A question that a client's people ask again and again, answered once in their languages."""

    system = models.CharField(max_length=60, blank=True, help_text="Empty: of no one system.")
    status = models.CharField(max_length=10, choices=FaqStatus.choices, default=FaqStatus.DRAFT)
    changed_by = TenantForeignKey(Membership, related_name="+")
    changed_at = models.DateTimeField()

    objects = TenantManager.of(FaqQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=FaqStatus.values), name="faq_status_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def text_in(self, *languages: str) -> "FaqText | None":
        """Return the text in the first of these languages that it has, else in any."""
        texts = {text.language: text for text in self.texts.all()}
        found = (texts[language] for language in (*languages, "en") if language in texts)
        return next(found, next(iter(texts.values()), None))


class FaqText(TenantOwned):
    """An entry in one language."""

    entry = TenantForeignKey(FaqEntry, related_name="texts")
    language = models.CharField(max_length=5)
    title = models.CharField(max_length=200)
    answer = models.TextField()
    searched = models.TextField(help_text="Title and answer as the search reads them.")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "entry", "language"], name="a_faq_entry_has_one_text_a_language"
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(answer=""), name="a_faq_text_asks_and_answers"
            ),
        ]
        ordering = ["language"]

    def __str__(self) -> str:
        return self.title


class FaqUse(AppendOnly):
    """What an entry was good for: it answered a ticket, or somebody who then opened none."""

    entry = TenantForeignKey(FaqEntry, related_name="uses")
    kind = models.CharField(max_length=10, choices=FaqUseKind.choices)
    ticket = TenantForeignKey(Ticket, null=True, related_name="faq_uses")
    by = TenantForeignKey(Membership, related_name="+")
    at = models.DateTimeField()
    on = models.DateField(help_text="In the portal's zone: one person is saved once a day by it.")

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="answered", ticket__isnull=False)
                | Q(kind="deflected", ticket__isnull=True),
                name="a_faq_entry_answers_a_ticket_or_saves_one",
            ),
            models.UniqueConstraint(
                fields=["tenant", "entry", "ticket"],
                condition=Q(kind="answered"),
                name="a_faq_entry_answers_a_ticket_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "entry", "by", "on"],
                condition=Q(kind="deflected"),
                name="a_faq_entry_saves_a_person_once_a_day",
            ),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.kind}"
