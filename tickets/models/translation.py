from django.db import models
from django.db.models import Q

from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey, TenantOwned
from tickets.models.comment import Comment


class Translation(AppendOnly):
    """What a comment says in another language; of several in one language the newest is shown."""

    comment = TenantForeignKey(Comment, related_name="translations")
    language = models.CharField(max_length=5)
    body = models.TextField()
    by = TenantForeignKey(Membership, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(condition=~Q(body=""), name="a_translation_says_something")
        ]
        indexes = [models.Index(fields=["tenant", "comment", "id"], name="translation_by_comment")]
        ordering = ["pk"]


class GlossaryTerm(Addressable, TenantOwned):
    """One thing under its agreed name in each language of a client's people and ours."""

    ja = models.CharField(max_length=120, blank=True)
    en = models.CharField(max_length=120, blank=True)
    vi = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)
    changed_by = TenantForeignKey(Membership, related_name="+")
    changed_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ja", "en", "vi"], name="glossary_term_stands_once"
            ),
            models.CheckConstraint(
                condition=(~Q(ja="") & ~Q(en=""))
                | (~Q(ja="") & ~Q(vi=""))
                | (~Q(en="") & ~Q(vi="")),
                name="glossary_term_has_two_languages",
            ),
        ]
        ordering = ["en", "ja", "vi"]

    def __str__(self) -> str:
        return " · ".join(word for word in (self.ja, self.en, self.vi) if word)
