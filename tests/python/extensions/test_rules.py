"""An extension's models keep the rules that ours keep; each rule is broken once."""

import copy
import json
import shutil

import pytest

from orchestration.dbt_manifest import ManifestError, ensure_manifest, is_manifest_fresh
from orchestration.extensions.layout import ExtensionError
from orchestration.extensions.project import LINK
from orchestration.extensions.rules import check_models
from orchestration.publishing.marts import marts_of
from tests.python.extensions.conftest import EXAMPLE, Shop
from tests.python.shared import copy_parsed

MART = "models/marts/my_business/no_shows_by_customer.sql"
FILE = "macros/theirs.sql"
MART_ID = "model.holdfast.no_shows_by_customer"


@pytest.fixture(scope="module")
def parsed(tmp_path_factory):
    """The example, parsed once: its workspace and dbt's manifest."""
    shop = Shop(tmp_path_factory.mktemp("rules") / "my_shop")
    shutil.copytree(EXAMPLE, shop.folder)
    workspace = shop.workspace
    copy_parsed(workspace.read_settings(), workspace)
    file = ensure_manifest(workspace, workspace.read_settings())
    return workspace, json.loads(file.read_text(encoding="utf-8"))


def test_the_example_keeps_every_rule(parsed):
    """The example that everybody copies would be refused."""
    workspace, manifest = parsed
    check_models(workspace, manifest)
    assert is_manifest_fresh(workspace, workspace.read_settings())
    (mart,) = [mart for mart in marts_of(manifest) if mart.schema == "my_business"]
    assert mart.name == "no_shows_by_customer"
    node = manifest["nodes"][MART_ID]
    assert (node["contract"]["enforced"], node["config"]["access"]) == (True, "public")
    assert node["config"]["materialized"] == "table"
    # a folder of that name elsewhere is none of the marts
    elsewhere = copy.deepcopy(manifest)
    elsewhere["nodes"][MART_ID]["fqn"] = ["holdfast", "intermediate", "marts", mart.name]
    assert mart.name not in {mart.name for mart in marts_of(elsewhere)}


def reads(manifest, unique_id):
    manifest["nodes"][MART_ID]["depends_on"]["nodes"].append(unique_id)


def adds_macro(name):
    def add(manifest, _):
        macro = {"name": name, "package_name": "holdfast", "original_file_path": f"{LINK}/{FILE}"}
        manifest["macros"][f"macro.holdfast.{name}"] = macro

    return add


def untested(manifest, _):
    for test in manifest["nodes"].values():
        if test.get("attached_node") == MART_ID:
            test["attached_node"] = None


BREAKS = [
    (
        lambda manifest, _: reads(manifest, "model.holdfast.int_orders_valued"),
        "ref('int_orders_valued') is internal to holdfast",
    ),
    (
        lambda manifest, _: reads(manifest, "model.holdfast.stg_orders"),
        "ref('stg_orders') is internal to holdfast",
    ),
    (
        lambda manifest, _: reads(manifest, "source.holdfast.landing.orders"),
        "reads the source landing.orders; ref('own_orders')",
    ),
    (
        lambda _, mart: mart.update(
            raw_code="select 1\nfrom x where a > {{ var('least_reserv') }}"
        ),
        "no_shows_by_customer.sql, line 2: there is no setting named 'least_reserv'. Did you mean",
    ),
    (lambda _, mart: mart.update(description="No-shows"), 'begin "One row per"'),
    (lambda _, mart: mart["columns"]["no_shows"].update(description=" "), "column no_shows has no"),
    (lambda _, mart: mart["contract"].update(enforced=False), "its contract is switched off"),
    (lambda _, mart: mart["config"].update(materialized="view"), "is a view; a mart is published"),
    (lambda _, mart: mart.update(schema="core"), "sets the schema core"),
    (untested, "no test proves its grain"),
    (
        lambda manifest, _: manifest["nodes"]["seed.holdfast.booking_ways"].update(description=""),
        "seeds/booking_ways.csv: has no description",
    ),
    *(
        (adds_macro(name), f"{FILE}: {name} would take the place of {taken}")
        for name, taken in (
            ("test_unique", "test_unique of dbt"),
            ("generate_alias_name", "generate_alias_name of dbt"),
            (
                "materialization_incremental_duckdb",
                "materialization_incremental_duckdb of dbt_duckdb",
            ),
            ("duckdb__add_days", "add_days of holdfast"),
        )
    ),
]


@pytest.mark.parametrize(("damage", "told"), BREAKS, ids=[told for _, told in BREAKS])
def test_a_broken_rule_is_named(parsed, damage, told):
    """A mart nobody can rely on would be published, or one that the next update breaks."""
    workspace, manifest = parsed
    broken = copy.deepcopy(manifest)
    damage(broken, broken["nodes"][MART_ID])
    with pytest.raises(ExtensionError) as refused:
        check_models(workspace, broken)
    assert told in str(refused.value)
    assert len(str(refused.value).splitlines()) == 2, "one break, one finding"


def test_the_line_is_named(shop):
    """Whoever reads a private model would have to search for it; dbt parses it without a word."""
    shop.change(MART, "ref('own_orders')", "ref('int_orders_valued')")
    text = (shop.extension / MART).read_text(encoding="utf-8")
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "int_orders_valued" in each)
    workspace = shop.workspace
    copy_parsed(workspace.read_settings(), workspace)
    with pytest.raises(ExtensionError, match=f"{MART}, line {line}: ref"):
        ensure_manifest(workspace, workspace.read_settings())
    assert not is_manifest_fresh(workspace, workspace.read_settings())
    shop.change(MART, "ref('int_orders_valued')", "ref('own_oders')")
    with pytest.raises(ManifestError) as refused:
        ensure_manifest(workspace, workspace.read_settings())
    assert f"({shop.extension}/{MART})" in str(refused.value)
    assert "own_oders" in str(refused.value)
