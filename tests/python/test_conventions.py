"""The house keeps its own rules: portable SQL, described columns, layers, promises to readers.

What dbt itself does not check on DuckDB, over the whole project. `HOLDFAST_UPDATE_PUBLIC_COLUMNS=1`
writes docs/public_columns.csv anew; it refuses to drop or retype a column of which the change log
says nothing.
"""

import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import load_contract
from orchestration.landing.tables import create_tables
from orchestration.settings import load_settings
from orchestration.straight import read_dbt_manifest
from tests.python.shared import compiled_models

sys.path.append(str(Path(__file__).parent / "conventions"))

import house_rules
import portability

PROJECT = house_rules.PROJECT


@pytest.fixture(scope="session")
def manifest():
    """dbt's picture of the project, with compiled SQL."""
    return read_dbt_manifest(compiled_models(load_settings()).target)


def show_none(findings, hint=""):
    """Fail with every finding on its own line."""
    assert not findings, "\n".join([f"{len(findings)} found", *findings, hint])


# --- portable SQL ---------------------------------------------------------------------------------


def sql_files() -> list[Path]:
    """Models, data tests and macros; macros/dispatch is where the engines may differ."""
    return [
        path
        for folder in ("models", "tests/data", "macros")
        for path in sorted((PROJECT / folder).rglob("*.sql"))
        if "dispatch" not in path.parts
    ]


def test_models_mean_the_same_on_every_engine(manifest):
    """What portable_sql.md says differs or fails on one engine must not reach a model."""
    types = house_rules.declared_types(manifest)
    findings = [
        f"{path.relative_to(PROJECT)} {finding}"
        for path in sql_files()
        for finding in portability.scan(path.read_text(encoding="utf-8"), types)
    ]
    assert len(sql_files()) > 40
    show_none(findings)


# Two meanings of one word: the system a row is from, and who gave a reason.
RENAMED = {("churn_feedback", "source"): "given_by"}

# --- staging is the contract ----------------------------------------------------------------------


def test_staging_columns_are_the_contracts(manifest):
    """A contract column that staging forgets, or a staging column nobody delivers, is lost work."""
    contract = load_contract()
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        create_tables(con, contract)
        findings = []
        for one in contract:
            node = manifest["nodes"].get(f"model.holdfast.stg_{one.name}")
            if node is None:
                findings.append(f"stg_{one.name} is missing")
                continue
            relation = f'"work"."landing"."{one.name}"'
            code = node["compiled_code"].replace(relation, f"landing.{one.name}")
            columns = {
                name: data_type.lower()
                for name, data_type, *_ in con.execute(f"describe {code}").fetchall()
            }
            expected = {"source_name": "varchar"} | {
                RENAMED.get((one.name, column), column): data_type
                for column, data_type in one.landing_columns.items()
            }
            findings.extend(staging_differences(one.name, columns, expected, node))
    show_none(findings)


def staging_differences(name, columns, expected, node):
    """What a staging view lacks, adds or types otherwise; local days of instants may be added."""
    findings = [
        f"stg_{name}.{column} is {columns.get(column, 'missing')}, the contract says {data_type}"
        for column, data_type in expected.items()
        if columns.get(column) != data_type
    ]
    days = {
        re.sub(r"_at$", "_on", column)
        for column, data_type in expected.items()
        if data_type == "timestamp"
    }
    findings.extend(
        f"stg_{name}.{column} is neither of the contract nor a local day"
        for column in columns
        if column not in expected and column not in days
    )
    findings.extend(
        f"stg_{name}.{column} is not in YAML, or is there without being in the view"
        for column in set(columns) ^ set(node["columns"])
    )
    return findings


def test_a_staging_column_off_the_contract_is_seen():
    """The comparison itself must bite in both directions."""
    node = {"columns": {"source_name": {}, "a_at": {}, "b": {}}}
    expected = {"source_name": "varchar", "a_at": "timestamp", "b": "date"}
    good = expected | {"a_on": "date"}
    assert staging_differences("x", expected, expected, node) == []
    assert len(staging_differences("x", good, expected, {"columns": good})) == 0
    assert len(staging_differences("x", good | {"c": "date"}, expected, {"columns": good})) == 2
    assert len(staging_differences("x", good | {"b": "varchar"}, expected, {"columns": good})) == 1
    del good["b"]
    assert len(staging_differences("x", good, expected, {"columns": good})) == 1


# --- the rules over the manifest, each with a copy that breaks it ---------------------------------
# ruff: noqa: ARG001 - every breaking function takes the manifest and one mart of it


def break_description(manifest, mart):
    mart["description"] = " "


def break_column(manifest, mart):
    next(iter(mart["columns"].values()))["description"] = ""


def break_grain(manifest, mart):
    mart["description"] = "Customers by country"


def break_header(manifest, mart):
    mart["raw_code"] = "with final as (select 1 as one) select * from final"


def break_contract(manifest, mart):
    mart["contract"]["enforced"] = False


def break_access(manifest, mart):
    mart["access"] = "protected"


