"""Switches off what the tools would report home, for this process and its children."""

import os
from pathlib import Path

_FILE = Path(__file__).with_name("telemetry.env")


def telemetry_switches() -> dict[str, str]:
    """Return the variables that switch telemetry off, from the one place that lists them."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def be_quiet() -> None:
    """Switch telemetry off in this process and in the children it starts from now on."""
    os.environ.update(telemetry_switches())
