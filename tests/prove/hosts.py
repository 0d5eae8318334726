"""
Hosts on a network of their own: one network namespace each, wires to a switch in the hub's.

Nothing of it can be reached from outside, and it goes with the block. The hub holds the servers; the test
itself enters it, so that the threads and processes it starts speak from there.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NET, HUB = "10.77.0", "10.77.0.1"
CLONE_NEWNET = 0x40000000


def ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def possible() -> bool:
    return os.geteuid() == 0 and shutil.which("ip") is not None


class Host:
    """One host by name and address; `run` starts a program on it, `cut` takes its wire away."""

    def __init__(self, hub: str, name: str, number: int) -> None:
        self.name, self.address = name, f"{NET}.{number}"
        self.space, self.hub, self.wire = f"{hub}-{name}", hub, f"w{number}"
        ip("netns", "add", self.space)
        ip("-n", hub, "link", "add", self.wire, "type", "veth", "peer", "name", "eth0",
           "netns", self.space)  # fmt: skip
        ip("-n", hub, "link", "set", self.wire, "master", "switch", "up")
        ip("-n", self.space, "addr", "add", f"{self.address}/24", "dev", "eth0")
        ip("-n", self.space, "link", "set", "eth0", "up")
        ip("-n", self.space, "link", "set", "lo", "up")

    def run(self, program: list[str], log: Path, **how) -> subprocess.Popen:
        with log.open("a") as out:
            return subprocess.Popen(
                ["ip", "netns", "exec", self.space, *program], stdout=out, stderr=out, **how
            )

    def cut(self) -> None:
        ip("-n", self.hub, "link", "set", self.wire, "down")

    def mend(self) -> None:
        ip("-n", self.hub, "link", "set", self.wire, "up")

    def lose_power(self, number: int = signal.SIGKILL) -> None:
        for pid in ip("netns", "pids", self.space).split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), number)


@contextmanager
def network(names: dict[str, int]) -> Iterator[dict[str, Host]]:
    """Make the hosts by name and last number of their address; be on the hub until the block ends."""
    hub, made = f"pf{os.getpid()}", {}
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # clean up then too
    ip("netns", "add", hub)
    try:
        ip("-n", hub, "link", "set", "lo", "up")
        ip("-n", hub, "link", "add", "switch", "type", "bridge")
        ip("-n", hub, "addr", "add", f"{HUB}/24", "dev", "switch")
        ip("-n", hub, "link", "set", "switch", "up")
        for name, number in names.items():
            made[name] = Host(hub, name, number)
        with standing_in(hub):
            yield made
    finally:
        for host in made.values():
            host.lose_power()
        time.sleep(0.2)
        for space in [*(host.space for host in made.values()), hub]:
            ip("netns", "del", space)
        signal.signal(signal.SIGTERM, before)


@contextmanager
def standing_in(space: str) -> Iterator[None]:
    """Let this thread, and what it starts, speak from the network of `space`."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{space}", os.O_RDONLY)
    try:
        enter(there)
        yield
    finally:
        enter(home)
        os.close(home)
        os.close(there)


def enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # os.setns comes with Python 3.12
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
