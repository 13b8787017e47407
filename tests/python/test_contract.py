"""The contract is read once, as typed objects, and nothing in it is passed over."""

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.contract import (
    CONTRACT_FILE,
    PROJECT_ROOT,
    ContractError,
    load_contract,
    render_markdown,
)
from orchestration.landing.tables import create_tables, incoming_columns, landing_columns

DOCUMENT = yaml.safe_load(CONTRACT_FILE.read_text("utf-8"))
Change = Callable[[dict[str, Any]], None]


def table(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(t for t in document["sources"][0]["tables"] if t["name"] == name)


def column(document: dict[str, Any], table_name: str, name: str) -> dict[str, Any]:
    return next(c for c in table(document, table_name)["columns"] if c["name"] == name)


def meta(document: dict[str, Any], table_name: str, name: str) -> dict[str, Any]:
    return column(document, table_name, name)["config"]["meta"]


def test_contract_has_every_input_of_the_documentation() -> None:
    """21 inputs are promised; one lost in the file would be lost everywhere."""
    contract = load_contract()
    assert len(contract.inputs) == 21
    assert sum(len(t.columns) for t in contract) == 180
    orders = contract.inputs["orders"]
    assert orders.key == ("order_id",)
    status = orders.column("status")
    assert (status.required, status.data_type) == (True, "varchar")
    assert "refunded" in status.accepted_values
    assert orders.column("gross_amount").minimum == Decimal(0)
    assert orders.column("employee_id").severity_of("reference") == "warning"
    assert orders.column("gross_amount").severity_of("minimum") == "error"
    assert contract.inputs["subscription_periods"].column("ends_at").after == "starts_at"
    assert contract.inputs["exchange_rates"].column("rate_to_reporting").above == Decimal(0)


def test_personal_columns_are_replaced_in_tables() -> None:
    """A landing table with a column for an address invites one to be stored."""
    customers = load_contract().inputs["customers"]
    assert {"email", "phone", "birth_date"}.isdisjoint(landing_columns(customers))
    assert {"email", "phone", "birth_date"}.isdisjoint(incoming_columns(customers))
    assert {"email_hash", "is_email_shared", "email__text"} <= set(incoming_columns(customers))
    assert landing_columns(customers)["birth_year"] == "bigint"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(versoin=2), "unknown key 'versoin'"),
        (lambda d: d["sources"][0].update(loader="x"), "unknown key 'loader'"),
        (lambda d: d["sources"].append({"name": "other"}), "exactly one source"),
        (lambda d: table(d, "orders").update(tags=[]), "table orders: unknown key 'tags'"),
        (lambda d: table(d, "orders")["config"].update(tags=[]), "unknown key 'tags'"),
        (lambda d: table(d, "orders")["config"]["meta"].update(keys=[]), "unknown key 'keys'"),
        (lambda d: table(d, "orders")["config"]["meta"].update(key=[]), "key is missing"),
        (lambda d: table(d, "orders")["config"]["meta"].update(key=["x"]), "no columns"),
        (
            lambda d: table(d, "orders")["config"]["meta"].update(key=["paid_at"]),
            "optional key part must be varchar",
        ),
        (
            lambda d: table(d, "customers")["config"]["meta"].update(key=["email"]),
            "personal column cannot be in the key",
        ),
        (lambda d: table(d, "orders").pop("description"), "description is missing"),
        (
            lambda d: column(d, "orders", "status").update(descripton="x"),
            "table orders: column status: unknown key 'descripton'",
        ),
        (
            lambda d: table(d, "customers")["config"]["meta"].update(keeps_deleted=True),
            "keeps_deleted and a personal column",
        ),
        (lambda d: meta(d, "orders", "status").update(requird=True), "unknown key 'requird'"),
        (lambda d: meta(d, "orders", "status").update(required="yes"), "true or false"),
        (lambda d: column(d, "orders", "status").update(data_type="text"), "not known"),
        (lambda d: column(d, "orders", "status").update(data_type="decimal(40,2)"), "stored"),
        (lambda d: column(d, "orders", "status").update(name="Status"), "plain snake_case"),
        (lambda d: column(d, "orders", "status").update(name="order_id"), "stands twice"),
        (lambda d: table(d, "orders").update(name="refunds"), "stands twice"),
        (
            lambda d: meta(d, "orders", "employee_id").update(reference="staff.id"),
            "column employee_id: reference names the unknown input 'staff'",
        ),
        (
            lambda d: meta(d, "orders", "employee_id").update(reference="employees.id"),
            "names no column",
        ),
        (
            lambda d: meta(d, "orders", "employee_id").update(reference="employees.active_from"),
            "another type",
        ),
        (lambda d: meta(d, "churn_feedback", "reason_code").update(seed="x"), "not seed.column"),
        (lambda d: meta(d, "orders", "status").update(accepted_values=[True]), "list of texts"),
        (lambda d: meta(d, "orders", "status").update(accepted_values=["a"]), "not among"),
        (lambda d: meta(d, "orders", "status").update(minimum=1), "minimum needs decimal"),
        (lambda d: meta(d, "orders", "gross_amount").update(minimum="0"), "must be a number"),
        (lambda d: meta(d, "orders", "status").update(event=True), "event needs timestamp"),
        (lambda d: meta(d, "orders", "currency").update(format="iban"), "not one of"),
        (lambda d: meta(d, "orders", "paid_at").update(after="nothing"), "no other column"),
        (lambda d: meta(d, "orders", "paid_at").update(after="status"), "compares"),
        (
            lambda d: meta(d, "orders", "employee_id").update(severity={"reference": "mild"}),
            "'mild'",
        ),
        (
            lambda d: meta(d, "orders", "employee_id").update(severity={"refs": "error"}),
            "unknown rule",
        ),
        (
            lambda d: meta(d, "orders", "status").update(severity={"minimum": "error"}),
            "does not have",
        ),
        (lambda d: meta(d, "customers", "email").update(stored_as={}), "stored_as must hold 2"),
        (lambda d: meta(d, "customers", "email").update(personal="mail"), "not one of"),
        (lambda d: meta(d, "orders", "order_id").update(example=1), "must be text"),
        (lambda d: meta(d, "products", "unit_cost").update(excess_decimals="cut"), "not one of"),
    ],
)
def test_what_cannot_hold_is_refused_with_its_place(
    tmp_path: Path, change: Change, said: str
) -> None:
    """A typing error in the contract must fail here, not as a rule that silently never runs."""
    document = copy.deepcopy(DOCUMENT)
    change(document)
    path = tmp_path / "_sources.yml"
    # JSON is YAML, and quickly written
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith("_sources.yml")


