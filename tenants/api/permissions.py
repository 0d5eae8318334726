"""What a token may do: read, write and approve, each by itself. The desk is the command's affair."""

from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tenants.fresh import is_fresh
from tenants.models import Verb


class MayDo(BasePermission):
    """Somebody is there, and their token, where they use one, has the verb of the action."""

    def has_permission(self, request: Request, view) -> bool:
        if not request.user.is_authenticated:
            return False
        token, verb = request.auth, verb_of(request, view)
        if token is None:
            return verb != Verb.APPROVE or self.proved_lately(request)
        if verb in token.verbs:
            return True
        self.message = said(verb)
        return False

    def proved_lately(self, request: Request) -> bool:
        """Whether the session that approves is as fresh as the pages ask for (tenants/fresh.py)."""
        self.message = _("Your last sign-in is some time ago. Sign in again for this step.")
        return is_fresh(request)


def verb_of(request: Request, view) -> str:
    if verb := getattr(view, "verb", None):
        return verb
    return Verb.READ if request.method in SAFE_METHODS else Verb.WRITE


def said(verb: str) -> str:
    return {
        Verb.READ: _("This token may not read. Make one that may."),
        Verb.WRITE: _("This token may not write. Make one that may."),
        Verb.APPROVE: _("This token may not approve. Make one that may."),
    }[Verb(verb)]
