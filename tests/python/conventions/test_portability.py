"""The scanner of portability.py itself: every rule bites, and none bites what may stand."""

import re
from pathlib import Path

import pytest
from portability import RULES, scan

PAGE = Path(__file__).resolve().parents[4] / "shared" / "portable_sql.md"

# What each row of the page's two tables is called here.
ROWS = {
    "`order by x` on nullable x, also in windows": "order by without nulls",
    "`date - date`": "date - date",
    "`cast(double as int)`, `cast(decimal as int)`": "cast to a whole number",
    "decimal ÷ decimal": "division not in doubles",
    "`percentile_cont` over decimal": "percentile of decimals",
    "`concat(a, null)`": "concat",
    "`array_agg(x)` with nulls": "array_agg with nulls",
    "`dayofweek`, `extract(dow …)`": "weekday numbers",
    "`regexp_replace`": "regular expressions",
    "backslash in strings": "backslash in a string",
    "x / 0": "divisor that may be 0",
    "`string_agg`, `listagg` with order": "texts joined",
    "`arg_max`, `quantile_cont(x, p)`, `every`": "functions of one engine",
    "array literal, index, `unnest`/`explode`, structs, ordered `array_agg`": "arrays and structs",
    "`generate_series`": "generate_series",
    "`datediff`, `add_months`, `strftime`, `epoch`, `isodow`, `at time zone`": "time functions",
    "`lag(x ignore nulls)`": "ignore nulls",
    "`count(distinct a, b)`": "count distinct of several",
    "`select * exclude`": "star with changes",
    "double-quoted identifiers": "double-quoted identifiers",
    "`lgamma` and friends": "special functions",
}


@pytest.mark.parametrize(
    ("rule", "sql"), [(name, sql) for name, rule in RULES.items() for sql in rule.bad]
)
def test_rule_bites(rule, sql):
    """A rule that finds nothing would let a silent difference between engines into the marts."""
    assert rule in {finding.rule for finding in scan(sql)}


@pytest.mark.parametrize(
    ("rule", "sql"), [(name, sql) for name, rule in RULES.items() for sql in rule.good]
)
def test_rule_lets_the_remedy_stand(rule, sql):
    """A rule that fires on its own remedy would be switched off by whoever meets it."""
    assert [str(finding) for finding in scan(sql) if finding.rule == rule] == []


def test_types_come_from_the_project():
    """Without the declared types a day named otherwise, or a decimal, would slip through."""
    types = {"start": {"date"}, "finish": {"date", "timestamp"}, "worth": {"decimal(18,2)"}}
    assert scan("select finish - start from a") == []
    assert [finding.rule for finding in scan("select finish - start from a", types)] == [
        "date - date"
    ]
    assert [finding.rule for finding in scan("select cast(worth as integer) from a", types)] == [
        "cast to a whole number"
    ]


def test_comments_and_jinja_are_not_sql():
    """A reason in a comment may name what must not be written."""
    assert (
        scan("-- never lgamma(x)\n{# epoch(x) #}{% set a = [1] %}select a /* b[1] */ from c") == []
    )


def test_findings_name_their_line():
    """A finding without its place has to be searched for."""
    assert [finding.line for finding in scan("select\n    a,\n    epoch(b)\nfrom c")] == [3]


@pytest.mark.skipif(not PAGE.exists(), reason=f"{PAGE} is not here")
def test_every_row_of_the_page_has_a_rule():
    """A row added to the page must not stay without a rule."""
    rows = [
        line.split("|")[1].strip()
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| [^-|]", line)
    ]
    assert [
        row for row in rows if row not in ROWS and not row.startswith(("differs", "fails"))
    ] == []
    assert set(ROWS.values()) <= set(RULES)
