"""What is wrong with a file or a value, and what to do about it, in the reader's language."""

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.domain.bulk_faults import Fault, Unreadable, Wrong

FIELDS: dict[str, Promise] = {
    "source_key": _("Key in the other tool"),
    "title": _("Title"),
    "description": _("Description"),
    "type": _("Type"),
    "status": _("Status"),
    "priority": _("Priority"),
    "received_at": _("Received"),
    "closed_at": _("Closed"),
    "requester": _("Requester's e-mail"),
    "system": _("System"),
    "environment": _("Environment"),
    "resolution": _("Resolution"),
    "ticket": _("Ticket"),
    "person": _("Person's e-mail"),
    "starts_at": _("Start"),
    "ends_at": _("End"),
    "hours": _("Hours"),
    "note": _("Note"),
}
OF_FILE: dict[Fault, Promise] = {
    Fault.EMPTY: _("The file holds no rows under a line of headings. Export it again."),
    Fault.TOO_LARGE: _("The file is larger than %(most)s bytes (BULK_MOST_MB). Send it in parts."),
    Fault.TOO_MANY_ROWS: _(
        "The file has more than %(most)s rows (BULK_MOST_ROWS). Send it in parts."
    ),
    Fault.CELL_TOO_LONG: _(
        "Row %(row)s has a cell of more than %(most)s characters (BULK_MOST_CELL). Shorten it."
    ),
    Fault.TOO_MANY_COLUMNS: _("The file has too many columns. Export only those you need."),
    Fault.ENCODING: _("The file is neither UTF-8 nor Shift_JIS (CP932). Save it as CSV UTF-8."),
    Fault.NOT_CSV: _("Row %(row)s cannot be read as CSV: a quote may be missing. Export it again."),
}
OF_VALUE: dict[Fault, Promise] = {
    Fault.RAGGED: _("The row has more cells than there are headings. Put quotes around the text."),
    Fault.MISSING: _("This is empty. Fill it in."),
    Fault.NOT_A_MOMENT: _("This is no date. Write it as 2026-04-15 09:30, or with its offset."),
    Fault.NOT_HOURS: _("This is no length of time. Write 1.5 or 1:30."),
    Fault.UNKNOWN_WORD: _(
        "This word is not known. Write one of the usual ones, for example Bug, In Progress or High."
    ),
    Fault.ORDER: _("The end lies before the start, or more than 24 hours after it."),
    Fault.TOO_LONG: _("This is too long. Shorten it."),
    Fault.TWICE: _("This stands in an earlier row of the file too. Take one of them out."),
    Fault.NO_PERSON: _(
        "Nobody at this client has this e-mail address. Invite them, or correct it."
    ),
    Fault.NO_TICKET: _("There is no such ticket at this client. Import the tickets first."),
    Fault.NO_VERSION: _("No version of this contract was in force then. Take the row out."),
    Fault.NO_PLACE: _("The contract does not name this. Correct it, or leave the column out."),
    Fault.FUTURE: _("This lies in the future. Correct the date."),
}


def said_of_file(error: Unreadable) -> str:
    most = {
        Fault.TOO_LARGE: settings.BULK_MOST_BYTES,
        Fault.TOO_MANY_ROWS: settings.BULK_MOST_ROWS,
        Fault.CELL_TOO_LONG: settings.BULK_MOST_CELL,
    }
    return str(OF_FILE[error.fault]) % {"most": most.get(error.fault, ""), "row": error.row}


def said_of(wrong: Wrong) -> str:
    """Return column, value and the way out as one line."""
    column = FIELDS.get(wrong.column, wrong.column)
    head = ": ".join(str(part) for part in (column, wrong.value) if part)
    return f"{head} – {OF_VALUE[wrong.fault]}" if head else str(OF_VALUE[wrong.fault])
