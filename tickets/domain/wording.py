"""
How alike two descriptions of a fault are, in Japanese, English or Vietnamese, without a dictionary.

A text is folded (width, case, kana length, dates, politeness), then read as runs of one script: kanji
and katakana carry what a Japanese sentence is about, hiragana how it is said. Likeness is Dice's on
character bigrams, those with hiragana counting little. Two texts whose wording is alike but that name
different things (CSV and PDF, 受注 and 発注, login and logout) are two faults: `differ`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

ALIKE = 0.5  # Dice from which two texts that name nothing different are one fault
MOST_TEXT = 400
_CONTENT, _SAYING = 4, 1  # weights of bigrams without and with hiragana
_BROKEN, _SLOW = "✗", "⌛"

_SIGNS = (_BROKEN, _SLOW)
_ASIDE = re.compile(r"【[^】]*】|\[[^\]]*\]|\([^)]*\)|「」|^(?:re|fwd?|fw)\s*:")
_WHEN = re.compile(
    r"[A-Z][A-Z0-9]{1,11}-[1-9]\d*(?![\w-])"  # a ticket
    r"|\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?|\d{1,2}/\d{1,2}(?:/\d{2,4})?(?!\w)|\d{1,2}月(?:\d{1,2}日)?|\d{1,2}日"
    r"|\d{1,2}:\d{2}(?::\d{2})?|\d{1,2}時(?:\d{1,2}分)?(?:頃|ごろ)?"
    r"|\d+\s*(?:件|回|名|人|台|分間?|秒間?|時間|度目?|times?|users?|minutes?|mins?|hours?|lần|phút|giờ|người)(?![a-z])",
    re.IGNORECASE,
)
_RUN = re.compile(r"[一-鿿々〆]+|[ァ-ヺー]+|[ぁ-ゖ]+|[^\W_ぁ-ヺー一-鿿々〆]+|[✗⌛]")
_CAPITALS = re.compile(r"[A-Z]{2,}")
_SMALL = re.compile(r"[a-z]")
# Words for "it does not work": one sign, because they tell no fault from another.
_FAILS = re.compile(
    r"エラー|失敗|異常終了|異常|不具合|障害|故障|トラブル|不可能?|でき(?:ない|ません|ず|なく)|出来(?:ない|ません|ず|なく)"
    r"|\b(?:errors?|fail(?:s|ed|ing|ure|ures)?|cannot|can't|can not|could not|unable|broken|doesn't work"
    r"|does not work|not working|problems?|issues?|faults?|không thể|bị lỗi|lỗi|thất bại|sự cố|hỏng)(?!\w)"
)
_LATE = re.compile(
    r"遅(?:い|く|延|すぎ)|重(?:い|く|すぎ)|応答なし|\b(?:slow(?:ly)?|latency|hangs?|chậm)(?!\w)"
)
_SAID = frozenset(  # what a fault is told with, never what it is
    """
    a an the at on in of to for from by with and or is are was were be been it its this that when
    while after before again still not no does do did has have had cannot can get gets got show shows
    shown page screen system user users please help urgent our my we i you if then there all some
    bị khi và của cho từ vào ra trên tại ở không được thể là có các những này đó hệ thống trang màn
    hình người dùng vẫn lại với để
    """.split()  # noqa: SIM905 - words read best as words
)
_POLITE = re.compile(
    r"至急|緊急|お願い(?:いた)?(?:します)?|確認(?:を)?(?:願い|お願い)|ご?確認ください|について|の件|発生(?:しました|した|中)?|現象|状態|状況"
)
_SAME = {
    "画面表示": "画面",
    "落ち": "停止",
    "取り込み": "取込",
    "取り込め": "取込",
    "取込み": "取込",
    "真っ白": "白",
    "まっしろ": "白",
    "真白": "白",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """
    A folded text as it is compared: its weighted bigrams, and the things that it names.

    `codes` hold digits (error codes, "Symptom 491"), as often as they stand there, sorted;
    `names` are Latin words that name something,
    `things` are runs of kanji or katakana, or plain words, in the order of the text.
    """

    text: str
    grams: frozenset[str]
    weight: int
    codes: tuple[str, ...]
    names: frozenset[str]
    things: tuple[str, ...]
    broken: bool
    slow: bool


@lru_cache(1024)  # alerts and picked symptoms say the same words again and again
def folded(text: str) -> str:
    """Return the text without what says nothing of the fault; equal texts are surely one fault."""
    return " ".join(run for run, _kind in _runs(_cleaned(text)[0]))[:MOST_TEXT]


@lru_cache(1024)
def wording(text: str) -> Wording:
    clean, capitals = _cleaned(text)
    codes: list[str] = []
    names: set[str] = set()
    things: list[str] = []
    grams: set[str] = set()
    runs = list(_runs(clean))
    japanese = any(kind in "漢カ" for _run, kind in runs)
    for run, kind in runs:
        if kind == "a":
            if any(char.isdigit() for char in run):
                codes.append(run)
            elif japanese or run in capitals:
                names.add(run)
            elif run not in _SAID:
                things.append(_stem(run))
        elif (kind == "カ" and len(run) > 1) or kind == "漢":
            things.append(run)
    for stretch in _stretches(runs):
        grams.update(first + second for first, second in pairwise(stretch))
    return Wording(
        " ".join(run for run, _kind in runs)[:MOST_TEXT],
        frozenset(grams),
        sum(map(_weight, grams)),
        tuple(sorted(codes)),
        frozenset(names),
        tuple(things),
        _BROKEN in clean,
        _SLOW in clean,
    )


def alike(one: Wording, other: Wording) -> float:
    """Return 0 to 1: Dice on weighted bigrams."""
    if one.text == other.text:
        return 1.0
    both = sum(_weight(gram) for gram in one.grams & other.grams)
    return 2 * both / (one.weight + other.weight) if one.weight + other.weight else 0.0


def differ(one: Wording, other: Wording) -> bool:
    """
    Return whether the two name different things, however alike the rest is.

    Codes must be the same where both have one, and slow is not broken. Names, and things of one
    script and about one length, tell two faults apart where each text has one that the other lacks.
    """
    if one.codes and other.codes and one.codes != other.codes:
        return True
    if one.names - other.names and other.names - one.names:
        return True
    if one.slow != other.slow and (one.broken or other.broken):
        return True
    mine, theirs = _left(one, other), _left(other, one)
    return any(_opposed(a, b) for a in mine for b in theirs)


def same_fault(one: Wording, other: Wording) -> bool:
    return alike(one, other) >= ALIKE and not differ(one, other)


# --- searching ---


def searchable(text: str) -> str:
    """Return the text as `found_in` searches it: stretches of Japanese, other words by their stem."""
    return "\n".join(filter(None, _stretches(_runs(_cleaned(text)[0]))))


def needles(query: str) -> dict[str, int]:
    """Return what a search looks for, with its weight: bigrams of Japanese, whole other words."""
    wanted: dict[str, int] = {}
    for stretch in _stretches(_runs(_cleaned(query)[0])):
        if stretch.startswith(" ") or len(stretch) == 1:
            wanted[stretch] = _CONTENT * max(1, len(stretch) // 2)
        else:
            wanted |= {a + b: _weight(a + b) for a, b in pairwise(stretch)}
    return wanted


def found_in(searched: str, wanted: Mapping[str, int]) -> float:
    """Return 0 to 1: how much of what is looked for the searchable text holds."""
    total = sum(wanted.values())
    held = sum(weight for needle, weight in wanted.items() if needle in searched)
    return held / total if total else 0.0


# --- reading ---


def _cleaned(text: str) -> tuple[str, frozenset[str]]:
    """Return the text folded, and the words that stand in capitals among small letters."""
    wide = unicodedata.normalize("NFKC", text[: 4 * MOST_TEXT])
    capitals = frozenset(_CAPITALS.findall(wide) if _SMALL.search(wide) else ())
    wide = _WHEN.sub(" ", wide)
    plain = _ASIDE.sub(" ", wide.casefold())
    for said, same in _SAME.items():
        plain = plain.replace(said, same)
    plain = _FAILS.sub(f" {_BROKEN} ", _POLITE.sub(" ", plain))
    plain = _LATE.sub(f" {_SLOW} ", plain)
    return plain, frozenset(word.casefold() for word in capitals)


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield stretches of one script with their kind: 漢, カ, ひ, a (other letters), or a sign."""
    for run in _RUN.findall(text):
        kind = _kind(run[0])
        if kind == "カ" and len(run) > 3:
            run = run.rstrip("ー")  # サーバー is サーバ
        yield run, kind


