"""Every rule of the contract, made from the contract: a row that breaks it is caught, its valid
neighbour passes."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
import yaml

from orchestration.contract import CONTRACT_FILE
from orchestration.quality.rules import all_rules, is_hold
from orchestration.records import connect
from tests.python.quality.scene import CONTRACT, NOW, Scene, header, least_row

RULES = {rule.check_id: rule for rule in all_rules(CONTRACT)}
REFUSING = [rule.check_id for rule in RULES.values() if rule.severity == "error"]
COUNTING = [rule.check_id for rule in RULES.values() if rule.severity == "warning"]

NOT_OF_TYPE = {
    "decimal": ["a lot", "1.2.3", "1e99"],
    "bigint": ["some", "1.5"],
    "timestamp": ["yesterday", "2024-02-30T10:00:00", "2024-13-01", "2024-03-01T25:00:00"],
    "date": ["last week", "2024-02-30"],
    "boolean": ["maybe", "2"],
}


@dataclass
class Broken:
    """A rule's rows in the delivery: lines that break it, and those beside them that do not."""

    values: dict[int, str] = field(default_factory=dict)
    neighbours: list[int] = field(default_factory=list)


def wrong_values(column, name):
    """Values that break one rule of a column and no other."""
    if name == "type":
        return NOT_OF_TYPE[column.data_type.partition("(")[0]]
    if name == "required":
        return [""]
    if name == "accepted_values":
        return ["unheard_of", f"{column.accepted_values[0]} "[::-1].strip() + "x"]
    if name == "format":
        return ["EURO", "E1R", "€"]
    if name == "minimum":
        return [str(column.minimum - 1)]
    if name == "above":
        return [str(column.above), str(column.above - 1)]
    if name == "maximum":
        return [str(column.maximum + 1)]
    if name == "event":
        late = NOW + timedelta(days=1) if column.data_type == "date" else NOW + timedelta(minutes=1)
        written = "%Y-%m-%d" if column.data_type == "date" else "%Y-%m-%dT%H:%M:%S"
        return ["1969-12-31" + "T00:00:00" * (column.data_type != "date"), late.strftime(written)]
    if name in {"after", "not_before"}:
        return ["2024-01-01"]
    return [f"no_such_{column.name}"]


def row_for(rule, number):
    """A valid row with the columns the rule looks at."""
    table = CONTRACT.inputs[rule.input]
    column = table.column(rule.column)
    others = [rule.column]
    if rule.name in {"after", "not_before"}:
        others.append(getattr(column, rule.name))
    row = least_row(table, number, *others)
    if rule.name in {"after", "not_before"}:
        row[getattr(column, rule.name)] = "2024-01-02"
        row[rule.column] = "2024-01-03"
    if column.not_before and rule.name != "not_before":
        row[rule.column] = "2024-12-01"  # later than what it may not precede
    if rule.name == "event" and column.not_before:
        row.pop(column.not_before, None)
        if CONTRACT.inputs[rule.input].column(column.not_before).required:
            row[column.not_before] = "1970-01-01T00:00:00"
    if column.reference:
        row[rule.column] = "known"
    if rule.input == "order_items" and rule.column != "order_id":
        row["order_id"] = "known"
    return row