def break_key(manifest, mart):
    for node in list(manifest["nodes"].values()):
        if node["resource_type"] == "test" and node.get("attached_node") == mart["unique_id"]:
            del manifest["nodes"][node["unique_id"]]


def break_unit_tests(manifest, mart):
    manifest["unit_tests"] = {
        name: test
        for name, test in manifest["unit_tests"].items()
        if mart["unique_id"] not in test["depends_on"]["nodes"]
    }


def break_unit_test_name(manifest, mart):
    next(iter(manifest["unit_tests"].values()))["name"] = "test1"


def break_layer(manifest, mart):
    mart["depends_on"]["nodes"].append("model.holdfast.stg_orders")


def break_source(manifest, mart):
    manifest["nodes"]["model.holdfast.stg_campaigns"]["depends_on"]["nodes"].clear()


def break_ref(manifest, mart):
    mart["raw_code"] += "\nleft join landing.orders on true"


RULES = [
    (house_rules.undescribed, break_description),
    (house_rules.undescribed, break_column),
    (house_rules.without_grain, break_grain),
    (house_rules.without_header, break_header),
    (house_rules.without_contract, break_contract),
    (house_rules.without_contract, break_access),
    (house_rules.without_key_test, break_key),
    (house_rules.without_unit_test, break_unit_tests),
    (house_rules.badly_named_unit_tests, break_unit_test_name),
    (house_rules.wrong_layers, break_layer),
    (house_rules.sources_nobody_reads, break_source),
    (house_rules.hard_coded_relations, break_ref),
]


@pytest.mark.parametrize(
    "rule", list(dict.fromkeys(rule for rule, _ in RULES)), ids=lambda rule: rule.__name__
)
def test_project_keeps_the_rule(rule, manifest):
    """Every description, contract, key test, unit test and layer the house promises."""
    show_none(rule(manifest))


@pytest.mark.parametrize(("rule", "break_it"), RULES, ids=[one.__name__ for _, one in RULES])
def test_rule_sees_what_breaks_it(rule, break_it, manifest):
    """A rule that finds nothing wrong with a broken project guards nothing."""
    broken = copy.deepcopy(manifest)
    before = set(rule(broken))
    mart = next(
        node for node in house_rules.marts(broken) if node["unique_id"] == "model.holdfast.orders"
    )
    break_it(broken, mart)
    assert set(rule(broken)) - before


# --- files ----------------------------------------------------------------------------------------


def test_yaml_has_no_unknown_keys():
    """On DuckDB dbt takes `descripton:` without a word, and the description is lost."""
    files = house_rules.yaml_files()
    assert len(files) > 8
    show_none(house_rules.unknown_yaml_keys(files))


@pytest.mark.parametrize(
    "text",
    [
        "models: [{name: a, descripton: b}]",
        "models: [{name: a, columns: [{name: b, data_typ: date}]}]",
        "models: [{name: a, access: public}]",
        "sources: [{name: a, tables: [{name: b, columns: [{name: c, descr: d}]}]}]",
        "modells: [{name: a}]",
        "seeds: [{name: a, config: {colum_types: {b: date}}}]",
        "version: 2\nmodels: [{name: a}]",
    ],
)
def test_a_misspelt_key_is_seen(text, tmp_path):
    """The schema shipped with dbt must really refuse what dbt lets pass."""
    (tmp_path / "models.yml").write_text(text, encoding="utf-8")
    assert house_rules.unknown_yaml_keys([tmp_path / "models.yml"])


def test_only_listed_files_import_dagster():
    """Logic that imports Dagster cannot be called or tested without it."""
    show_none(house_rules.dagster_imports(PROJECT / "orchestration"))


def test_an_import_of_dagster_elsewhere_is_seen(tmp_path):
    """Also inside a function, and by its other packages; not in the listed files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "landing").mkdir()
    for name in ("jobs.py", "assets/a.py"):
        (tmp_path / name).write_text("import dagster as dg\n", encoding="utf-8")
    assert house_rules.dagster_imports(tmp_path) == []
    (tmp_path / "landing" / "jobs.py").write_text(
        "def run():\n    from dagster_dbt import DbtProject\n", encoding="utf-8"
    )
    (tmp_path / "summary.py").write_text("import dagster\n", encoding="utf-8")
    assert len(house_rules.dagster_imports(tmp_path)) == 2


def test_the_oracle_imports_nothing_of_the_project():
    """A yardstick cut from the thing it measures measures nothing."""
    yardsticks = [
        PROJECT / "tests" / "python" / "end_to_end" / "oracle.py",
        PROJECT / "tests" / "python" / "examples" / "retail_reference.py",
    ]
    for path in yardsticks:
        assert [
            name
            for name in house_rules.imported_modules(path)
            if name.split(".")[0] in {"orchestration", "examples", "dbt"}
        ] == []


def test_sample_data_imports_nothing_that_estimates():
    """The generator's truth must not come from the code that is tested against it."""
    for path in sorted((PROJECT / "orchestration" / "sample_data").rglob("*.py")):
        for name in house_rules.imported_modules(path):
            assert not name.startswith("orchestration.") or name.startswith(
                "orchestration.sample_data"
            ), f"{path.name} imports {name}"


