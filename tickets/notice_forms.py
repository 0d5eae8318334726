"""What a person wants to be told of: one question a kind, the defaults chosen beforehand."""

from collections.abc import Iterable, Mapping

from django import forms

from tenants.models import Membership
from tickets.domain.notices import Kind, channel_of
from tickets.models.notice import NoticeChannel, NoticeKind

OF_THE_VENDOR = {Kind.HANDOFF, Kind.HALFTIME, Kind.DEADLINE, Kind.MISSED}


def kinds_for(memberships: Iterable[Membership]) -> list[str]:
    """Return what people at these desks are told of; a client is not told of the vendor's own."""
    for_vendor = any(m.is_vendor for m in memberships)
    return [kind.value for kind in NoticeKind if for_vendor or kind not in OF_THE_VENDOR]


class ChannelsForm(forms.Form):
    """Asks a client only about what clients are told of."""

    def __init__(
        self, *args, chosen: Mapping[str, str], memberships: Iterable[Membership], **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        for kind in kinds_for(memberships):
            self.fields[kind] = forms.ChoiceField(
                label=NoticeKind(kind).label,
                choices=NoticeChannel.choices,
                initial=channel_of(kind, chosen).value,
                widget=forms.Select(attrs={"class": "form-select"}),
            )
