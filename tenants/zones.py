"""The time zones that a person or a client may choose."""

from zoneinfo import available_timezones

NOT_OFFERED = ("Etc/", "posix/", "right/")


def zone_names() -> list[str]:
    named = (name for name in available_timezones() if "/" in name or name == "UTC")
    return sorted(name for name in named if not name.startswith(NOT_OFFERED))
