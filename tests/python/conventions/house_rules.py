"""Rules of the house over dbt's manifest, the YAML and the Python files.

Each function returns what breaks its rule, in words a person can act on; test_conventions.py calls
it on the project and once on a broken copy, so that no rule can pass by looking at nothing.
"""

import ast
import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dbt
import yaml
from jsonschema import Draft7Validator, ValidationError

PROJECT = Path(__file__).resolve().parents[3]
YAML_FOLDERS = ("models", "seeds", "macros", "tests/unit", "tests/data")
PUBLIC_COLUMNS = PROJECT / "docs" / "public_columns.csv"
CHANGELOG = PROJECT / "CHANGELOG.md"

# Only these know of Dagster; everything else is plain Python that tests and other tools can call.
DAGSTER_FILES = {
    "definitions.py",
    "project.py",
    "resources.py",
    "run_log.py",
    "jobs.py",
    "schedules.py",
    "sensors.py",
}
DAGSTER_FOLDERS = {"assets", "checks"}

# The quality marts report on the refresh itself: what the loader and the guards wrote down.
READS_STAGING = {"quality"}

# In pieces, so that this file does not hold what it looks for.
REGISTRY_HOSTS = [
    "".join(parts)
    for parts in (
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("yarn", "pkg.com"),
        ("conda", ".anaconda.org"),
        ("repo.ana", "conda.com"),
        ("crates", ".io"),
        ("ruby", "gems.org"),
        ("repo.maven", ".apache.org"),
        ("proxy.go", "lang.org"),
        ("hub.get", "dbt.com"),
        ("docker", ".io"),
        ("gh", "cr.io"),
        ("extensions.duck", "db.org"),
    )
]

Manifest = Mapping[str, Any]
Node = dict[str, Any]


def models(manifest: Manifest, folder: str = "") -> list[Node]:
    """The project's models whose path below models/ begins with a folder."""
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["path"].startswith(folder)
    ]


def marts(manifest: Manifest) -> list[Node]:
    """The published models."""
    return models(manifest, "marts/")


def name_of(node: Node) -> str:
    """Schema and table of a model."""
    return f"{node['schema']}.{node['alias']}"


# --- words ----------------------------------------------------------------------------------------


def undescribed(manifest: Manifest) -> list[str]:
    """Models, seeds, sources, macros and columns without a description."""
    findings = []
    for node in manifest["nodes"].values():
        if node["resource_type"] in {"model", "seed"}:
            findings.extend(_undescribed_parts(name_of(node), node))
    for source in manifest["sources"].values():
        findings.extend(_undescribed_parts(f"source {source['name']}", source))
    findings.extend(
        f"macro {macro['name']} has no description"
        for macro in manifest["macros"].values()
        if macro["package_name"] == "holdfast"
        and not macro["name"].startswith("test_")
        and "__" not in macro["name"]
        and not macro["description"].strip()
    )
    return findings


def _undescribed_parts(name: str, node: Node) -> Iterator[str]:
    if not node["description"].strip():
        yield f"{name} has no description"
    if not node["columns"]:
        yield f"{name} lists no columns"
    for column in node["columns"].values():
        if not column["description"].strip():
            yield f"{name}.{column['name']} has no description"


def without_grain(manifest: Manifest) -> list[str]:
    """Models whose description does not begin with their grain."""
    return [
        f"{name_of(node)} does not begin with 'One row per'"
        for node in models(manifest)
        if not node["description"].startswith("One row per ")
        # a step may hold a single row, such as the cutoff
        and not (
            layer_of(node) == "intermediate" and re.match(r"One row[,:.; ]", node["description"])
        )
    ]


def without_header(manifest: Manifest) -> list[str]:
    """Marts and intermediate models that do not open with 1 to 4 comment lines."""
    findings = []
    for node in models(manifest):
        lines = node["raw_code"].lstrip().splitlines()
        mark = "#" if node["language"] == "python" else "--"
        header = next(
            (place for place, line in enumerate(lines) if not line.startswith(mark)), len(lines)
        )
        if node["path"].startswith(("marts/", "intermediate/")) and not 1 <= header <= 4:
            findings.append(f"{name_of(node)} opens with {header} comment lines, not 1 to 4")
    return findings


# --- promises -------------------------------------------------------------------------------------


