"""Text on a drawing: how wide it will be, and where its lines break, without a browser."""

import unicodedata
from collections.abc import Iterator

_NOT_FIRST = "、。」』）】・,.!?:;)ー〜々っゃゅょッャュョ！？："
_NOT_LAST = "「『（【(『"
_EMS = {" ": 0.32, **dict.fromkeys("iljI.,:;'|!·", 0.34), **dict.fromkeys("frt()[]-/", 0.43)}
_WIDE_LATIN = dict.fromkeys("mwMWQO@%—", 0.95)
_BOLD = 1.1  # of letters; ideographs are as wide as they are


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how wide `text` is, in the unit of `size`: in a wide font, so rather too much."""
    signs = map(_em, unicodedata.normalize("NFC", text))
    return size * sum(em * _BOLD if bold and em < 1 else em for em in signs)


def wrap(text: str, size: float, most: float, *, bold: bool = False) -> list[str]:
    """Return the lines of `text` that fit into `most`; a word longer than a line is cut."""
    lines, line = [], ""
    for piece in _pieces(unicodedata.normalize("NFC", text), size, most, bold):
        if line and width((line + piece).rstrip(), size, bold=bold) > most:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _em(sign: str) -> float:
    if sign in _EMS:
        return _EMS[sign]
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    if unicodedata.combining(sign):
        return 0.0
    return _WIDE_LATIN.get(sign) or (0.72 if sign.isupper() else 0.62)


def _pieces(text: str, size: float, most: float, bold: bool) -> Iterator[str]:
    """Yield what may not be broken: a word with the space after it, or one ideograph."""
    piece = ""
    for sign in text:
        if (piece and _breaks(piece[-1], sign)) or width(piece + sign, size, bold=bold) > most:
            yield piece
            piece = ""
        piece += sign
    yield piece


def _breaks(before: str, after: str) -> bool:
    if before == " ":
        return after != " "
    wide = (
        unicodedata.east_asian_width(before) in "WF" or unicodedata.east_asian_width(after) in "WF"
    )
    return wide and after != " " and after not in _NOT_FIRST and before not in _NOT_LAST
