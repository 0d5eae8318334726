"""A report as PDF, set by typst: the same edition gives the same bytes."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import noto_cjk_sans_jp_bold
import noto_cjk_sans_jp_regular
import typst

from reports.renderers.edition import Edition, instant
from reports.renderers.paper import paper_of

TEMPLATE = Path(__file__).parent / "report.typ"
PDF, PNG = "pdf", "png"


def pdf_of(edition: Edition) -> bytes:
    """
    Return the PDF. Its creation time is the issue's, or the instant up to which a draft tells.

    What people wrote goes in as data: no text of theirs is ever read as markup.
    """
    return _compiled(edition, PDF)


def pictures_of(edition: Edition, dots_per_inch: int = 80) -> list[bytes]:
    """Return each page as PNG, for eyes and for tests."""
    pages = _compiled(edition, PNG, ppi=dots_per_inch)
    return pages if isinstance(pages, list) else [pages]


def _compiled(edition: Edition, form: str, **more):
    at = edition.issued_at or instant(edition.facts["month"]["told_until"])
    return compiled(paper_of(edition), at, form, **more)


def compiled(paper: dict[str, Any], at: datetime, form: str, **more):
    """Return a document of `reports.renderers.paper` as PDF or pictures; `at` is its creation time."""
    return typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=fonts(),
        format=form,
        sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)},
        timestamp=int(at.timestamp()),
        pdf_tags=False,  # five times the bytes; the page is the edition for screen readers
        **more,
    )


@cache
def fonts() -> typst.Fonts:
    """Return the fonts of the packages, read once a process; those of the machine never count."""
    folders = [
        Path(each.FONT_PATH).parent for each in (noto_cjk_sans_jp_regular, noto_cjk_sans_jp_bold)
    ]
    return typst.Fonts(include_system_fonts=False, font_paths=folders)