def without_contract(manifest: Manifest) -> list[str]:
    """Marts whose columns and types are not enforced, or that are not public."""
    findings = []
    for node in marts(manifest):
        if not node["contract"]["enforced"]:
            findings.append(f"{name_of(node)} has no enforced contract")
        if node["access"] != "public":
            findings.append(f"{name_of(node)} is not public")
        findings.extend(
            f"{name_of(node)}.{column['name']} has no data_type"
            for column in node["columns"].values()
            if not column["data_type"]
        )
    return findings


def without_key_test(manifest: Manifest) -> list[str]:
    """Marts of which no test says what identifies a row."""
    tested = {
        node.get("attached_node")
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") in {"unique", "unique_combination"}
        and node["config"]["enabled"]
        and node["config"]["severity"].lower() == "error"
        and not node["config"].get("where")
    }
    return [
        f"{name_of(node)} has no key test"
        for node in marts(manifest)
        if node["unique_id"] not in tested
    ]


def without_unit_test(manifest: Manifest) -> list[str]:
    """Marts without a dbt unit test."""
    tested = {
        parent for test in manifest["unit_tests"].values() for parent in test["depends_on"]["nodes"]
    }
    return [
        f"{name_of(node)} has no unit test"
        for node in marts(manifest)
        if node["unique_id"] not in tested
    ]


def badly_named_unit_tests(manifest: Manifest) -> list[str]:
    """Unit tests that do not say which situation they show, or stand in another folder's file."""
    findings = []
    for test in manifest["unit_tests"].values():
        if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){2,}", test["name"]):
            findings.append(f"unit test {test['name']} is not <situation>_<outcome>")
        if Path(test["original_file_path"]).stem != test["model"]:
            findings.append(f"unit test {test['name']} of {test['model']} stands in another file")
        if not (test["description"] or "").strip():
            findings.append(f"unit test {test['name']} has no description")
    return findings


# --- layers ---------------------------------------------------------------------------------------


def layer_of(node: Node) -> str:
    """staging, intermediate, or the schema's folder of a mart; else the resource type."""
    if node["resource_type"] != "model":
        return node["resource_type"]
    parts = node["path"].split("/")
    return parts[1] if parts[0] == "marts" else parts[0]


def wrong_layers(manifest: Manifest) -> list[str]:
    """Models that read what their layer may not."""
    findings = []
    for node in models(manifest):
        layer = layer_of(node)
        for parent_id in node["depends_on"]["nodes"]:
            parent = manifest["nodes"].get(parent_id) or manifest["sources"][parent_id]
            parent_layer = layer_of(parent)
            allowed = {
                "staging": {"source", "seed"},
                "intermediate": {"staging", "intermediate", "seed", "core"},
                "core": {"intermediate", "core", "seed"},
            }.get(layer, {"intermediate", "core", "seed", layer})
            if layer in READS_STAGING:
                allowed = allowed | {"staging"}
            if parent_layer not in allowed:
                findings.append(f"{layer}: {node['name']} reads {parent['name']} ({parent_layer})")
    return findings


def sources_nobody_reads(manifest: Manifest) -> list[str]:
    """Delivered inputs and records of the refresh that no staging model reads."""
    read = {parent for node in models(manifest) for parent in node["depends_on"]["nodes"]}
    return [
        f"source {source['source_name']}.{source['name']} is read by nobody"
        for source_id, source in manifest["sources"].items()
        if source_id not in read
    ]


def hard_coded_relations(manifest: Manifest) -> list[str]:
    """Models that name a table instead of ref() or source(), or that query while compiling."""
    findings = []
    for node in models(manifest):
        # what a Python model reads it gets by dbt.ref; its imports are no tables
        if node["language"] == "python":
            continue
        text = re.sub(r"--[^\n]*|\{#.*?#\}", "", node["raw_code"], flags=re.DOTALL)
        named = re.findall(r"\b(?:from|join)\s+([a-z_]+\.[a-z_]+)", text)
        asked = re.findall(r"run_query|get_columns_in_relation|statement\(|load_result", text)
        findings.extend(f"{node['name']} names {found}" for found in named)
        findings.extend(f"{node['name']} asks while compiling: {found}" for found in asked)
    return findings


# --- files ----------------------------------------------------------------------------------------


