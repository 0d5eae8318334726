"""
A letter as it comes from the wire: who wrote, of what, in readable text, and what else hangs on it.

Nothing in it is believed: a header is what its writer wants. Whatever is broken is read as far as it
goes; text that claims one encoding and is in another is read as what it looks like.
"""

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from html.parser import HTMLParser

from tickets.domain.alert_payloads import clean

LONGEST_BODY = 20_000
LONGEST_SUBJECT = 200
MOST_PARTS = 100
MOST_FILES = 10
JAPANESE = ("cp932", "euc_jp")
AUTOMATIC_PRECEDENCE = {"bulk", "junk", "list", "auto_reply"}
AUTOMATIC_NAMES = ("mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply")


class Broken(ValueError):
    """So broken that nobody can be told from it, or made to hurt."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says; addresses are lower case, ids without their brackets."""

    message_id: str
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    answers: tuple[str, ...] = ()  # the ids of In-Reply-To and References
    automatic: str = ""  # by which header; empty for a person's
    sent_at: datetime | None = None
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


def read_letter(raw: bytes) -> Letter:
    """:raises Broken: if it has no sender, several, or too many parts."""
    try:
        message = email.message_from_bytes(raw, policy=default)
        sender, name = _sender(message)
        parts = list(_parts(message))
        return Letter(
            message_id=_message_id(message, raw),
            sender=sender,
            sender_name=name,
            recipients=_recipients(message),
            subject=_line(_header(message, "Subject"))[:LONGEST_SUBJECT],
            body=own_words(_body(parts))[:LONGEST_BODY],
            answers=_answers(message),
            automatic=_automatic(message, sender),
            sent_at=_sent_at(message),
            files=_files(parts),
        )
    except RecursionError:
        raise Broken("nested") from None


def own_words(text: str) -> str:
    """Return what the writer wrote, without the letter that they answer below it."""
    kept: list[str] = []
    for line in text.splitlines():
        if _begins_quote(line.strip()):
            break
        kept.append(line.rstrip())
    while kept and (not kept[-1] or kept[-1].startswith(">")):
        kept.pop()
    return "\n".join(kept).strip()


# --- headers ---


def _header(message: EmailMessage, name: str) -> str:
    """Return a header as text, also one that broke the rules: raw bytes are read as what they look like."""
    raw = next((str(v) for k, v in message.raw_items() if k.lower() == name.lower()), "")
    if any("\udc80" <= character <= "\udcff" for character in raw):
        return clean(guess(raw.encode("utf-8", "surrogateescape")))
    try:
        return clean(str(message.get(name) or ""))
    except Exception:  # noqa: BLE001 - the parser of a broken header raises what it likes
        return clean(raw)


def _all(message: EmailMessage, *names: str) -> list[str]:
    wanted = {name.lower() for name in names}
    return [clean(str(value)) for name, value in message.raw_items() if name.lower() in wanted]


def _sender(message: EmailMessage) -> tuple[str, str]:
    froms = _all(message, "From")
    if len(froms) != 1:
        raise Broken("sender")
    found = [(name, address) for name, address in getaddresses([froms[0]]) if address]
    if len(found) != 1 or not _is_address(found[0][1]):
        raise Broken("sender")
    shown = _header(message, "From").rpartition("<")[0].strip(' "')
    return found[0][1].lower(), _line(shown)[:120]