def _kind(char: str) -> str:
    if char in _SIGNS:
        return char
    if "ァ" <= char <= "ヺ" or char == "ー":
        return "カ"
    if "ぁ" <= char <= "ゖ":
        return "ひ"
    return "漢" if "一" <= char <= "鿿" or char in "々〆" else "a"


def _stretches(runs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield what bigrams are taken of: Japanese as it is written, other words one by one."""
    written = ""
    for run, kind in runs:
        if kind == "a":
            yield written
            written = ""
            if run not in _SAID:
                yield f" {_stem(run)} "
        elif kind not in _SIGNS:
            written += run
    yield written


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.isascii() and word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


def _weight(gram: str) -> int:
    return _SAYING if any(_kind(char) == "ひ" for char in gram) else _CONTENT


def _left(one: Wording, other: Wording) -> list[str]:
    """Return the things of `one` that `other` does not name, also not as a part of another word."""
    both = set(one.things) & set(other.things)
    rest = set(other.things) - both
    return [
        thing
        for thing in one.things
        if thing not in both and not any(thing in each or each in thing for each in rest)
    ]


def _opposed(a: str, b: str) -> bool:
    """Return whether one can stand for the other in a sentence, so that it means another thing."""
    if _kind(a[0]) != _kind(b[0]):
        return False
    if _kind(a[0]) == "a":
        return True
    return min(len(a), len(b)) >= 2 and abs(len(a) - len(b)) <= 1
