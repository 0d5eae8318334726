"""Whether a ticket's own words complain of slowness: in English, Japanese or Vietnamese."""

import re

_WORDS = re.compile(
    r"\b(?:slow\w*|latenc\w*|time[d -]?out\w*|performance|response time|lag(?:s|gy|ging)?)\b"
    r"|遅い|遅く|遅延|重い|重く|タイムアウト|応答時間|性能|パフォーマンス"
    r"|\bchậm|\btrễ|quá thời gian|hiệu năng|thời gian phản hồi",
    re.IGNORECASE,
)


def is_slow(*texts: str) -> bool:
    """Return whether any of the texts speaks of slowness."""
    return _WORDS.search("\n".join(texts)) is not None