def tracked_files() -> list[Path]:
    """The files of the repository; in an unpacked copy without git, all files but the generated."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0 and listed.stdout:
        paths = [PROJECT / name for name in listed.stdout.split("\0") if name]
        return [path for path in paths if path.is_file()]
    skipped = {".venv", ".git", "target", "logs", "warehouse", "sample", "__pycache__"}
    return [
        path
        for path in PROJECT.rglob("*")
        if path.is_file() and not skipped & set(path.relative_to(PROJECT).parts)
    ]


def test_no_file_holds_a_registry_address():
    """Where packages come from is the machine's affair; an address in a file breaks elsewhere."""
    files = tracked_files()
    assert PROJECT / "requirements.lock" in files
    show_none(house_rules.registry_addresses(files))


def test_a_registry_address_is_seen(tmp_path):
    """The list of hosts must match as text, in any case and in any file."""
    for number, host in enumerate(house_rules.REGISTRY_HOSTS):
        (tmp_path / f"{number}.lock").write_text(f"--index https://X.{host.upper()}/simple")
    assert len(house_rules.registry_addresses(tmp_path.iterdir())) >= len(
        house_rules.REGISTRY_HOSTS
    )


# --- public columns -------------------------------------------------------------------------------


def test_public_columns_are_kept(manifest):
    """A column removed or retyped in silence breaks somebody's report."""
    if os.environ.get("HOLDFAST_UPDATE_PUBLIC_COLUMNS"):
        house_rules.write_public_columns(manifest)
    changelog = (
        house_rules.CHANGELOG.read_text(encoding="utf-8") if house_rules.CHANGELOG.exists() else ""
    )
    promised = house_rules.read_public_columns()
    built = house_rules.public_columns(manifest)
    show_none(house_rules.broken_promises(promised, built, changelog))
    new = [".".join(key) for key in built if key not in promised]
    show_none(new, "HOLDFAST_UPDATE_PUBLIC_COLUMNS=1 adds them to docs/public_columns.csv")


def test_a_broken_promise_is_seen():
    """Gone, or of another type, unless the change log names it exactly."""
    key = ("core", "orders", "order_id")
    assert house_rules.broken_promises({key: "varchar"}, {key: "varchar"}, "") == []
    for built in ({}, {key: "bigint"}):
        assert house_rules.broken_promises({key: "varchar"}, built, "core.orders.order_id_old")
        assert not house_rules.broken_promises({key: "varchar"}, built, "- `core.orders.order_id`")


def test_columns_readers_rely_on_are_there(manifest):
    """Names of architecture.md: BI tools and the report find them nowhere else."""
    promised = {
        "retention.retention_rates": {
            "grain", "period_start", "basis", "dimension", "value", "is_complete", "is_final",
            "is_small",
            "opening", "new", "returned", "lost", "transient", "intra_period_lapse", "moved_in",
            "moved_out", "closing", "churn_rate", "retention_rate", "annualised_churn_rate",
        },
        "retention.cohort_retention": {
            "grain", "basis", "dimension", "value", "is_complete", "is_small", "cohort_start",
            "age", "measure", "window_kind", "cohort_size", "eligible", "numerator",
            "denominator", "rate",
        },
        "revenue.revenue_growth": {
            "component", "customers", "orders", "revenue", "revenue_per_customer", "refund_basis",
        },
        "core.customers": {
            "customer_id", "first_order_at", "last_order_at", "valid_orders", "net_revenue",
            "lifecycle_state", "is_subscriber", "account_owner_id", "country", "gender", "age_band",
            "acquisition_channel",
        },
        "core.customer_lifecycle": {
            "customer_id", "basis", "state", "valid_from", "valid_to", "lost_after_days", "rule",
        },
    }  # fmt: skip
    built: dict[str, set[str]] = {}
    for schema, table, column in house_rules.public_columns(manifest):
        built.setdefault(f"{schema}.{table}", set()).add(column)
    missing = {
        name: sorted(columns - built.get(name, set()))
        for name, columns in promised.items()
        if columns - built.get(name, set())
    }
    assert missing == {}


# --- decisions ------------------------------------------------------------------------------------


def test_every_decision_is_pinned_by_a_test_that_exists(manifest):
    """A decision whose test was renamed or removed could change without anybody noticing."""
    page = (PROJECT / "docs" / "decisions.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "|---" not in line]
    decisions = [row.strip("|").split(" | ") for row in rows if not row.startswith("| what |")]
    known = {test["name"] for test in manifest["unit_tests"].values()}
    known |= {
        node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"
    }
    for path in (PROJECT / "tests" / "python").rglob("test_*.py"):
        known |= set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(decisions) > 40
    assert [row for row in decisions if len(row) != 4] == []
    unpinned = [row[0] for row in decisions if not re.findall(r"`(\w+)`", row[3])]
    lost = [
        name for row in decisions for name in re.findall(r"`(\w+)`", row[3]) if name not in known
    ]
    show_none(unpinned + lost)