class Rows:
    """The rows of one delivery, by input."""

    def __init__(self):
        self.by_input = {table.name: [] for table in CONTRACT}
        self.broken = {check_id: Broken() for check_id in RULES}
        self.number = 0

    def add(self, name, row):
        """Append a row; its line, where line 1 is the header."""
        self.by_input[name].append(row)
        return len(self.by_input[name]) + 1

    def add_known(self):
        """Rows that others may refer to."""
        for table in CONTRACT:
            if len(table.key) == 1:
                known = least_row(table, 0) | {table.key[0]: "known"}
                if table.name == "order_items":
                    known["order_id"] = "known"
                self.add(table.name, known)

    def add_rule(self, rule):
        """Rows that break a rule in every way we know, each followed by a valid one."""
        table = CONTRACT.inputs[rule.input]
        column = table.column(rule.column)
        for value in wrong_values(column, rule.name):
            if column.not_before and value.startswith("1969"):
                continue  # any instant it may not precede would break another rule
            self.number += 1
            row = row_for(rule, self.number) | {rule.column: value}
            if not any(row.values()):  # a line without anything is no row
                other = next(column for column in table.columns if not column.key)
                row[other.name] = other.example
            self.broken[rule.check_id].values[self.add(rule.input, row)] = value
            self.number += 1
            neighbour = self.add(rule.input, row_for(rule, self.number))
            self.broken[rule.check_id].neighbours.append(neighbour)

    def add_items(self):
        """A line for every sound order but one."""
        refused = {
            line
            for check_id in REFUSING
            for line in self.broken[check_id].values
            if RULES[check_id].input == "orders"
        }
        orders, items = CONTRACT.inputs["orders"], CONTRACT.inputs["order_items"]
        missing = self.broken["orders.order_items.missing"]
        for line, row in enumerate(list(self.by_input["orders"]), start=2):
            if line not in refused and row["order_id"] != "known":
                self.number += 1
                item = least_row(items, self.number) | {"order_id": row["order_id"]}
                self.add("order_items", item)
                missing.neighbours.append(line)
        self.number += 1
        lonely = least_row(orders, self.number)
        missing.values[self.add("orders", lonely)] = lonely["order_id"]


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    """One delivery with every rule broken, read and checked once."""
    scene = Scene(tmp_path_factory.mktemp("rules"), {"max_quarantined_share": 1})
    rows = Rows()
    rows.add_known()
    for rule in RULES.values():
        if rule.name != "missing":
            rows.add_rule(rule)
    rows.add_items()
    for name, delivered in rows.by_input.items():
        scene.deliver(name, delivered, columns=header(name))
    results = scene.check()
    return scene, results, rows.broken, {name: len(each) for name, each in rows.by_input.items()}


@pytest.fixture(scope="module")
def quarantine(delivery):
    """Quarantined rows by file."""
    by_file = defaultdict(list)
    for row in delivery[0].quarantine():
        by_file[row[0]].append(row)
    return by_file


def test_the_contract_has_rules_of_every_kind():
    """A kind nobody makes rules of would pass unnoticed."""
    kinds = Counter(rule.name for rule in RULES.values())
    assert set(kinds) == {
        "type", "required", "accepted_values", "minimum", "above", "maximum", "format", "event",
        "after", "not_before", "reference", "seed", "missing",
    }  # fmt: skip
    assert kinds["type"] > 60
    assert kinds["required"] > 60
    # counted in the file itself, so that a value the loader or the rules take for "none" shows
    asked = set()
    (source,) = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))["sources"]
    for table in source["tables"]:
        for column in table["columns"]:
            place = f"{table['name']}.{column['name']}"
            meta = column.get("config", {}).get("meta", {})
            asked |= {f"{place}.{name}" for name in set(kinds) & set(meta)}
            if column["data_type"] != "varchar":
                asked.add(f"{place}.type")
    assert set(RULES) == asked | {"orders.order_items.missing"}


@pytest.mark.parametrize("check_id", REFUSING)
def test_a_row_that_breaks_it_is_quarantined_under_it_alone(delivery, quarantine, check_id):
    """A rule that does not bite, bites its neighbour, or is filed under another name."""
    _, _, broken, _ = delivery
    rule = RULES[check_id]
    found = quarantine[f"{rule.input}.csv"]
    wanted = broken[check_id].values
    assert wanted
    for line, value in wanted.items():
        entries = [row for row in found if row[1] == line]
        assert [row[3] for row in entries] == [rule.quarantine_rule], (line, value)
        _, _, key, _, kept = entries[0]
        column = CONTRACT.inputs[rule.input].column(rule.column)
        if column.personal:
            assert kept == f"text of {len(value)} characters"
        else:
            assert kept == ((value.upper() if column.format else value) or None)
        assert "|" in key or rule.is_key or key
    lines = {row[1] for row in found}
    assert not lines & set(broken[check_id].neighbours)


