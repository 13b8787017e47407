"""own_<input>: what an extension's models read of its inputs, with the ids of the marts."""

import re
from datetime import date, datetime

import duckdb
import pytest
import yaml

from orchestration.contract import load_contract
from orchestration.extensions.own_inputs import own_models
from orchestration.landing.tables import create_tables

CUSTOMERS = """
      - name: customers
        columns:
          - {name: favourite, description: 'Favourite coffee.', data_type: varchar}
"""


@pytest.fixture
def rows(shop):
    """Run a made model on a few rows: two sources, a merge, a row from after the cutoff."""
    shop.change(
        "inputs/coffee_shop.yml",
        "      - name: reservations\n",
        f"{CUSTOMERS[1:]}      - name: reservations\n",
    )
    contract = load_contract(extensions=shop.extension)
    models = own_models(contract)
    with duckdb.connect() as con:
        create_tables(con, contract)
        con.execute(
            "create table int_source_prefixes as select * from (values ('shop', 'shop:'), "
            "('till', 'till:')) as prefixes (source_name, id_prefix);"
            "create table int_data_cutoff as select timestamp '2025-06-01' as data_cutoff;"
            "create table int_customer_identities as select * from (values "
            "('shop', '1', 'shop:1', 'own'), ('shop', '2', 'shop:1', 'merge'), "
            "('till', '1', 'till:1', 'own')) "
            "as identities (source_name, source_customer_id, customer_id, rule);"
            "insert into landing.customers (_source, customer_id, favourite, _is_deleted, _is_held)"
            " values ('shop', '1', 'mocha', false, false), ('shop', '2', 'latte', false, false),"
            " ('till', '1', 'tea', false, false);"
            "insert into landing.reservations (_source, reservation_id, customer_id,"
            " reserved_for_at, _is_deleted, _is_held) values"
            " ('shop', 'a', '2', '2025-05-31 23:00', false, false),"
            " ('till', 'a', '1', '2025-05-01 12:00', false, false),"
            " ('till', 'b', '9', '2025-05-01 12:00', false, false),"
            " ('till', 'c', '1', '2025-06-01 00:00', false, false),"
            " ('till', 'd', '1', '2025-05-01 12:00', true, false),"
            " ('till', 'e', '1', '2025-05-01 12:00', false, true)"
        )

        def run(name: str):
            code = models[f"own/intermediate/{name}.sql"]
            code = re.sub(r"{{ ref\('(\w+)'\) }}", r"\1", code)
            code = re.sub(r"{{ source\('(\w+)', '(\w+)'\) }}", r"\1.\2", code)
            code = re.sub(r"{{ local_day\('([\w.]+)'\) }}", r"cast(\1 as date)", code)
            found = con.execute(code)
            names = [column[0] for column in found.description]
            return sorted(dict(zip(names, row, strict=True)).items() for row in found.fetchall())

        yield run, models


def test_ids_are_those_of_the_marts(rows):
    """An extension's rows would join nobody, or another shop's customer of the same id."""
    run, _ = rows
    found = [dict(row) for row in run("own_reservations")]
    ids = {(row["source_name"], row["reservation_id"], row["customer_id"]) for row in found}
    assert ids == {
        ("shop", "shop:a", "shop:1"),
        ("till", "till:a", "till:1"),
        ("till", "till:b", "till:9"),
    }


def test_days_stand_beside_instants_and_the_cutoff_holds(rows):
    """A state asked for by AS_OF would count what had not happened yet."""
    run, _ = rows
    (late,) = [row for row in map(dict, run("own_reservations")) if row["source_name"] == "shop"]
    assert late["reserved_for_at"] == datetime(2025, 5, 31, 23)  # noqa: DTZ001
    assert late["reserved_for_on"] == date(2025, 5, 31)
    assert late["arrived_on"] is None


def test_own_customers_has_one_row_per_person(rows):
    """A person with two accounts would be counted twice in a join with core.customers."""
    run, _ = rows
    found = {row["customer_id"]: row["favourite"] for row in map(dict, run("own_customers"))}
    assert found == {"shop:1": "mocha", "till:1": "tea"}
    assert len(run("own_customers")) == 2


def test_every_made_column_is_described(rows):
    """Documentation of the models would leave out what the business itself wrote down."""
    run, models = rows
    document = yaml.safe_load(models["own/intermediate/_own__models.yml"])
    described = {entry["name"]: entry for entry in document["models"]}
    assert set(described) == {"own_customers", "own_orders", "own_reservations"}
    columns = described["own_reservations"]["columns"]
    assert [column["name"] for column in columns] == [
        name for name, _ in run("own_reservations")[0]
    ]
    assert all(column["description"] for column in columns)
    (source,) = document["sources"]
    assert [table["name"] for table in source["tables"]] == ["reservations"]
