"""`make superset`: Superset over the published marts, with the dashboards of superset/.

Runs in .venv-superset. Superset's database, its key and the administrator's password lie in
$WAREHOUSE/.superset, which only its owner reads: they belong to that warehouse, and what people
make there outlives `make clean`. A start that finds nothing changed only serves.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.quiet import be_quiet
from orchestration.readers.superset_bundle import (
    BundleError,
    as_contents,
    fill_in,
    fingerprint,
    read_files,
)
from orchestration.settings import PROJECT, SettingsError
from orchestration.workspace import Workspace

HOST = "127.0.0.1"
PORT = 8088
DASHBOARD = "retention"
_LOCK = PROJECT / "requirements-superset.lock"
# a slow machine needs a minute to start it
_PATIENCE = 300
_LAST_LINES = 15


class ServerError(RuntimeError):
    """Superset does not run; the message says why and what to do."""


@dataclass(frozen=True)
class Home:
    """Superset's folder of one warehouse."""

    folder: Path

    @property
    def password(self) -> Path:
        """The administrator's first password."""
        return self.folder / "admin_password"

    @property
    def secret_key(self) -> Path:
        """What signs sessions."""
        return self.folder / "secret_key"

    @property
    def state(self) -> Path:
        """What was migrated to and imported."""
        return self.folder / "state.json"

    @property
    def log(self) -> Path:
        """What Superset says."""
        return self.folder / "superset.log"

    def make(self) -> None:
        """Make the folder and its secrets, for their owner alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, length in ((self.secret_key, 48), (self.password, 16)):
            if not path.exists():
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(secrets.token_urlsafe(length))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One start at a time prepares; it ends when its process does."""
        with (self.folder / "prepare.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def read_state(self) -> dict[str, str]:
        """Return what was done before; nothing where that is unreadable."""
        try:
            return json.loads(self.state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def environment(self) -> dict[str, str]:
        """Return the variables with which Superset finds this folder and its configuration."""
        config = Path(__file__).with_name("superset_config.py")
        return {
            **os.environ,
            "SUPERSET_HOME": str(self.folder),
            "SUPERSET_CONFIG_PATH": str(config),
            "FLASK_APP": "superset.app:create_app()",
        }


def bring_up_to_date(home: Home, contents: dict[str, str]) -> list[str]:
    """Migrate and import, as far as that has to be.

    Args:
        home: Superset's folder.
        contents: The bundle.

    Returns:
        What was done, in words.

    Raises:
        ServerError: When Superset refuses.
    """
    with home.alone():
        wanted = {
            "versions": hashlib.sha256(_LOCK.read_bytes()).hexdigest(),
            "dashboards": fingerprint(contents),
        }
        state = home.read_state()
        stale = [name for name, value in wanted.items() if state.get(name) != value]
        if not stale:
            return []
        ask: dict[str, Any] = {"password": None, "contents": None}
        if "versions" in stale:
            ask["password"] = home.password.read_text(encoding="utf-8")
        # a new Superset may keep charts in another form
        ask["contents"] = contents
        with home.log.open("wb") as log:
            ended = subprocess.run(
                [sys.executable, "-m", "orchestration.readers.superset_prepare"],
                input=json.dumps(ask).encode(),
                cwd=PROJECT,
                env=home.environment(),
                stdout=log,
                stderr=log,
                check=False,
            )
        if ended.returncode != 0:
            raise ServerError(f"Superset could not be prepared:\n{_tail(home.log)}")
        building = home.state.with_suffix(".building")
        building.write_text(json.dumps(wanted), encoding="utf-8")
        building.replace(home.state)
        return stale


def serve(home: Home, port: int) -> int:
    """Serve until it is ended.

    Args:
        home: Superset's folder.
        port: Port on this machine.

    Returns:
        The exit code.
    """
    with home.log.open("ab") as log:
        server = subprocess.Popen(
            [
                Path(sys.executable).with_name("gunicorn"),
                # threads share what one process loaded: Superset is some 300 MB
                *("--workers", "1", "--threads", "8", "--timeout", "300"),
                *("--graceful-timeout", "5"),
                *("--bind", f"{HOST}:{port}", "--log-level", "warning"),
                "superset.app:create_app()",
            ],
            # not the project, whose folder superset/ is no Python
            cwd=home.folder,
            env=home.environment(),
            stdout=log,
            stderr=log,
        )
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        _await_health(home, server, port)
        sys.stdout.write(
            f"superset  http://{HOST}:{port}/superset/dashboard/{DASHBOARD}/\n"
            f"          user admin, first password in {home.password}\n"
            f"          Ctrl+C ends it; it says more in {home.log}\n"
        )
        sys.stdout.flush()
        code = server.wait()
    except KeyboardInterrupt:
        # the terminal told the server too
        code = 0
    finally:
        server.terminate()
        server.wait()
    return 0 if code in (0, -signal.SIGTERM) else 1


def _await_health(home: Home, server: subprocess.Popen, port: int) -> None:
    """Wait until it answers."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            raise ServerError(f"Superset ended:\n{_tail(home.log)}")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise ServerError(f"Superset does not answer after {_PATIENCE} s; see {home.log}")


def _tail(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_LAST_LINES:])


def _free_port() -> int:
    """Return the port that was asked for, when nobody listens there."""
    asked = os.environ.get("PORT", "").strip() or str(PORT)
    if not asked.isdecimal() or not 0 < int(asked) < 1 << 16:
        raise ServerError(f"PORT is {asked}; it should be a number such as {PORT}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(asked)))
        except OSError as error:
            raise ServerError(
                f"Port {asked} cannot be had ({error.strerror}); name another with PORT."
            ) from None
    return int(asked)


def main() -> int:
    """Serve the warehouse that the environment names.

    Returns:
        0 when it was ended, 1 when it could not run.
    """
    be_quiet()
    try:
        workspace = Workspace.from_environment()
        if not workspace.marts_db.exists():
            raise ServerError(  # noqa: TRY301
                "No marts are published there; `make refresh` publishes them."
            )
        port = _free_port()
        home = Home(workspace.warehouse / ".superset")
        home.make()
        contents = as_contents(fill_in(read_files(), workspace.marts_db))
        if not home.state.exists():
            sys.stdout.write("superset  making its database (a minute or two, once) ...\n")
            sys.stdout.flush()
        started = time.monotonic()
        if done := bring_up_to_date(home, contents):
            seconds = time.monotonic() - started
            sys.stdout.write(f"superset  {' and '.join(done)} up to date ({seconds:.0f} s)\n")
        sys.stdout.write("superset  starting ...\n")
        sys.stdout.flush()
        return serve(home, port)
    except (SettingsError, BundleError, ServerError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
