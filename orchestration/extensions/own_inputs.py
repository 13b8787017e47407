"""own_<input>: one model for each input that an extension adds or adds columns to.

An extension reads no source. What its inputs/ declares reaches its models by these, with the ids of
the marts, so that they join.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from orchestration.contract import Column, Contract, Input
from orchestration.extensions.layout import OWN_PREFIX

GENERATED = "own"
_PERSON = "customers.customer_id"


def own_models(contract: Contract) -> dict[str, str]:
    """Write the models that hand an extension's inputs to its models.

    Args:
        contract: The input contract, the extension's part included.

    Returns:
        File name to content, below the made project: SQL, and one YAML that describes them and
        declares the extension's own inputs as sources.
    """
    extended = [table for table in contract if table.own_columns]
    if not extended:
        return {}
    files = {
        f"{GENERATED}/intermediate/{OWN_PREFIX}{table.name}.sql": _own_model(table)
        for table in extended
    }
    sources = [
        {
            "name": table.name,
            "description": table.description,
            "columns": [
                {"name": name, "data_type": data_type}
                for name, data_type in table.landing_columns.items()
            ],
        }
        for table in extended
        if table.is_own
    ]
    document: dict[str, Any] = {"models": [_own_entry(table) for table in extended]}
    if sources:
        document["sources"] = [{"name": "landing", "schema": "landing", "tables": sources}]
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return files | {f"{GENERATED}/intermediate/_own__models.yml": text}


def _own_model(table: Input) -> str:
    """Return the SQL of own_<input>: ids as the marts have them, up to the cutoff."""
    selected = [expression for _, _, expression in _own_columns(table)]
    people = [column.name for column in table.passed_on if _is_person(column)]
    event = next((c for c in table.columns if c.event and c.required), None)
    lines = [
        f"-- {table.description}",
        "-- Made from the extension's inputs/. Ids are those of the marts; rows deleted, held back",
        "-- or from after the cutoff are not there.",
        "select",
        "    deliveries._source as source_name,",
        ",\n".join(f"    {expression}" for expression in selected),
        f"from {{{{ source('landing', '{table.name}') }}}} as deliveries",
        "left join {{ ref('int_source_prefixes') }} as prefixes",
        "    on deliveries._source = prefixes.source_name",
    ]
    for name in people:
        lines += [
            f"left join {{{{ ref('int_customer_identities') }}}} as {name}_person",
            f"    on deliveries._source = {name}_person.source_name",
            f"    and deliveries.{name} = {name}_person.source_customer_id",
        ]
    conditions = ["not deliveries._is_deleted", "not deliveries._is_held"]
    if event is not None:
        lines.append("cross join {{ ref('int_data_cutoff') }} as data_cutoff")
        conditions.append(
            f"deliveries.{event.name} < data_cutoff.data_cutoff"
            if event.data_type == "timestamp"
            else f"deliveries.{event.name} <= data_cutoff.cutoff_day"
        )
    if table.name == "customers":
        # of merged accounts the surviving one speaks for the person
        conditions.append("customer_id_person.rule = 'own'")
    lines.append("where " + "\n    and ".join(conditions))
    return "\n".join(lines) + "\n"


def _own_entry(table: Input) -> dict[str, Any]:
    """Return the description of own_<input>."""
    columns = [{"name": "source_name", "description": "Source that delivered the row."}]
    columns += [
        {"name": name, "description": description} for name, description, _ in _own_columns(table)
    ]
    return {
        "name": f"{OWN_PREFIX}{table.name}",
        "description": f"{table.description} Ids are those of the marts.",
        "columns": columns,
    }


def _own_columns(table: Input) -> Iterator[tuple[str, str, str]]:
    """List name, description and SQL of the columns of own_<input>."""
    names = {name for column in table.passed_on for name in column.landing_columns}
    for column in table.passed_on:
        if _is_person(column):
            person = f"{column.name}_person.customer_id"
            sql = f"coalesce({person}, {_prefixed(column.name)}) as {column.name}"
            yield column.name, f"{column.description} The person (core.customers).", sql
        elif column.name.endswith("_id") and column.is_text and not column.personal:
            yield column.name, column.description, f"{_prefixed(column.name)} as {column.name}"
        else:
            for name in column.landing_columns:
                yield name, column.description, f"deliveries.{name}"
        day = re.sub(r"_at$", "_on", column.name)
        if column.data_type == "timestamp" and day not in names:
            sql = f"{{{{ local_day('deliveries.{column.name}') }}}} as {day}"
            yield day, f"Business-local day of {column.name}.", sql


def _is_person(column: Column) -> bool:
    """Whether a column holds the id of an account, which the marts replace by the person."""
    return column.reference == _PERSON or (column.name == "customer_id" and column.is_text)


def _prefixed(name: str) -> str:
    return f"coalesce(prefixes.id_prefix, '') || deliveries.{name}"
