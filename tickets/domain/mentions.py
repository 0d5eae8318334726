"""Who is called in a message: `@` and a person's whole name, as it is written on their desk."""

from collections.abc import Mapping


def mentioned(body: str, names: Mapping[int, str]) -> list[int]:
    """
    Return the ids whose name follows an `@` in `body`, in the order they are called.

    Case and the blanks within a name do not matter (`@MikaSato`); of two names that begin alike the
    longer one is meant. An `@` within a word, as in an address, calls nobody.
    """
    known = sorted(((_plain(name), pk) for pk, name in names.items()), key=lambda n: -len(n[0]))
    found: dict[int, None] = {}
    for before, after in _calls(body):
        if before.isalnum():
            continue
        called = _plain(after)
        hit = next((name for name, _pk in known if name and called.startswith(name)), None)
        found |= {pk: None for name, pk in known if name == hit}
    return list(found)


MOST_CALLS = 50  # of one message
LONGEST = 200  # characters that a name can take, with its blanks


def _calls(body: str) -> list[tuple[str, str]]:
    """Return the character before each `@` and what follows it, for the first of them."""
    places = [index for index, char in enumerate(body) if char in "@＠"][:MOST_CALLS]
    return [(body[i - 1 : i] if i else "", body[i + 1 : i + 1 + LONGEST]) for i in places]


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
