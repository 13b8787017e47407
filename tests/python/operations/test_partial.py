"""One mart published with what hangs on it: only where that is what a whole refresh would give."""

import json
from copy import deepcopy

import duckdb
import pytest

from orchestration import partial
from orchestration.built import read_built, remember_built, touching
from orchestration.dev import DevError
from orchestration.fingerprint import inputs_hash
from orchestration.partial import PartialError, Plan, make_plan, standing
from orchestration.settings import load_settings

RECORDS = "source.holdfast.ops.refreshes"


def node(kind, name, *reads, **more):
    """A node of dbt's manifest."""
    return {
        "resource_type": kind, "name": name, "schema": "core", "alias": name,
        "raw_code": f"select '{name}'", "columns": {}, "description": "", "config": {},
        "depends_on": {"nodes": list(reads)}, "created_at": 1.0, **more,
    }  # fmt: skip


def model(name):
    """Its unique id."""
    return f"model.holdfast.{name}"


MANIFEST = {
    "nodes": {
        model("stg"): node("model", "stg", "source.holdfast.landing.orders"),
        model("orders"): node("model", "orders", model("stg")),
        model("customers"): node("model", "customers", model("orders"), "seed.holdfast.bands"),
        model("products"): node("model", "products", model("stg")),
        model("refreshes"): node("model", "refreshes", RECORDS),
        "seed.holdfast.bands": node("seed", "bands", checksum={"checksum": "1"}),
        "test.holdfast.products_key": node("test", "products_key", model("products")),
    }
}


@pytest.fixture
def shop(workspace, monkeypatch):
    """A warehouse that was published, as far as planning looks at it."""
    monkeypatch.setattr(partial, "is_intact", lambda *_: True)
    (workspace.landing / "orders.csv").write_text("order_id\n1\n")
    workspace.dbt_target.mkdir(parents=True)
    (workspace.dbt_target / "manifest.json").write_text(json.dumps(MANIFEST))
    with duckdb.connect(str(workspace.work_db)) as con:
        con.execute("create schema ops")
        con.execute("create table ops.input_loads as select 'r1' as refresh_id, 'loaded' as status")
    settings = load_settings()
    hashed = inputs_hash(workspace.landing, settings)
    workspace.manifest.write_text(
        json.dumps({"refresh_id": "r1", "settings": {}, "inputs_hash": hashed})
    )
    remember_built(workspace, "r1")
    return workspace


def planned(workspace, *names, **changed):
    """Plan for the manifest with some nodes changed."""
    manifest = deepcopy(MANIFEST)
    for name, changes in changed.items():
        manifest["nodes"][model(name)] |= changes
    return make_plan(workspace, manifest, names, read_built(workspace))


def test_what_hangs_on_it_is_rebuilt_and_nothing_else(shop):
    """A descendant would be published with the numbers of before; or all would be built."""
    assert standing(shop, load_settings()) == read_built(shop)
    # the record of refreshes is always made anew: it tells of this one
    assert planned(shop, "core.orders") == Plan(("customers", "orders", "refreshes"))
    assert planned(shop, "customers+") == Plan(("customers", "refreshes"))
    assert planned(shop, "+customers").models == (
        "bands", "customers", "orders", "products", "refreshes", "stg",
    )  # fmt: skip
    # what dbt says anew at each parse changes nothing
    assert planned(shop, "customers", products={"created_at": 2.0}).models[0] == "customers"
    for names, told in (((), "Say which"), (("2+orders",), "name models"), (("tag:x",), "name mo")):
        with pytest.raises(PartialError, match=told):
            planned(shop, *names)
    with pytest.raises(DevError, match=r"no model or seed named ordrs\. Did you mean orders"):
        planned(shop, "ordrs")


def test_another_model_that_changed_is_named(shop):
    """Marts of two codes would be published as one, and `make refresh` say that nothing is new."""
    changed = {"raw_code": "select 2"}
    assert planned(shop, "orders", customers=changed).models == ("customers", "orders", "refreshes")
    with pytest.raises(PartialError, match=r"products\. Name them .*MODELS='orders products'"):
        planned(shop, "orders", products=changed)
    with pytest.raises(PartialError, match="too, or were built by make dev: stg"):
        planned(shop, "orders", stg={"config": {"materialized": "table"}})
    # a test alone is run, though it looks at nothing that is rebuilt
    manifest = deepcopy(MANIFEST)
    manifest["nodes"]["test.holdfast.products_key"]["raw_code"] = "select 1"
    plan = make_plan(shop, manifest, ["orders"], read_built(shop))
    assert plan.tests == ("products_key",)


def test_what_make_dev_built_has_to_come_along(shop):
    """Rows somebody tried out would be published unasked."""

    def write(statement):
        with duckdb.connect(str(shop.work_db)) as con:
            con.execute(statement)

    with touching(shop, ["products"]):
        write("create table core_products as select 1 as tried")
    assert planned(shop, "products").models == ("products", "refreshes")
    with pytest.raises(PartialError, match="products"):
        planned(shop, "orders")
    # anything else that wrote there is not known: then every model is built, from the same rows
    write("create table by_hand as select 1 as tried")
    everything = ("bands", "customers", "orders", "products", "refreshes", "stg")
    assert planned(shop, "orders").models == everything
    # a build that broke is not known either
    with pytest.raises(ValueError, match="broke"), touching(shop, ["orders"]):
        raise ValueError("broke")
    write("insert into ops.input_loads values ('r2', 'loaded')")
    with pytest.raises(PartialError, match="Files were loaded since"):
        planned(shop, "orders")


@pytest.mark.parametrize("seed", ["churn_reasons", "shared_emails"])
def test_a_seed_that_decides_what_is_loaded_asks_for_the_whole(shop, seed):
    """The mart would know a reason that is refused, as before, in every file that lies there."""
    manifest = deepcopy(MANIFEST)
    manifest["nodes"][f"seed.holdfast.{seed}"] = node("seed", seed, checksum={"checksum": "2"})
    with pytest.raises(PartialError, match=f"^{seed} decides how delivered .* without MODELS"):
        make_plan(shop, manifest, [seed], read_built(shop))


def test_new_files_settings_and_other_code_ask_for_the_whole(shop, tmp_path, monkeypatch):
    """One mart would count orders that the others have not seen."""
    told = "Run `make refresh` without MODELS"
    settings = tmp_path / "settings.yml"
    settings.write_text("settle_days: 1")
    with pytest.raises(PartialError, match=f"settings are not those.*{told}"):
        standing(shop, load_settings(settings))
    with monkeypatch.context() as patch:
        patch.setattr(partial, "rest_hash", lambda *_: "another macro")
        with pytest.raises(PartialError, match=f"no single model.*{told}"):
            standing(shop, load_settings())
    with monkeypatch.context() as patch:
        patch.setattr(partial, "is_intact", lambda *_: False)
        with pytest.raises(PartialError, match=f"not whole.*{told}"):
            standing(shop, load_settings())
    (shop.landing / "orders_2.csv").write_text("order_id\n2\n")
    with pytest.raises(PartialError, match=f"delivered files are not those.*{told}"):
        standing(shop, load_settings())
    shop.manifest.unlink()
    with pytest.raises(PartialError, match=f"Nothing is published yet.*{told}"):
        standing(shop, load_settings())