def test_key_given_twice_is_refused(tmp_path: Path) -> None:
    """YAML silently takes the last of two; a rule would be lost."""
    path = tmp_path / "_sources.yml"
    path.write_text("sources: []\nsources: []\n", encoding="utf-8")
    with pytest.raises(ContractError, match="given twice: sources"):
        load_contract(path)


def test_seeds_the_contract_refers_to_are_there() -> None:
    """A reference to a seed nobody has would refuse every row."""
    for loaded in load_contract():
        for name in (c.seed for c in loaded.columns if c.seed):
            seed, _, seed_column = name.partition(".")
            header = (PROJECT_ROOT / "seeds" / f"{seed}.csv").read_text("utf-8").splitlines()[0]
            assert seed_column in header.split(",")


def test_tables_are_made_from_the_contract_and_grow_with_it(tmp_path: Path) -> None:
    """A warehouse made by an older version must survive a new column, rows included."""
    contract = load_contract()
    with duckdb.connect(str(tmp_path / "work.duckdb")) as con:
        create_tables(con, contract)
        con.execute("insert into landing.orders (order_id) values ('1')")
        con.execute("alter table landing.orders drop column sales_channel")
        create_tables(con, contract)
        assert con.execute("select order_id, sales_channel from landing.orders").fetchall() == [
            ("1", None)
        ]
        types = dict(
            con.execute(
                """select column_name, lower(data_type) from duckdb_columns()
                where schema_name = 'landing' and table_name = 'orders'"""
            ).fetchall()
        )
    assert types == landing_columns(contract.inputs["orders"])


def test_documentation_is_current() -> None:
    """docs/inputs.md is what a business reads; make it with `python -m orchestration.contract
    --markdown > docs/inputs.md`.
    """
    page = (PROJECT_ROOT / "docs" / "inputs.md").read_text(encoding="utf-8")
    assert page == render_markdown(load_contract())
