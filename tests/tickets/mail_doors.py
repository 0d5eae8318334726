"""Doors in front of a mail server: one that encrypts, one that takes STARTTLS away; and who gives tokens."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs


@contextmanager
def door(to: int, change: Callable[[bytes], bytes], tls: ssl.SSLContext | None) -> Iterator[int]:
    """Pass on what comes in, and `change` what goes back; yield the port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                link, _address = listening.accept()
            except OSError:
                return
            threading.Thread(target=between, args=(link,), daemon=True).start()

    def between(link: socket.socket) -> None:
        try:
            near = tls.wrap_socket(link, server_side=True) if tls else link
        except OSError:  # who calls does not trust us
            link.close()
            return
        far = socket.create_connection(("127.0.0.1", to))
        threading.Thread(target=carry, args=(far, near, change), daemon=True).start()
        carry(near, far, bytes)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def carry(source: socket.socket, to: socket.socket, change: Callable[[bytes], bytes]) -> None:
    try:
        while part := source.recv(65536):
            to.sendall(change(part))
    except OSError:
        pass  # the other side hung up: so do we
    finally:
        to.close()


@contextmanager
def encrypted(to: int, certificate: Path) -> Iterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with door(to, bytes, context) as port:
        yield port


@contextmanager
def stripped(to: int) -> Iterator[int]:
    """Somebody in between who hides STARTTLS and lets all else pass."""

    def hide(part: bytes) -> bytes:
        return part.replace(b" STARTTLS", b"").replace(b" LOGINDISABLED", b"")

    with door(to, hide, None) as port:
        yield port


class TokenServer(ThreadingHTTPServer):
    """Gives the next of `answers`, and keeps what it was `asked`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers: list[tuple[int, object]] = []
        self.asked: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class Answering(BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append({name: told[0] for name, told in parse_qs(body).items()})
        status, told = self.server.answers.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(told if isinstance(told, bytes) else json.dumps(told).encode())

    def log_message(self, *_args: object) -> None:
        """Say nothing on the test's screen."""


@contextmanager
def token_server() -> Iterator[TokenServer]:
    server = TokenServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
