"""
What proves that a letter answers what we sent: three numbers and their code, in an address.

Addresses lose their case on the way, so it is all lower case; 80 bits of HMAC-SHA-256. Whoever has it
was sent it; who they are is asked beside it.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

MARK = "r-"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Reply:
    """The ticket of a tenant that was written of, and the member who was written to."""

    tenant: int
    ticket: int
    member: int


def token_of(reply: Reply, key: bytes) -> str:
    numbers = "-".join(_text(n) for n in (reply.tenant, reply.ticket, reply.member))
    return f"{MARK}{numbers}-{_code(numbers, key)}"


def read_token(text: str, keys: Iterable[bytes]) -> Reply | None:
    """Return what a token says, where one of the keys made it; None for anything else."""
    if not text.startswith(MARK) or len(text) > 64:
        return None
    numbers, _dash, code = text.removeprefix(MARK).rpartition("-")
    right = [hmac.compare_digest(_code(numbers, key).encode(), code.encode()) for key in keys]
    if not any(right):
        return None
    tenant, ticket, member = (int(part, 36) for part in numbers.split("-"))
    return Reply(tenant, ticket, member)


def _code(numbers: str, key: bytes) -> str:
    digest = hmac.new(key, numbers.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def _text(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text or "0"
