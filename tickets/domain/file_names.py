"""The names of files as people gave them, without what misleads whoever reads them."""

import unicodedata

LONGEST = 150
_NOT_SHOWN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, bidi and joiners, surrogates
_NEVER = '/\\:*?"<>|'


def clean_name(name: str) -> str:
    """
    Return the last part of `name` in NFC, one line of at most 150 characters, its ending kept.

    Folders, characters that are not shown or that turn the reading order, and leading dots go;
    nothing left is `file`.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(
        "_" if char in _NEVER else " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", last)
        if unicodedata.category(char) not in _NOT_SHOWN or char in "\t\n"
    )
    plain = " ".join(shown.split()).lstrip(". ") or "file"
    stem, dot, ending = plain.rpartition(".")
    if len(plain) <= LONGEST:
        return plain
    if not dot or len(ending) > 20:
        return plain[:LONGEST]
    return f"{stem[: LONGEST - len(ending) - 1]}.{ending}"


def ending_of(name: str) -> str:
    """Return the lowercase ending of a clean name, `png` of `a.PNG`; empty where it has none."""
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem else ""
