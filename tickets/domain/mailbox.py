"""How a mailbox is reached, and the name of its folder as IMAP writes it. Plain Python."""

import re
from base64 import b64encode
from dataclasses import dataclass

PORTS = {"tls": 993, "starttls": 143, "plain": 143}


@dataclass(frozen=True, slots=True)
class MailboxPlan:
    """How a mailbox is reached; without a host a mail provider posts to its door."""

    address: str
    host: str = ""
    port: int = 993
    security: str = "tls"
    ca: str = ""
    sign_in: str = "password"
    user: str = ""
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class MailSecrets:
    """What proves us to a mailbox, each empty where its way of signing in has none."""

    password: str = ""
    client_secret: str = ""
    refresh_token: str = ""


def folder_name(name: str) -> str:
    """
    Return a folder's name in IMAP's own UTF-7, quoted.

    Source: RFC 3501, 5.1.3.
    """
    written = re.sub(r"&|[^ -~]+", _shifted, name)
    return '"' + written.replace("\\", r"\\").replace('"', r"\"") + '"'


def _shifted(found: re.Match[str]) -> str:
    told = "" if found[0] == "&" else b64encode(found[0].encode("utf-16-be")).decode()
    return f"&{told.rstrip('=').replace('/', ',')}-"
