"""What a command answers when the rules say no. One handler turns each into its page or API error."""

from django.utils.functional import Promise


class Refused(Exception):
    """
    The request was understood and may not happen now; nothing was changed.

    `message` is in the reader's language; `field` names the input it is about, where there is one.
    """

    status = 409
    code = "refused"

    def __init__(self, message: "str | Promise", *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotPermitted(Refused):
    """This person's desk may not do this."""

    status = 403
    code = "not_permitted"


class Invalid(Refused):
    """A value cannot be used; the message says which and what to write instead."""

    status = 422
    code = "invalid"
