"""What a request may hold at most (settings.py), said so that its sender knows what to do."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.utils.translation import gettext as _


def too_much(error: BaseException | None) -> str:
    """Return which limit the request went over, and the way out; "" where it went over none."""
    if isinstance(error, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
        return _("The text of one form is at most %d KiB. Send less at once.") % most
    if isinstance(error, TooManyFieldsSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        return _("One form has at most %d fields. Send it in parts.") % most
    if isinstance(error, TooManyFilesSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        return _("One form takes at most %d files. Send the others after it.") % most
    return ""
