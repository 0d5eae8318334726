"""A mail server that refuses, waits, or says nothing: tried again later, with one Message-ID."""

import re
import socket
import threading
from collections.abc import Iterator

import pytest
from django.core import mail
from django.utils import timezone

from tenants.models import Job
from tenants.services import jobs
from tickets.models import Notification

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]
YES, LATER, NEVER = "250 ok", "451 come back later", "550 no such mailbox"


class Server(threading.Thread):
    """Speaks as much SMTP as is needed; `answers` to RCPT are used up, then it says yes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.answers: list[str] = []
        self.received: list[str] = []
        self.start()

    def run(self) -> None:
        while True:
            try:
                link, _address = self.door.accept()
            except OSError:
                return
            with link:
                self.talk(link)

    def talk(self, link: socket.socket) -> None:
        lines = link.makefile("r", newline="\r\n")
        answer = self.answers.pop(0) if self.answers else YES
        if not answer:
            lines.readline()  # takes the call and says nothing
            return
        link.sendall(b"220 hello\r\n")
        for line in lines:
            verb = line[:4].upper()
            said = answer if verb == "RCPT" else YES
            if verb == "DATA":
                link.sendall(b"354 go on\r\n")
                self.received.append("".join(iter(lines.readline, ".\r\n")))
            link.sendall(f"{said}\r\n".encode())
            if verb == "QUIT":
                return


@pytest.fixture
def server(settings) -> Iterator[Server]:
    made = Server()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
    settings.EMAIL_TIMEOUT = 1
    yield made
    made.door.shutdown(socket.SHUT_RDWR)
    made.door.close()


@pytest.fixture
def letter(client, server) -> Job:
    """The job of one e-mail that waits to be sent."""
    client.open(actor=client.bridge_se)
    for job in Job.objects.filter(kind="notices.tell"):
        jobs.run(job.pk)
    return Job.objects.filter(kind="notices.mail").order_by("pk").first()


def again(job: Job) -> bool:
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now())
    return jobs.run(job.pk)


def ids(server: Server) -> list[str]:
    return [re.search(r"Message-ID: (\S+)", text)[1] for text in server.received]


@pytest.mark.parametrize("answer", [LATER, NEVER, ""], ids=["greylisted", "refused", "mute"])
def test_what_did_not_leave_is_tried_again_and_leaves_once(server, letter, answer):
    server.answers = [answer]

    assert jobs.run(letter.pk) is False
    letter.refresh_from_db()
    assert (letter.state, letter.attempts, server.received) == ("waiting", 1, [])
    assert again(letter)
    assert again(letter) is False
    assert len(server.received) == 1


def test_killed_between_the_servers_yes_and_the_commit_it_has_the_same_message_id(
    server, letter, monkeypatch
):
    def killed(_notices) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("tickets.services.notice_mail.done", killed)
        with pytest.raises(SystemExit):
            jobs.run(letter.pk)
    long_ago = timezone.now() - 2 * jobs.STALE_AFTER
    Job.objects.filter(pk=letter.pk).update(heartbeat_at=long_ago, state="running")
    assert jobs.run(letter.pk)

    assert len(ids(server)) == 2
    assert len(set(ids(server))) == 1
    assert Notification.objects.exclude(mailed_at=None).count() == 1
    assert not getattr(mail, "outbox", [])


def test_a_mailbox_that_never_takes_it_makes_a_dead_job_that_somebody_sees(server, letter):
    server.answers = [NEVER] * 9
    for _attempt in range(jobs.MOST_ATTEMPTS):
        assert again(letter) is False

    letter.refresh_from_db()
    assert (letter.state, server.received) == ("dead", [])