def _recipients(message: EmailMessage) -> tuple[str, ...]:
    told = _all(message, "To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
    found = (address.lower() for _name, address in getaddresses(told))
    return tuple(dict.fromkeys(a for a in found if _is_address(a)))[:100]


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(at and local and domain) and len(text) <= 254 and not re.search(r"[\s<>,;\"]", text)


def _answers(message: EmailMessage) -> tuple[str, ...]:
    told = " ".join(_all(message, "In-Reply-To", "References"))[:10_000]
    found = (part.strip("<>") for part in told.replace("><", "> <").split())
    return tuple(dict.fromkeys(part for part in found if "@" in part))[:50]


def _message_id(message: EmailMessage, raw: bytes) -> str:
    """Return the id; a letter without one, or with a monstrous one, is known by its bytes."""
    told = " ".join(_all(message, "Message-ID")).strip().strip("<>").strip()
    if told and len(told) <= 250 and " " not in told:
        return told
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _automatic(message: EmailMessage, sender: str) -> str:
    """Return by what a letter shows that no person wrote it."""
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return "auto-submitted"
    if _header(message, "Precedence").strip().lower() in AUTOMATIC_PRECEDENCE:
        return "precedence"
    for name in ("List-Id", "X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress-Loop"):
        if _header(message, name):
            return name.lower()
    if any(path.strip() == "<>" for path in _all(message, "Return-Path")):
        return "return-path"
    if message.get_content_type() == "multipart/report":
        return "report"
    local = sender.partition("@")[0]
    return "sender" if local.startswith(AUTOMATIC_NAMES) else ""


def _sent_at(message: EmailMessage) -> datetime | None:
    try:
        at = message["Date"].datetime
    except Exception:  # noqa: BLE001 - none, or one that broke the rules
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo else None


# --- bodies ---


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield what is no container; the letters inside a letter are files of it."""
    waiting, seen = [message], 0
    while waiting:
        part = waiting.pop(0)
        if (seen := seen + 1) > MOST_PARTS:
            raise Broken("parts")
        inner = part.get_payload()
        is_letter = part.get_content_maintype() == "message"
        if part.is_multipart() and isinstance(inner, list) and not is_letter:
            waiting[:0] = [one for one in inner if isinstance(one, EmailMessage)]
        else:
            yield part


def _body(parts: list[EmailMessage]) -> str:
    """Return the plain text, else the readable words of the HTML."""
    for kind, read in (("text/plain", str), ("text/html", text_of_html)):
        bodies = (part for part in parts if part.get_content_type() == kind)
        found = [_text(part) for part in bodies if len(parts) == 1 or not _is_file(part)]
        if any(text.strip() for text in found):
            return clean("\n".join(read(text) for text in found).replace("\r\n", "\n"))
    return ""


def _is_file(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_file_name(part))


def _file_name(part: EmailMessage) -> str:
    try:
        return clean(part.get_filename() or "")
    except Exception:  # noqa: BLE001 - a name that broke the rules
        return "file"


def _text(part: EmailMessage) -> str:
    raw = _bytes(part)
    try:
        charset = part.get_content_charset() or ""
    except Exception:  # noqa: BLE001 - a charset that broke the rules
        charset = ""
    return guess(raw, charset)


def _bytes(part: EmailMessage) -> bytes:
    try:
        raw = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - base64 or quoted-printable that is neither
        raw = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return raw if isinstance(raw, bytes) else b""


def guess(raw: bytes, charset: str = "") -> str:
    """Return bytes as text: by the charset they claim where that fits, else by what they look like."""
    tried = [charset] if charset and charset not in ("us-ascii", "ascii") else []
    if b"\x1b$" in raw or b"\x1b(" in raw:  # only the Japanese of mails shifts like this
        tried += ["iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004"]
    for name in (*tried, "utf-8"):
        try:
            return raw.decode(name)
        except (LookupError, ValueError):
            continue
    if found := [text for text in (_decoded(raw, name) for name in JAPANESE) if text]:
        return min(found, key=_strange)
    name = "iso2022_jp_ext" if b"\x1b$" in raw else "utf-8"
    return raw.decode(name, "replace")


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode(name)
    except ValueError:
        return ""


def _strange(text: str) -> int:
    """Return how many characters nobody writes: half-width kana and private ones, of a wrong guess."""
    return sum("\uff61" <= c <= "\uff9f" or "\ue000" <= c <= "\uf8ff" for c in text)


def _files(parts: list[EmailMessage]) -> tuple[tuple[str, bytes], ...]:
    found = []
    for part in parts:
        is_letter = part.get_content_maintype() == "message"
        is_text = part.get_content_maintype() == "text" and (len(parts) == 1 or not _is_file(part))
        if is_text or (part.is_multipart() and not is_letter):
            continue
        if is_letter:
            content = "".join(str(one) for one in part.get_payload() or ()).encode(
                "utf-8", "replace"
            )
        else:
            content = _bytes(part)
        name = _file_name(part) or ("letter.eml" if is_letter else _unnamed(part))
        found.append((name, content))
    return tuple((name, content) for name, content in found if content)


def _unnamed(part: EmailMessage) -> str:
    ending = {"jpeg": "jpg", "plain": "txt"}.get(part.get_content_subtype())
    return f"file.{ending or part.get_content_subtype()[:10]}"


class _Words(HTMLParser):
    SKIP = {"script", "style", "head", "title"}
    BREAK = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "blockquote", "table"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skipped += tag in self.SKIP
        if tag in self.BREAK:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.skipped = max(self.skipped - (tag in self.SKIP), 0)

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.words.append(data)


def text_of_html(html: str) -> str:
    """Return the words of HTML, one line a block; no markup survives."""
    reader = _Words()
    reader.feed(html[: 10 * LONGEST_BODY])
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.words).split("\n"))
    return "\n".join(line for line in lines if line)


def _begins_quote(line: str) -> bool:
    """Return whether a line is where mail programs begin the letter that is answered."""
    if line.startswith(("-----Original Message", "----- Original Message", "________________")):
        return True
    if line.startswith("-----") and ("元のメッセージ" in line or "Original" in line):
        return True
    said = line.endswith((" wrote:", "wrote：", "のメール:", "đã viết:"))
    dated = line[:4].isdecimal() and "年" in line[:6] and line.endswith(":")
    return len(line) < 300 and (said or dated)


def _line(text: str) -> str:
    return " ".join(text.split())
