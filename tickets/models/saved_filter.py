from django.db import models
from django.db.models import Q

from tenants.models import Addressable, User


class SavedFilter(Addressable):
    """
    A question to the queue that a person asks again and again; nobody else sees it.

    A directory table, like the person: it belongs to no client, for it asks all of theirs.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=400, help_text="The address's own: status=open&text=...")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="saved_filter_name_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="a_saved_filter_has_a_name"),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
