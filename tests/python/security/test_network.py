"""A refresh asks nothing of the network: no telemetry, no look for a newer version, no download."""

import os
import subprocess
import sys
from pathlib import Path

WITNESS = Path(__file__).parent / "witness"
_HERE = ("'127.0.0.1'", "'::1'", "'localhost'", "'/", "b'/")


def asked(file: Path) -> list[str]:
    """What was asked of another machine; sockets within this one are no network."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [
        line
        for line in lines
        if not line.startswith("started\t")
        and not line.partition("\t")[2].lstrip("(").startswith(_HERE)
    ]


def test_a_refresh_asks_nothing_of_the_network(refreshed_sample):
    """A run of the whole would tell a vendor that it runs, or wait for one that does not answer."""
    file = refreshed_sample / "network.txt"
    started = [line for line in file.read_text(encoding="utf-8").splitlines() if "started" in line]
    for process in ("orchestration.refresh", "orchestration.quality", "'parse'", "'build'"):
        assert any(process in line for line in started), f"{process} was not watched: {started}"
    assert asked(file) == []


def test_the_witness_sees_what_is_asked(tmp_path):
    """A hook that hears nothing would prove everything."""
    file = tmp_path / "network.txt"
    script = (
        "import socket, urllib.request\n"
        "for ask in (\n"
        "    lambda: socket.getaddrinfo('holdfast.invalid', 443),\n"
        "    lambda: socket.socket().connect(('192.0.2.1', 9)),\n"
        "    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9)),\n"
        "    lambda: socket.socket().connect(('127.0.0.1', 1)),\n"
        "    lambda: urllib.request.urlopen('http://other.invalid/', timeout=1),\n"
        "):\n"
        "    try:\n"
        "        socket.setdefaulttimeout(0.2)\n"
        "        ask()\n"
        "    except OSError:\n"
        "        pass\n"
    )
    watching = {"PYTHONPATH": str(WITNESS), "HOLDFAST_TESTS_WITNESS": str(file)}
    subprocess.run([sys.executable, "-c", script], env=os.environ | watching, check=True)
    assert [line.partition("\t")[0] for line in asked(file)] == [
        "socket.getaddrinfo",
        "socket.connect",
        "socket.sendto",
        "socket.getaddrinfo",
    ]
    assert "127.0.0.1" in file.read_text(encoding="utf-8")
