"""
Message catalogues without gettext binaries: Babel reads the sources and compiles the .po files.

`extract` finds every message of Python and templates; `update` brings the .po files up to date and
keeps what is translated; `compile_catalogues` writes each .mo beside its .po.
"""

import os
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract as babel_extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE_DIR = ROOT / "portal" / "locale"
APPS = ("portal", "tenants", "contracts", "tickets", "reports")
LANGUAGES = ("ja", "vi")
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%")


def sources() -> Iterator[Path]:
    """Yield the files that may hold messages: the apps' Python and templates, without migrations."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
                yield path


def text_of(path: Path) -> str:
    """Return a file as Python: a template becomes its gettext calls."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    called = templatize(text, origin=str(path))
    return "\n".join(line.strip() for line in called.splitlines())  # indentation means nothing


def extract() -> Catalog:
    """Return the template catalogue: every message with the files that say it."""
    catalog = Catalog(project="outsourcing-portal", charset="utf-8")
    for path in sources():
        source = BytesIO(text_of(path).encode())
        name = path.relative_to(ROOT).as_posix()
        for _line, message, comments, context in babel_extract("python", source, KEYWORDS):
            catalog.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    return catalog


def po_path(language: str) -> Path:
    return LOCALE_DIR / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def missing(catalog: Catalog) -> list[Message]:
    """Return the messages without a translation, plurals included."""
    return [m for m in catalog if m.id and not all(texts(m.string))]


def texts(value: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """Return a message's text or texts (plurals); [""] where there is none."""
    return [value or ""] if value is None or isinstance(value, str) else list(value)


def update(language: str) -> Catalog:
    """Bring one .po file up to date with the sources; return it. Messages gone are dropped."""
    catalog = read(language)
    catalog.update(extract(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    out = BytesIO()
    write_po(out, catalog, width=100, omit_header=True, include_lineno=False, sort_output=True)
    path.write_bytes(header(language) + out.getvalue())
    return catalog


def header(language: str) -> bytes:
    """Return a header without dates, so that an unchanged catalogue is an unchanged file."""
    return (
        'msgid ""\nmsgstr ""\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Language: {language}\\n"\n'
        '"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
    ).encode()


def compile_catalogues() -> list[Path]:
    """Compile every .po that is newer than its .mo; return the .mo files that were written."""
    written = []
    for language in LANGUAGES:
        source = po_path(language)
        target = source.with_suffix(".mo")
        if not source.exists() or is_fresh(target, source):
            continue
        out = BytesIO()
        write_mo(out, read(language))
        unfinished = target.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(out.getvalue())
        unfinished.replace(target)  # other processes see the old file or the new one
        written.append(target)
    return written


def is_fresh(target: Path, source: Path) -> bool:
    return target.exists() and target.stat().st_mtime >= source.stat().st_mtime
