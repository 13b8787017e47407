"""Chromium without a window, driven by its DevTools protocol: what a reader's browser does."""

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars",
    "--remote-debugging-port=0",
]  # fmt: skip


class Page:
    """One tab; everything it asked for, sent, was refused and complained of is kept."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.requests: list[str] = []
        self.posts: list[tuple[str, str]] = []
        self.blocked: dict[str, str] = {}
        self._asked: dict[str, str] = {}
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call the browser and return its answer."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        kind, said = message.get("method"), message.get("params", {})
        if kind == "Network.requestWillBeSent":
            url = self._asked[said["requestId"]] = said["request"]["url"]
            self.requests.append(url)
            if "postData" in said["request"]:
                self.posts.append((url, said["request"]["postData"]))
        elif kind == "Network.loadingFailed" and "blockedReason" in said:
            self.blocked[self._asked[said["requestId"]]] = said["blockedReason"]
        elif kind == "Runtime.exceptionThrown":
            self.complaints.append(str(said["exceptionDetails"])[:400])
        elif kind == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning"):
            self.complaints.append(str(said["args"])[:400])
        elif kind == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(said["entry"]["text"])

    def run(self, script: str) -> Any:
        """Evaluate a script, wait for its promise, and return its value."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, page: Path, query: str = "", section: str = "overview") -> None:
        """Open the report anew and wait until it is drawn."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{page.as_uri()}{query}#{section}")
        self.wait()

    def wait(self) -> None:
        """Wait until the page says that it is drawn."""
        end = time.monotonic() + 60
        while self.run("document.documentElement?.dataset.ready") != "1":
            assert time.monotonic() < end, "the page is not ready after a minute"
            time.sleep(0.05)

    def size(self, width: int, height: int) -> None:
        """Give the window a size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def picture(self, path: Path) -> None:
        """Save the whole page as a picture."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.contextmanager
def chromium() -> Iterator[Page]:
    """Start a browser with a profile of its own, and end it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port_file = Path(profile) / "DevToolsActivePort"
            end = time.monotonic() + 60
            while not port_file.exists() or not port_file.read_text().strip():
                assert time.monotonic() < end, "Chromium did not start"
                assert browser.poll() is None, "Chromium ended"
                time.sleep(0.05)
            port, path = port_file.read_text().split("\n")[:2]
            address = f"ws://127.0.0.1:{port}{path}"
            with connect(address, max_size=None) as root:
                root.send(json.dumps({"id": 1, "method": "Target.createTarget",
                                      "params": {"url": "about:blank"}}))  # fmt: skip
                target = json.loads(root.recv(timeout=60))
                while "result" not in target:
                    target = json.loads(root.recv(timeout=60))
            tab = f"ws://127.0.0.1:{port}/devtools/page/{target['result']['targetId']}"
            with connect(tab, max_size=None) as socket:
                yield Page(socket)
        finally:
            browser.terminate()
            browser.wait(timeout=30)
