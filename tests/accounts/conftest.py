"""A person with a password, and the mails that were sent."""

import re

import pytest
from django.db import transaction
from django.utils import timezone

from tenants.models import Job, User
from tenants.services import jobs
from tests.factories import MembershipFactory, UserFactory

PASSWORD = "a long enough sentence"


def person_called(email: str, **fields) -> User:
    person = UserFactory(email=email, name="Yuki", **fields)
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def yuki(acme) -> User:
    """A service owner of acme who signs in by password."""
    person = person_called("yuki@example.com")
    MembershipFactory(tenant=acme, user=person, service_owner=True)
    return person


@pytest.fixture
def post(mailoutbox):
    """Do the jobs that send mail, as a worker would, and return what was sent so far."""

    def send() -> list:
        due = Job.objects.filter(kind__startswith="mail.", state="waiting")
        for pk in due.order_by("pk").values_list("pk", flat=True):
            assert jobs.run(pk)
        return mailoutbox

    return send


def link_in(mail) -> str:
    """Return the path of the link in a mail, with its secret."""
    return re.search(r"https?://[^/]+(/\S+)", mail.body).group(1)


def secret_in(mail) -> str:
    return link_in(mail).partition("?k=")[2]


def committed(function, **kwargs):
    with transaction.atomic():
        return function(**kwargs, now=timezone.now())
