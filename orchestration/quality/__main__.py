"""The guard step as a process of its own: `python -m orchestration.quality --refresh-id ID`.

A child process, because Great Expectations takes seconds and 255 MB to import. Landing folder,
warehouse, AS_OF and settings come from the environment (`Workspace.from_environment`).

Exit code 0 = the checks ran; whether they stop the refresh stands in the summary. Anything else =
the checks themselves broke, and nothing may be taken.
"""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from orchestration.contract import load_contract
from orchestration.quality.inputs import check_inputs
from orchestration.quality.page import write_checks_page
from orchestration.quality.results import stop_message
from orchestration.workspace import Workspace


def main(arguments: list[str] | None = None) -> int:
    """Check what lies in incoming.*, write the page, and tell the result as JSON.

    The summary has `refresh_id`, `is_stopped`, `message` ('' unless stopped), `page` and `checks`
    (a list of CheckResult fields).

    Args:
        arguments: Command line; the process's own by default.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m orchestration.quality", description=__doc__)
    parser.add_argument("--refresh-id", required=True, help="id of the refresh")
    parser.add_argument(
        "--now",
        type=datetime.fromisoformat,
        default=datetime.now(UTC),
        help="moment of the load, ISO 8601, UTC where it has no offset (default: the clock)",
    )
    parser.add_argument("--summary", type=Path, help="file for the summary (default: stdout)")
    options = parser.parse_args(arguments)

    now = options.now
    if now.tzinfo is not None:
        now = now.astimezone(UTC).replace(tzinfo=None)
    workspace = Workspace.from_environment()
    contract = load_contract(extensions=workspace.extensions)
    settings = workspace.read_settings()
    results = check_inputs(workspace, contract, settings, options.refresh_id, now)
    page = write_checks_page(workspace, options.refresh_id)
    message = stop_message(results)
    summary = {
        "refresh_id": options.refresh_id,
        "is_stopped": bool(message),
        "message": message,
        "page": str(page),
        "checks": [result.as_dict() for result in results],
    }
    text = json.dumps(summary, ensure_ascii=False, indent=1)
    if options.summary:
        options.summary.write_text(text, encoding="utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Great Expectations keeps DuckDB's types alive, and the client reports that as leaks to stderr
    # while the interpreter shuts down. Every connection is closed by now, so leave without that.
    os._exit(code)
