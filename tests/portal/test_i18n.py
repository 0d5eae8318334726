"""Every word that people see is translated, and the catalogues compile without gettext."""

import re

import pytest
from django.template.base import Lexer, TokenType
from django.utils import translation

from portal import i18n

# what looks like a word and is none: keys and units that are the same in every language
SAME_EVERYWHERE = {"P1", "P2", "P3", "P4", "UTC", "SHA-256", "nbsp"}
SAME_EVERYWHERE |= {"PDF", "XLSX", "CSV", "JSON", "OpenAPI"}
VISIBLE = re.compile(r"""\b(?:aria-label|title|placeholder|alt)\s*=\s*(["'])(.*?)\1""", re.DOTALL)
OPENS = {"blocktranslate": "endblocktranslate", "blocktrans": "endblocktrans"}
OPENS |= {"comment": "endcomment"}


@pytest.fixture(scope="module")
def messages():
    found = [message for message in i18n.extract() if message.id]
    assert len(found) > 400
    return found


@pytest.mark.parametrize("language", i18n.LANGUAGES)
class TestCatalogues:
    def test_translate_every_message(self, language, messages):
        catalogue = i18n.read(language)
        known = {(m.context, m.id) for m in catalogue if all(i18n.texts(m.string))}

        missing = [m.id for m in messages if (m.context, m.id) not in known]

        assert not missing, "run `manage.py extract_messages` and translate what it lists"

    def test_keep_every_placeholder(self, language):
        for message in i18n.read(language):
            wanted = placeholders(i18n.texts(message.id)[-1])
            for text in i18n.texts(message.string):
                assert placeholders(text) == wanted, message.id

    def test_hold_no_message_that_nobody_says(self, language, messages):
        said = {(m.context, m.id) for m in messages}

        assert not [m.id for m in i18n.read(language) if m.id and (m.context, m.id) not in said]

    def test_compile_to_what_django_reads(self, language):
        i18n.compile_catalogues()

        assert i18n.is_fresh(i18n.po_path(language).with_suffix(".mo"), i18n.po_path(language))
        with translation.override(language):
            assert translation.gettext("Sign in") != "Sign in"
            assert translation.pgettext("month", "Open") != translation.gettext("Open")


def placeholders(text: str) -> list[str]:
    return sorted(i18n.PLACEHOLDER.findall(text))


class TestUpdate:
    def test_keeps_what_is_translated_and_lists_what_is_not(self, tmp_path, monkeypatch):
        monkeypatch.setattr(i18n, "LOCALE_DIR", tmp_path)
        source = tmp_path / "ja" / "LC_MESSAGES" / "django.po"
        source.parent.mkdir(parents=True)
        source.write_bytes(
            i18n.header("ja")
            + 'msgid "Sign in"\nmsgstr "入る"\n\nmsgid "Nobody says this"\nmsgstr "無"\n'.encode()
        )

        catalogue = i18n.update("ja")

        assert catalogue.get("Sign in").string == "入る"
        assert catalogue.get("Nobody says this") is None
        assert "Sign out" in {m.id for m in i18n.missing(catalogue)}

    def test_writes_the_same_file_again(self, tmp_path, monkeypatch):
        monkeypatch.setattr(i18n, "LOCALE_DIR", tmp_path)
        i18n.update("vi")
        first = i18n.po_path("vi").read_bytes()

        i18n.update("vi")

        assert i18n.po_path("vi").read_bytes() == first


def templates():
    return [path for path in i18n.sources() if path.suffix == ".html"]


def visible_text(source: str) -> list[str]:
    """Return what a template says by itself, outside tags that translate."""
    plain, until = [], ""
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            until = ("" if name == until else until) if until else OPENS.get(name, "")
            plain.append("\x00")
        elif token.token_type == TokenType.TEXT and not until:
            plain.append(token.contents)
        else:
            plain.append("\x00")
    text = "".join(plain)
    labels = [found.group(2) for found in VISIBLE.finditer(text)]
    text = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>", " ", text, flags=re.DOTALL)
    return words(text) + [word for label in labels for word in words(label)]


def words(text: str) -> list[str]:
    text = re.sub(r"&\w+;|\x00", " ", text)
    return [word for word in re.findall(r"[^\W\d_][\w-]+", text) if word not in SAME_EVERYWHERE]


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_a_template_says_nothing_untranslated(path):
    assert visible_text(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_a_translated_block_is_trimmed(path):
    """One line a message, whatever the indentation."""
    for tag in re.findall(r"{% (blocktrans(?:late)?\b[^%]*)%}", path.read_text(encoding="utf-8")):
        assert "trimmed" in tag
