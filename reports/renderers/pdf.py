"""A report as PDF, set by typst: the same edition gives the same bytes."""

import json

from reports.renderers.edition import Edition, instant
from reports.renderers.paper import paper_of
from reports.renderers.press import compiled, printed


def pdf_of(edition: Edition) -> bytes:
    """
    Return the PDF. Its creation time is the issue's, or the instant up to which a draft tells.

    What people wrote goes in as data: no text of theirs is ever read as markup.
    """
    return printed(paper_of(edition), created(edition))


def pictures_of(edition: Edition, dots_per_inch: int = 80) -> list[bytes]:
    """Return each page as PNG, for eyes and for tests."""
    text = json.dumps(paper_of(edition), ensure_ascii=False)
    pages = compiled(text, created(edition), "png", ppi=dots_per_inch)
    return pages if isinstance(pages, list) else [pages]


def created(edition: Edition) -> int:
    at = edition.issued_at or instant(edition.facts["month"]["told_until"])
    return int(at.timestamp())
