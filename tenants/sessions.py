"""
Sessions with a face: whose, since when, from where. Otherwise Django's own, in the database.

A session ends when its time is over, however much it is used: `signed_in` sets the end once.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest

from tenants.addresses import client_address
from tenants.models import Session, User

SEEN_EVERY = timedelta(minutes=5)


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict) -> Session:
        row = super().create_model_instance(data)
        row.public_id = Session.public_id_of(row.session_key)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.signed_in_at, row.seen_at = instant(data, "signed_in_at"), instant(data, "seen_at")
        row.address, row.agent = data.get("address", ""), data.get("agent", "")
        return row


def instant(data: dict, name: str) -> datetime | None:
    """Return an instant that the session holds as text."""
    return datetime.fromisoformat(data[name]) if data.get(name) else None


def signed_in(request: HttpRequest, now: datetime) -> None:
    """Note on the new session since when and from where it is, and when it ends."""
    session = request.session
    session["signed_in_at"] = session["seen_at"] = session["proved_at"] = now.isoformat()
    session["address"] = client_address(request)
    session["agent"] = request.META.get("HTTP_USER_AGENT", "")[:200]
    session.set_expiry(now + timedelta(seconds=settings.SESSION_COOKIE_AGE))


def seen(request: HttpRequest, now: datetime) -> None:
    """Note that the session is in use, at most every five minutes."""
    last = instant(request.session, "seen_at")
    if last is None or last + SEEN_EVERY <= now:
        request.session["seen_at"] = now.isoformat()


def of(user: User, now: datetime) -> list[Session]:
    """Return the person's sessions that have not ended, the last seen first."""
    rows = Session.objects.filter(user=user, expire_date__gt=now)
    return list(rows.order_by("-seen_at", "-signed_in_at"))


def end_all(user: User, *, but: str | None = None) -> int:
    """Sign the person out everywhere, except in the session with the key `but`."""
    return Session.objects.filter(user=user).exclude(session_key=but or "").delete()[0]
