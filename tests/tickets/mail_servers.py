"""A real SMTP server that delivers into a real IMAP server, both of this machine and this test run."""

import imaplib
import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from aiosmtpd.controller import Controller

USER, PASSWORD = "desk", "a-password-for-the-tests"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass
class Servers:
    """Where mail is sent to and fetched from."""

    smtp_port: int
    imap_port: int

    def send(self, letter: EmailMessage | bytes, to: str, sender: str = "x@acme.example") -> None:
        """Send a letter by SMTP, as it is."""
        raw = letter if isinstance(letter, bytes) else letter.as_bytes(policy=SMTP)
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as smtp:
            smtp.sendmail(sender, [to], raw)

    @contextmanager
    def inbox(self) -> Iterator[imaplib.IMAP4]:
        box = imaplib.IMAP4("127.0.0.1", self.imap_port)
        try:
            box.login(USER, PASSWORD)
            box.select("INBOX")
            yield box
        finally:
            box.logout()

    def unseen(self) -> int:
        with self.inbox() as box:
            return len(box.uid("SEARCH", "UNSEEN")[1][0].split())

    def empty(self) -> None:
        with self.inbox() as box:
            box.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
            box.expunge()


class Deliver:
    """What the SMTP server does with a letter: the trace header, and into the mailbox."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers

    async def handle_DATA(self, server, session, envelope) -> str:
        with self.servers.inbox() as box:
            for recipient in envelope.rcpt_tos:
                raw = f"Delivered-To: {recipient}\r\n".encode() + envelope.content
                box.append("INBOX", "", imaplib.Time2Internaldate(time.time()), raw)
        return "250 Delivered"


@contextmanager
def signed_in(port: int, password: str) -> Iterator[imaplib.IMAP4]:
    box = imaplib.IMAP4("127.0.0.1", port)
    try:
        box.authenticate("PLAIN", lambda _challenge: f"\0{USER}\0{password}".encode())
        yield box
    finally:
        box.logout()


@contextmanager
def running() -> Iterator[Servers]:
    with serving() as imap_port:
        servers = Servers(free_port(), imap_port)
        smtp = Controller(Deliver(servers), hostname="127.0.0.1", port=servers.smtp_port)
        try:
            smtp.start()
            yield servers
        finally:
            smtp.stop(no_assert=True)


@contextmanager
def serving(
    certificate: Path | None = None, *, token: str = "", password: str = PASSWORD
) -> Iterator[int]:
    """Serve IMAP and yield its port: with a certificate STARTTLS, with a token XOAUTH2."""
    port = free_port()
    tls = ["--cert", str(certificate), "--key", str(certificate)] if certificate else []
    imap = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("imap_server.py")),
         "--host", "127.0.0.1", "--port", str(port), "--no-service", "admin", *tls,
         "dict", "--demo-data", "--demo-user", USER, "--demo-password", password],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"IMAP_BEARER": token},
    )  # fmt: skip
    try:
        wait_for(port, imap)
        yield port
    finally:
        imap.terminate()
        imap.wait(10)


def wait_for(port: int, process: subprocess.Popen) -> None:
    for _try in range(200):
        assert process.poll() is None, "the IMAP server did not start"
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the IMAP server does not answer")
