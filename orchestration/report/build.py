"""Writes the report: $WAREHOUSE/report/index.html and, beside it, data scripts loaded on demand.

It is written into a folder beside and then swapped in by renames, so that no reader sees half of
one; when writing fails, the earlier report stays.
"""

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.memory import memory_limit
from orchestration.report import data
from orchestration.report.charts import CHARTS, PAGES, Chart
from orchestration.workspace import Workspace

HERE = Path(__file__).parent
LANGUAGES = ("en", "ru", "uk", "zh")
SCRIPTS = ("format.js", "draw.js", "page.js")
MOST_BYTES_FIRST, MOST_BYTES_SCRIPT, MOST_BYTES_ALL = 3_000_000, 2_000_000, 40_000_000


class ReportError(RuntimeError):
    """The report was not written; the message says why."""


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        page: The page.
        charts: Number of charts.
        scripts: Number of data scripts.
        bytes: Size of all of it.
    """

    page: Path
    charts: int
    scripts: int
    bytes: int


def is_current(workspace: Workspace, manifest: Mapping[str, Any]) -> bool:
    """Whether the report that stands is that of a publication, each file as it was written."""
    folder = workspace.report_page.parent
    try:
        return _refresh_file(folder).read_text(encoding="utf-8") == _stamp(folder, manifest)
    except (OSError, ValueError):
        return False


def write_report(workspace: Workspace, currency: str) -> Written:
    """Write the report of the published marts.

    Args:
        workspace: Where the marts are and the report goes.
        currency: Reporting currency.

    Returns:
        What was written.

    Raises:
        ReportError: When no marts are published, or a file would be too large to open.
    """
    try:
        manifest = json.loads(workspace.manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(
            f"There is no report without published marts: {workspace.manifest} cannot be read. "
            "`make refresh` publishes them."
        ) from error
    folder = workspace.report_page.parent
    engine = {"memory_limit": memory_limit(), "temp_directory": str(workspace.warehouse / ".tmp")}
    building, old = folder.with_name(".report.building"), folder.with_name(".report.old")
    if old.exists() and not folder.exists():
        old.rename(folder)  # killed between the two renames of `swap`
    for leftover in (building, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        (building / "data").mkdir(parents=True)
        with duckdb.connect(str(workspace.marts_db), read_only=True, config=engine) as con:
            charts = [_chart(con, chart, building / "data") for chart in CHARTS]
        page = _page(charts, manifest, currency)
        (building / "index.html").write_text(page, encoding="utf-8")
        _refresh_file(building).write_text(_stamp(building, manifest), encoding="utf-8")
        written = _measure(building, folder, len(charts))
        swap(building, folder, old)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return written


def swap(building: Path, folder: Path, old: Path) -> None:
    """Put a finished report in the place of the one before it.

    A folder cannot be renamed over one that is not empty: between the two renames there is no
    report for an instant, but never half of one. When the second fails, the first is taken back.
    """
    stood = folder.exists()
    if stood:
        folder.rename(old)
    try:
        building.rename(folder)
    except OSError:
        if stood:
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def embedded(value: object) -> str:
    """Return JSON that can stand inside a script element: nothing in it ends or opens one."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char, escape in (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(char, escape)
    return text


def script_name(chart: str, values: tuple[str, ...]) -> str:
    """Return the file name of a data script; the page makes the same name."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", "-".join((chart, *values))) + ".js"


def words(language: str) -> dict[str, str]:
    """Return the dictionary of a language."""
    return json.loads((HERE / "words" / f"{language}.json").read_text(encoding="utf-8"))


def _chart(con: duckdb.DuckDBPyConnection, chart: Chart, folder: Path) -> dict[str, Any]:
    """Read a chart, write its data scripts, and return what stands in the page itself."""
    table = data.read(con, chart)
    inside: dict[str, Any] = {
        "name": chart.name,
        "page": chart.page,
        "kind": chart.kind,
        "draw": chart.draw,
        "title": chart.title,
        "choices": chart.choices,
        "files": list(chart.files),
        "warning": chart.warning,
        "definitions": data.definitions(con, chart, table.columns),
    }
    if not chart.files:
        return {**inside, "data": table.as_json()}
    first = tuple(chart.choices[name] for name in chart.files)
    catalog, shown = [], None
    for values, part in data.parts(chart, table):
        catalog.append(list(values))
        if values == first:
            shown = part
            continue
        script = f"holdfast.loaded({embedded(chart.name)},{embedded(list(values))},"
        (folder / script_name(chart.name, values)).write_text(
            script + embedded(part.as_json()) + ");\n", encoding="utf-8"
        )
    kept = [column for column in table.columns if column.name not in chart.files]
    return {**inside, "catalog": catalog, "data": (shown or data.Table(kept, [])).as_json()}


def _refresh_file(folder: Path) -> Path:
    """Return the file that says of which refresh a report is."""
    return folder / ".refresh_id"


def _stamp(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Say of which refresh a report is and what its files hold: a power cut may empty them."""
    total = hashlib.sha256()
    for path in sorted([folder / "index.html", *(folder / "data").iterdir()]):
        with path.open("rb") as file:
            total.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return f"{manifest['refresh_id']}\n{total.hexdigest()}\n"


def _page(charts: list[dict[str, Any]], manifest: Mapping[str, Any], currency: str) -> str:
    """Put the page together."""
    about = {
        "currency": currency,
        "cutoff_day": manifest.get("cutoff_day"),
        "published_at": manifest.get("published_at"),
        "refresh_id": manifest.get("refresh_id"),
    }
    content = {
        "about": about,
        "pages": PAGES,
        "charts": charts,
        "words": {language: words(language) for language in LANGUAGES},
    }
    web = HERE / "web"
    scripts = [(HERE / "vendor" / "echarts.min.js").read_text(encoding="utf-8")]
    scripts += [(web / name).read_text(encoding="utf-8") for name in SCRIPTS]
    # only these scripts may run, and data scripts beside the page; nothing may be asked of anybody
    allowed = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src 'self' file: {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    page = (web / "page.html").read_text(encoding="utf-8")
    for place, text in {
        "<!--policy-->": policy,
        "/*style*/": (web / "style.css").read_text(encoding="utf-8"),
        "<!--content-->": embedded(content),
        "<!--scripts-->": "\n".join(f"<script>{script}</script>" for script in scripts),
    }.items():
        page = page.replace(place, text, 1)
    return page


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _measure(building: Path, folder: Path, charts: int) -> Written:
    """Check that what was written can be opened from disk with ease."""
    scripts = sorted((building / "data").glob("*.js"))
    first = (building / "index.html").stat().st_size
    sizes = [path.stat().st_size for path in scripts]
    if first > MOST_BYTES_FIRST:
        raise ReportError(f"index.html would have {first:,} bytes; {MOST_BYTES_FIRST:,} at most.")
    for path, size in zip(scripts, sizes, strict=True):
        if size > MOST_BYTES_SCRIPT:
            raise ReportError(f"{path.name} would have {size:,} bytes; {MOST_BYTES_SCRIPT:,} most.")
    total = first + sum(sizes)
    if total > MOST_BYTES_ALL:
        raise ReportError(f"The report would have {total:,} bytes; {MOST_BYTES_ALL:,} at most.")
    return Written(folder / "index.html", charts, len(scripts), total)
