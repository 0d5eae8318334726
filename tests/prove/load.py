"""
A steady load of writes through the API, by programs that do what the guide tells them.

Each writer opens a ticket, then writes a message on it, each with an Idempotency-Key of its own. What
fails is sent again, unchanged and to the next host, until it is acknowledged.
"""

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass

PATIENCE = 120  # seconds that one write may take until it is acknowledged


@dataclass(frozen=True, slots=True)
class Write:
    """One acknowledged write, with the monotonic instants of its first and last attempts."""

    kind: str
    word: str  # stands in the row it made, and in no other
    first: float
    began: float
    ended: float
    tries: int


class Load:
    """`with Load(...) as load:` writes until the block ends, then until all is acknowledged."""

    def __init__(self, hosts: list[tuple[str, int]], clients: list[dict], *, writers: int = 8,
                 pause: float = 0.0, timeout: float = 10) -> None:  # fmt: skip
        self.hosts, self.clients, self.pause, self.timeout = hosts, clients, pause, timeout
        self.acknowledged: list[Write] = []
        self.failed: Counter[str] = Counter()
        self.refused: list[str] = []
        self._over = threading.Event()
        self._writers = [
            threading.Thread(target=self._write_on, args=(number,)) for number in range(writers)
        ]

    def __enter__(self) -> "Load":
        for writer in self._writers:
            writer.start()
        return self

    def __exit__(self, *_error) -> None:
        self._over.set()
        for writer in self._writers:
            writer.join()

    def words(self, kind: str) -> list[str]:
        return [write.word for write in self.acknowledged if write.kind == kind]

    def first_after(self, instant: float) -> Write | None:
        """Return what was acknowledged first of the writes whose attempt began after `instant`."""
        later = [write for write in list(self.acknowledged) if write.began > instant]
        return min(later, key=lambda write: write.ended, default=None)

    def _write_on(self, writer: int) -> None:
        client, count = self.clients[writer % len(self.clients)], 0
        while not self._over.is_set() and not self.refused:
            count += 1
            word = f"w{writer}-{count}"
            told = {"contract": client["contract"], "type": "incident", "title": f"Shop {word}",
                    "system": "ec-site", "environment": "production", "impact": 2, "urgency": 2,
                    "answers": {"0": True}}  # fmt: skip
            opened = self._send(writer, "ticket", word, client, "tickets/", told)
            if opened is None:
                return
            said = {"body": f"Word {word}"}
            self._send(writer, "message", word, client, f"tickets/{opened['key']}/comment/", said)
            self._over.wait(self.pause)

    def _send(self, writer: int, kind: str, word: str, client: dict, path: str, told: dict):
        """Send until it is acknowledged and return the answer; None where it never was."""
        first, tries = time.monotonic(), 0
        while time.monotonic() - first < PATIENCE:
            host = self.hosts[(writer + tries) % len(self.hosts)]
            began, tries = time.monotonic(), tries + 1
            status, text = self._post(host, client["token"], f"{kind}-{word}", path, told)
            if status in (200, 201):
                self.acknowledged.append(
                    Write(kind, word, first, began, time.monotonic(), tries)
                )  # fmt: skip
                return json.loads(text)
            self.failed[f"{status or text}"] += 1
            if 400 <= status < 500 and not busy(status, text):
                self.refused.append(f"{kind} {word}: {status} {text[:300]}")
                return None
            time.sleep(0.1)
        self.refused.append(f"{kind} {word}: never acknowledged")
        return None

    def _post(self, host, token: str, key: str, path: str, told: dict) -> tuple[int, str]:
        link = http.client.HTTPConnection(*host, timeout=self.timeout)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key,
                   "Content-Type": "application/json"}  # fmt: skip
        try:
            link.request("POST", f"/api/v1/{path}", json.dumps(told), headers)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, type(error).__name__
        finally:
            link.close()


def busy(status: int, text: str) -> bool:
    """Whether somebody else holds the row for now, perhaps our own request that was cut off."""
    return status == 409 and json.loads(text)["errors"][0]["code"] == "busy"
