"""Writes down what any Python process asks of the network; Python imports it when it starts.

On PYTHONPATH, with the file to write to in HOLDFAST_TESTS_WITNESS. A line per event: what happened,
and where to.
"""

import os
import sys

_WATCHED = {
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
}


def _watch(path: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def hook(event: str, arguments: tuple) -> None:
        if event in _WATCHED:
            where = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
            os.write(file, f"{event}\t{where!r}\n".encode())

    os.write(file, f"started\t{sys.orig_argv!r}\n".encode())
    sys.addaudithook(hook)


if "HOLDFAST_TESTS_WITNESS" in os.environ:
    _watch(os.environ["HOLDFAST_TESTS_WITNESS"])
