"""What signing in leaves behind goes away: ended sessions, old counts, links that open nothing."""

from datetime import datetime, timedelta

from tenants.models import MailedLink, Session, Throttle

LINKS_KEPT = timedelta(days=30)


def forget(now: datetime) -> None:
    """Delete what is over. A link stays thirty days, so that what happened can be looked up."""
    Session.objects.filter(expire_date__lte=now).delete()
    Throttle.objects.filter(ends_at__lte=now - timedelta(days=1)).delete()
    MailedLink.objects.filter(asked_at__lte=now - LINKS_KEPT, expires_at__lte=now).delete()