def unknown_yaml_keys(paths: Iterable[Path]) -> list[str]:
    """Keys dbt does not know; on DuckDB it lets a misspelt one pass in silence."""
    schema_file = Path(dbt.__path__[0]) / "jsonschemas" / "resources" / "latest.json"
    if not schema_file.exists():
        schema_file = next(
            Path(folder) / "jsonschemas" / "resources" / "latest.json"
            for folder in dbt.__path__
            if (Path(folder) / "jsonschemas" / "resources" / "latest.json").exists()
        )
    validator = Draft7Validator(json.loads(schema_file.read_text(encoding="utf-8")))
    findings = {}
    for path in paths:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            findings[f"{path}: is not a map"] = True
            continue
        if "version" in document:
            findings[f"{path}: version is not needed"] = True
        for error in validator.iter_errors(document):
            for leaf in _leaves(error):
                place = [str(part) for part in leaf.absolute_path]
                # the bodies of tests are free: their names are the project's own
                is_body = {"data_tests", "tests"} & set(place)
                # the schema is one dbt ahead: 1.11 takes metrics in no other form
                is_metric = place[:1] == ["metrics"] and "('type_params' was" in leaf.message
                if leaf.validator == "additionalProperties" and not is_body and not is_metric:
                    findings[f"{path} {'/'.join(place)}: {leaf.message[:200]}"] = True
    return list(findings)


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    yield error
    for part in error.context or []:
        yield from _leaves(part)


def yaml_files() -> list[Path]:
    """Every YAML file dbt reads."""
    return [path for folder in YAML_FOLDERS for path in sorted((PROJECT / folder).rglob("*.yml"))]


def dagster_imports(folder: Path) -> list[str]:
    """Files outside the listed ones that import Dagster."""
    findings = []
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder)
        if place.parts[0] in DAGSTER_FOLDERS or place.as_posix() in DAGSTER_FILES:
            continue
        findings.extend(
            f"{place} imports {name}"
            for name in imported_modules(path)
            if name.split(".")[0].startswith("dagster")
        )
    return findings


def imported_modules(path: Path) -> list[str]:
    """The modules a Python file imports, at any depth."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return names


def registry_addresses(paths: Iterable[Path]) -> list[str]:
    """Files that hold the address of a package registry."""
    findings = []
    for path in paths:
        text = path.read_bytes().decode("utf-8", errors="replace").lower()
        findings.extend(f"{path} holds {host}" for host in REGISTRY_HOSTS if host in text)
    return findings


def declared_types(manifest: Manifest) -> dict[str, set[str]]:
    """Data types by column name, from every YAML entry that states one."""
    types: dict[str, set[str]] = defaultdict(set)
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        for column in node.get("columns", {}).values():
            if column.get("data_type"):
                types[column["name"]].add(column["data_type"].lower())
    return types


# --- public columns -------------------------------------------------------------------------------


def public_columns(manifest: Manifest) -> dict[tuple[str, str, str], str]:
    """Type by schema, table and column of everything a reader may rely on."""
    return {
        (node["schema"], node["alias"], column["name"]): column["data_type"].lower()
        for node in marts(manifest)
        for column in node["columns"].values()
    }


def read_public_columns(path: Path = PUBLIC_COLUMNS) -> dict[tuple[str, str, str], str]:
    """The checked-in list."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["schema"], row["table"], row["column"]): row["type"]
            for row in csv.DictReader(file)
        }


def broken_promises(
    promised: Mapping[tuple[str, str, str], str],
    built: Mapping[tuple[str, str, str], str],
    changelog: str,
) -> list[str]:
    """Public columns removed or retyped without a word in the change log.

    Args:
        promised: Type by schema, table, column, as checked in.
        built: The same of the project as it is.
        changelog: Text of CHANGELOG.md.

    Returns:
        One line per column, with what to do.
    """
    findings = []
    for key, data_type in promised.items():
        name = ".".join(key)
        if built.get(key) != data_type and f"`{name}`" not in changelog:
            change = f"is now {built[key]}, was {data_type}" if key in built else "is gone"
            findings.append(f"{name} {change}: name `{name}` in CHANGELOG.md, or keep it")
    return findings


def write_public_columns(manifest: Manifest, path: Path = PUBLIC_COLUMNS) -> None:
    """Write the list anew, once every change is named in the change log.

    Args:
        manifest: dbt's manifest of the project.
        path: The list.

    Raises:
        ValueError: When a column was removed or retyped in silence.
    """
    changelog = CHANGELOG.read_text(encoding="utf-8") if CHANGELOG.exists() else ""
    built = public_columns(manifest)
    if findings := broken_promises(read_public_columns(path), built, changelog):
        raise ValueError("\n".join(findings))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("schema", "table", "column", "type"))
        tables: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for (schema, table, column), data_type in built.items():
            tables[schema, table].append((column, data_type))
        for (schema, table), columns in sorted(tables.items()):
            writer.writerows((schema, table, column, kind) for column, kind in columns)
