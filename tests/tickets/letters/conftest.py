from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.portal.desk import desk_of
from tests.tickets import mail_servers
from tests.tickets.certificates import Authority
from tests.tickets.letters.boxes import HOST, TOKEN
from tickets.models import Ticket


@pytest.fixture(autouse=True)
def our_domain(settings):
    settings.PORTAL_URL = "https://portal.example.com"
    settings.OUTBOUND_PRIVATE_HOSTS = [HOST]


@pytest.fixture
def desk(acme):
    return desk_of(acme)


@pytest.fixture
def ticket(desk) -> Ticket:
    return desk.open(received_at=timezone.now() - timedelta(minutes=5))


@pytest.fixture(scope="package")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="package")
def imap_server(authority) -> Iterator[int]:
    """A server with STARTTLS and XOAUTH2, its certificate for 127.0.0.1, and a few letters."""
    with mail_servers.serving(authority.for_server(HOST), token=TOKEN) as port:
        yield port


@pytest.fixture
def imap(imap_server) -> int:
    """The port of that server, no letter of which was read."""
    with mail_servers.signed_in(imap_server, mail_servers.PASSWORD) as box:
        box.select("INBOX")
        box.store("1:*", "-FLAGS.SILENT", r"(\Seen)")
    return imap_server
