"""Is it really them? A password is checked under its account's limit, whether there is one or not."""

from datetime import datetime

from django.contrib.auth import authenticate
from django.http import HttpRequest

from tenants.addresses import client_address, net_of
from tenants.models import User
from tenants.services import throttles


def normal(email: str) -> str:
    return email.strip().lower()


def person_with(request: HttpRequest, *, email: str, password: str, now: datetime) -> User | None:
    """
    Return the person if e-mail and password match, else None after one more counted attempt.

    An address that nobody has takes the same path in the same time: its attempts are counted, and a
    password is hashed for it.

    :raises TooManyAttempts: if the account or the place has no attempt left, whatever was typed.
    """
    email, net = normal(email), net_of(client_address(request))
    throttles.check(throttles.NET, net, now)
    throttles.spend(throttles.PASSWORD, email, now)
    user = authenticate(request, username=email, password=password)
    if user is None:
        throttles.spend(throttles.NET, net, now)
        return None
    throttles.forgive(throttles.PASSWORD, email)
    return user
