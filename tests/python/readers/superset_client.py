"""A Superset as a person has it: `make superset`'s module, its API, and its page in Chromium."""

import contextlib
import http.cookiejar
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.readers.superset_server import Home
from orchestration.settings import PROJECT
from tests.python.report.browser import Page

PYTHON = PROJECT / ".venv-superset" / "bin" / "python"
TABS = ("Retention", "Revenue", "Customers", "Trust")
_PATIENCE = 300


class Client:
    """The administrator, over the API."""

    def __init__(self, base: str, password: str) -> None:
        self.base = base
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self._headers = {"Content-Type": "application/json", "Referer": base}
        said = {"username": "admin", "password": password, "provider": "db"}
        token = self.ask("/api/v1/security/login", said)["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"
        self._headers["X-CSRFToken"] = self.ask("/api/v1/security/csrf_token/")["result"]

    def ask(self, path: str, said: dict[str, Any] | None = None, *, refused: bool = False) -> Any:
        """Get, or post what is said; returns the answer, which is no error unless `refused`."""
        data = None if said is None else json.dumps(said).encode()
        request = urllib.request.Request(f"{self.base}{path}", data, self._headers)  # noqa: S310
        try:
            with self._opener.open(request, timeout=_PATIENCE) as answer:
                assert not refused, answer.read()
                return json.load(answer)
        except urllib.error.HTTPError as error:
            body = error.read().decode(errors="replace")
            if not refused:
                pytest.fail(f"{path}: {error.code} {body[:800]}")
            return body

    def charts(self) -> dict[str, int]:
        """Ids of the dashboard's charts by name."""
        answer = self.ask("/api/v1/dashboard/retention/charts")["result"]
        return {chart["slice_name"]: chart["id"] for chart in answer}

    def rows(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """Run a chart's query as its page asks it."""
        (result,) = self.ask("/api/v1/chart/data", query)["result"]
        assert result["status"] == "success", result
        return result["data"]


@contextlib.contextmanager
def superset(warehouse: Path) -> Iterator[tuple[str, str]]:
    """Start it on a free port; its address, and what it said until it served."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [PYTHON, "-m", "orchestration.readers.superset_server"],
        cwd=PROJECT,
        env=os.environ | {"HOLDFAST_WAREHOUSE": str(warehouse), "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = ""
        while "Ctrl+C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield f"http://127.0.0.1:{port}", said
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0


def processes(home: Home) -> list[tuple[float, float]]:
    """CPU seconds and resident MB of each process that serves from the folder."""
    found = []
    ticks = os.sysconf("SC_CLK_TCK")
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (
                b"gunicorn" in (place / "cmdline").read_bytes()
                and (place / "cwd").resolve() == home.folder
            ):
                fields = (place / "stat").read_text().rpartition(")")[2].split()
                pages = int((place / "statm").read_text().split()[1])
                cpu = (int(fields[11]) + int(fields[12])) / ticks
                found.append((cpu, pages * os.sysconf("SC_PAGE_SIZE") / 1e6))
    return found


def sign_in(page: Page, base: str, password: str) -> None:
    """Sign in by the page, on the way to the dashboard."""
    page.call("Page.navigate", url=f"{base}/login/?next=/superset/dashboard/retention/")
    _until(page, "!!document.querySelector('#username')")
    for field, text in (("username", "admin"), ("password", password)):
        page.run(f"document.querySelector('#{field}').focus()")
        page.call("Input.insertText", text=text)
    for kind in ("keyDown", "keyUp"):
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        page.call("Input.dispatchKeyEvent", type=kind, **key)


def open_within(page: Page, base: str, months: str) -> None:
    """Open the dashboard with its filter of months set, as a shared address has it."""
    chosen = (
        "(NATIVE_FILTER-months:(id:NATIVE_FILTER-months,ownState:(),"
        f"extraFormData:(time_range:'{months}'),filterState:(value:'{months}')))"
    )
    query = urllib.parse.quote(chosen)
    # what is left must not be taken for what comes
    page.call("Page.navigate", url="about:blank")
    page.call("Page.navigate", url=f"{base}/superset/dashboard/retention/?native_filters={query}")


def show(page: Page, tab: str, charts: int) -> str:
    """Open a tab and wait until it is drawn; what can be read there."""
    find = f"[...document.querySelectorAll('[role=tab]')].find(tab => tab.textContent === '{tab}')"
    _until(page, f"!!({find})")
    page.run(f"({find}).click()")
    holders = (
        "[...document.querySelectorAll('.dashboard-component-chart-holder')]"
        ".filter(holder => holder.offsetParent)"
    )
    drawn = "canvas, table, .header-line, [data-test=chart-error]"
    _until(
        page,
        f"{holders}.filter(holder => holder.querySelector('{drawn}')).length >= {charts}"
        " && !document.querySelector('.loading')",
    )
    return page.run("document.body.innerText")


def _until(page: Page, condition: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        # a page that is being left has no document for a moment
        with contextlib.suppress(AssertionError):
            if page.run(f"document.readyState === 'complete' && {condition}"):
                return
        assert time.monotonic() < end, condition
        time.sleep(0.3)
