"""A warehouse in a folder of its own, and a webhook that listens on this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestration.settings import PROJECT
from orchestration.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    """A workspace in which nothing was ever refreshed."""
    (tmp_path / "landing").mkdir()
    return Workspace(PROJECT, tmp_path / "landing", tmp_path / "shop")


@pytest.fixture
def webhook(monkeypatch):
    """A real server; `.got` is what was posted, `.answer` what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            size = int(self.headers["Content-Length"])
            server.got.append((self.path, json.loads(self.rfile.read(size))))
            self.send_response(server.answer)
            if server.answer == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self):
            server.got.append((self.path, None))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.answer = [], 200
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/hooks/s3cret-token"
    monkeypatch.setenv("HOLDFAST_WEBHOOK_URL", url)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
