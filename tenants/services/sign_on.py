"""Whose account at the provider of single sign-on it is: bound once, by an e-mail that is vouched for."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tenants.errors import Refused
from tenants.models import SignOn, User
from tenants.provider import Told
from tenants.services import people
from tenants.services.signing_in import normal


class NotVouchedFor(Refused):
    """The provider does not say that the e-mail is the person's."""

    code = "not_vouched_for"


class NobodyHere(Refused):
    """No person has this e-mail, or their account is closed."""

    code = "nobody_here"


class SomebodyElse(Refused):
    """The person is bound to another account at this provider."""

    code = "somebody_else"


@transaction.atomic
def person_of(told: Told, now: datetime) -> User:
    """
    Return the person that the provider's account is bound to; bind it if it is new.

    :raises NotVouchedFor: if it is new and its e-mail is not vouched for.
    :raises NobodyHere: if nobody in use has the e-mail, or the account was closed.
    :raises SomebodyElse: if the person is bound to another account there.
    """
    bound = SignOn.objects.filter(issuer=told.issuer, subject=told.subject).first()
    if bound is None:
        return bind(told, now)
    user = User.objects.get(pk=bound.user_id)
    if not user.is_active:
        raise NobodyHere(_("Your account here is closed. An account manager can invite you again."))
    return user


def bind(told: Told, now: datetime) -> User:
    if not told.email:
        raise NotVouchedFor(
            _(
                "Your e-mail address is not confirmed there, so it proves nothing here."
                " Confirm it there, or sign in with your password."
            )
        )
    user = User.objects.select_for_update().filter(email=normal(told.email), is_active=True).first()
    if user is None:
        raise NobodyHere(
            _(
                "Nobody here has the address %(email)s. If you were invited, open the link"
                " in that e-mail first; else ask your account manager."
            )
            % {"email": told.email}
        )
    try:
        with transaction.atomic():
            row = SignOn.objects.create(
                user=user, issuer=told.issuer, subject=told.subject, email=user.email, bound_at=now
            )
    except IntegrityError as taken:
        raise SomebodyElse(
            _(
                "You signed in here with another account of theirs before."
                " Sign in with your password, and take that one off under My settings."
            )
        ) from taken
    people.note(user, "member.sign_on_bound", now, issuer=row.issuer)
    return user


@transaction.atomic
def unbind(*, user: User, public_id: str, now: datetime) -> bool:
    """Take a binding off; False where the person has no such."""
    row = SignOn.objects.select_for_update().filter(user=user, public_id=public_id).first()
    if row is None:
        return False
    row.delete()
    people.note(user, "member.sign_on_removed", now, issuer=row.issuer)
    return True


def of(user: User) -> list[SignOn]:
    """Return the accounts elsewhere that sign this person in, the oldest first."""
    return list(SignOn.objects.filter(user=user).order_by("bound_at"))