@pytest.mark.parametrize("check_id", RULES)
def test_its_result_tells_a_person_what_to_do(delivery, check_id):
    """A finding nobody understands is worked around instead of corrected."""
    _, results, broken, counts = delivery
    rule, result = RULES[check_id], results[check_id]
    wanted = broken[check_id].values
    assert not result.is_success
    assert result.severity == rule.severity
    assert result.rows_failed == len(wanted)
    assert 0 < result.rows_failed < result.rows_checked <= counts[rule.input]
    assert not result.stops_refresh
    assert (result.input, result.column_name, result.rule) == (rule.input, rule.column, rule.name)
    message = result.message
    assert message.startswith(f"{rule.input}: {len(wanted)} of ")
    assert f"(rule {check_id})" in message
    assert rule.about in message
    assert "What to do: " in message
    assert message.endswith(".")
    assert ".." not in message
    for line in sorted(wanted)[:3]:
        assert f"{rule.input}.csv:{line} " in message
    if rule.severity == "warning":
        assert "taken" in message
    else:
        assert "quarantine" in message


@pytest.mark.parametrize("check_id", COUNTING)
def test_a_warning_keeps_the_row(delivery, quarantine, check_id):
    """A reference to nothing must not cost the order."""
    _, _, broken, _ = delivery
    lines = {row[1] for row in quarantine[f"{RULES[check_id].input}.csv"]}
    assert not lines & set(broken[check_id].values)


def test_nothing_but_the_broken_rows_is_refused(delivery):
    """Rows refused without a reason would vanish from the marts."""
    scene, _, broken, _ = delivery
    wanted = {
        (f"{RULES[check_id].input}.csv", line)
        for check_id in REFUSING
        for line in broken[check_id].values
    }
    assert {row[:2] for row in scene.quarantine()} == wanted
    refused = scene.sql("select count(distinct (input, _row)) from incoming._refused")[0][0]
    assert refused == len(wanted)


def test_share_of_refused_rows_counts_each_row_once(delivery):
    """A row that breaks two rules is one row."""
    scene, results, _, counts = delivery
    for name, rows in counts.items():
        share = results[f"{name}.max_quarantined_share"]
        (refused,) = scene.sql(
            "select count(distinct line) from ops.quarantined_rows where input = ?", name
        )[0]
        assert (share.rows_checked, share.rows_failed) == (rows, refused)


def test_personal_values_never_appear(delivery):
    """Quarantine, results and page are read by more people than the shop's own data."""
    from orchestration.quality.page import write_checks_page

    scene, _, broken, _ = delivery
    told = str(scene.sql("select * from ops.input_checks"))
    told += str(scene.sql("select * from ops.quarantined_rows"))
    told += str(scene.sql("select * from incoming._refused"))
    told += write_checks_page(scene.workspace, scene.refresh_id).read_text()
    values = broken["customers.birth_date.type"].values.values()
    assert "last week" in values
    columns = [c for table in CONTRACT for c in table.columns if c.personal]
    assert len(columns) >= 6
    rows = str(scene.quarantine())
    assert "text of 9 characters" in rows
    assert "'birth_date.type', 'last week'" not in rows
    for column in columns:
        if column.example:
            assert column.example not in told


def test_the_results_are_kept(delivery):
    """quality.input_checks is made from what is stored."""
    from orchestration.quality.results import read_results

    scene, results, _, _ = delivery
    with connect(scene.workspace) as con:
        kept = read_results(con, scene.refresh_id)
    assert {each.check_id: each for each in kept} == results
    assert [each.is_success for each in kept] == sorted(each.is_success for each in kept)


def test_bounds_are_taken_from_the_contract():
    """A bound that is rounded on its way to Great Expectations would move."""
    from orchestration.quality.suites import _number

    assert _number(Decimal("0.10")) == 0.1
    assert _number(Decimal(10)) == 10
    assert all(rule.expected and rule.broken and rule.remedy for rule in RULES.values())
    assert any(is_hold(rule) for rule in RULES.values())
