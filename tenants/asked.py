"""What an address or a form names by its id, before anybody looked whether it could be one."""

from django.http import QueryDict


def id_in(told: QueryDict, name: str) -> str:
    """
    Return what is named, empty where nothing is; it may be put to the database as it is.

    What no id can hold, a NUL among it, becomes a sign that none has: nothing is found.
    """
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in told.get(name, "")[:64])
