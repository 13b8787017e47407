"""Refuses SQL that means something else, or nothing, on one of the two engines.

One rule per row of the two tables "differs silently" and "fails on one side" of the page on
portable SQL, and per warning in its prose. A model's text is read as it stands: Jinja comments and
statements are dropped, an expression in double braces becomes one opaque value (the macros in
macros/dispatch are where engines may differ), and the texts handed to a macro are read as SQL of
their own.

The reading is lexical: types are known by column name, from the data types in the project's YAML,
and by the suffixes `_on` and `_at`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial


def words(text: str) -> frozenset[str]:
    """Split a list of words."""
    return frozenset(text.split())


INTEGER_TYPES = {"int", "integer", "bigint", "smallint", "tinyint", "hugeint", "long"}
DAY_TYPES = {"date", "timestamp"}
DAY_MACROS = words(
    """
    add_days add_months add_days_to_instant add_hours_to_instant local_day local_time instant_of
    day_begins_at
    period_first_day
    """
)
# Words after or before which nothing is an operand of an arithmetic sign.
KEYWORDS = words(
    """
    all and any as asc between by case cross desc distinct else end except exists filter
    first following from full group having in inner intersect interval is join last left
    like limit not null nulls on or order over partition preceding qualify range right rows
    select set then union using values when where window with within
    """
)
# A clause of a call that stands in parentheses of its own behind it.
CALL_SUFFIXES = {"over", "filter", "group"}
DECIMAL_FUNCTIONS = words(
    """
    avg median percentile_cont exp ln power sqrt round stddev_samp var_pop var_samp
    stddev_pop
    """
)
TIME_FUNCTIONS = words(
    """
    datediff date_diff datesub date_sub dateadd date_add add_months strftime strptime
    date_format to_char epoch epoch_ms epoch_us isodow unix_timestamp to_days to_months
    timestampadd timestampdiff convert_timezone age now months_between
    """
)
SAME_TYPE_FUNCTIONS = words(
    """
    min max coalesce greatest least lag lead first_value last_value any_value max_by min_by
    """
)
ARRAY_FUNCTIONS = words(
    """
    unnest explode posexplode struct_pack struct named_struct list_value array list
    element_at list_extract
    """
)

TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?\*/)
  | (?P<jinja_comment>\{\#.*?\#\})
  | (?P<statement>\{%.*?%\})
  | (?P<jinja>\{\{.*?\}\})
  | (?P<string>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<word>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)
  | (?P<symbol>::|//|\|\||->>|->|<=|>=|<>|!=|[^\s])
  | (?P<space>\s+)
    """,
    re.VERBOSE | re.DOTALL,
)
STRINGS_IN_JINJA = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")


@dataclass(frozen=True)
class Token:
    """One piece of SQL."""

    kind: str
    text: str
    line: int

    @property
    def name(self) -> str:
        """The word in small letters, without what qualifies it."""
        return self.text.lower().rsplit(".", 1)[-1].strip()


@dataclass(frozen=True)
class Finding:
    """One place that is not portable."""

    rule: str
    line: int
    text: str

    def __str__(self) -> str:
        """Line, rule and remedy."""
        return f"line {self.line}: {self.text} - {RULES[self.rule].remedy} [{self.rule}]"


@dataclass(frozen=True)
class Rule:
    """What is refused and what to write; with examples that prove it bites, and no further."""

    find: Callable[["Sql"], Iterator[int]]
    remedy: str
    bad: tuple[str, ...]
    good: tuple[str, ...]


@dataclass
class Sql:
    """A text as tokens, with what is known of its columns' types."""

    tokens: list[Token]
    types: Mapping[str, set[str]] = field(default_factory=dict)

    def word(self, index: int) -> str:
        """The word at a place, '' where there is none."""
        if 0 <= index < len(self.tokens) and self.tokens[index].kind == "word":
            return self.tokens[index].name
        return ""

    def symbol(self, index: int) -> str:
        """The sign at a place, '' where there is none."""
        if 0 <= index < len(self.tokens) and self.tokens[index].kind == "symbol":
            return self.tokens[index].text
        return ""

    def is_call(self, index: int) -> bool:
        """Whether a word is a function's name."""
        return bool(self.word(index)) and self.symbol(index + 1) == "("

    def close(self, index: int) -> int:
        """The place of the bracket that closes the one at a place."""
        depth = 0
        for place in range(index, len(self.tokens)):
            depth += {"(": 1, ")": -1}.get(self.symbol(place), 0)
            if depth == 0:
                return place
        return len(self.tokens) - 1

    def open(self, index: int) -> int:
        """The place of the bracket that opens the one at a place."""
        depth = 0
        for place in range(index, -1, -1):
            depth += {")": 1, "(": -1}.get(self.symbol(place), 0)
            if depth == 0:
                return place
        return 0

    def primary_after(self, index: int) -> int:
        """One past the value that begins at a place."""
        if self.symbol(index) in ("-", "+"):
            return self.primary_after(index + 1)
        if self.symbol(index) == "(":
            place = self.close(index) + 1
        elif self.is_call(index):
            place = self.close(index + 1) + 1
            while self.word(place) in {"over", "filter", "within"}:
                opening = place + (2 if self.word(place) == "within" else 1)
                place = self.close(opening) + 1 if self.symbol(opening) == "(" else place + 2
        elif self.word(index) in {"date", "timestamp", "interval"}:
            place = index + 2
        else:
            place = index + 1
        while self.symbol(place) == "::":
            place += 2
            if self.symbol(place) == "(":
                place = self.close(place) + 1
        return place

    def primary_before(self, index: int) -> int:
        """The place at which the value begins that ends at a place."""
        place = index
        if self.symbol(place) == ")":
            place = self.open(place)
            while True:
                before = self.word(place - 1)
                if before in CALL_SUFFIXES:
                    place -= 3 if before == "group" else 2
                    place = self.open(place) if self.symbol(place) == ")" else place
                elif before and before not in KEYWORDS:
                    return self.cast_before(place - 1)
                else:
                    return self.cast_before(place)
        if self.tokens[place].kind == "string" and self.word(place - 1) in DAY_TYPES:
            return place - 1
        return self.cast_before(place)

    def cast_before(self, place: int) -> int:
        """Where `x` of `x::type` begins, given the place of the type; else the place."""
        return self.primary_before(place - 2) if self.symbol(place - 1) == "::" else place

    def term(self, index: int) -> tuple[list[Token], list[Token]]:
        """The products on both sides of the sign at a place."""
        start = self.primary_before(index - 1)
        while self.symbol(start - 1) in ("*", "/", "%"):
            start = self.primary_before(start - 2)
        end = self.primary_after(index + 1)
        while self.symbol(end) in ("*", "/", "%"):
            end = self.primary_after(end + 1)
        return self.tokens[start:index], self.tokens[index + 1 : end]

    def is_binary(self, index: int) -> bool:
        """Whether a sign stands between two values."""
        before = self.tokens[index - 1] if index else None
        if before is None or (before.kind == "symbol" and before.text != ")"):
            return False
        return before.kind != "word" or before.name not in KEYWORDS - {"end", "null"}

    def is_day(self, tokens: list[Token]) -> bool:
        """Whether a product is a day or an instant."""
        part = Sql(tokens, self.types)
        if not tokens or part.primary_after(0) != len(tokens):
            return False
        if self.symbol_at_end(tokens) in DAY_TYPES:
            return True
        first = tokens[0]
        if first.kind == "jinja":
            called = re.match(r"\{\{-?\s*(\w+)", first.text)
            return bool(called) and called[1] in DAY_MACROS
        if first.kind == "symbol" and first.text == "(":
            return self.is_day(tokens[1:-1])
        if first.kind != "word":
            return False
        if first.name in DAY_TYPES and len(tokens) > 1 and tokens[1].kind == "string":
            return True
        if part.is_call(0):
            return self.is_day_call(first.name, tokens[2:-1])
        known = self.types.get(first.name)
        if known:
            return known <= DAY_TYPES
        return first.name.endswith(("_on", "_at", "_day", "_date")) or first.name in DAY_NAMES

    def is_day_call(self, name: str, inside: list[Token]) -> bool:
        """Whether a function of this inside gives a day."""
        if name == "cast":
            return inside[-1].name in DAY_TYPES
        if name in {"make_date", "date_trunc", "last_day"}:
            return True
        if name in SAME_TYPE_FUNCTIONS:
            first = next(
                (place for place, token in enumerate(inside) if token.text == ","), len(inside)
            )
            return self.is_day(inside[:first])
        return False

    @staticmethod
    def symbol_at_end(tokens: list[Token]) -> str:
        """The type of `x::type`, '' where the product does not end so."""
        return tokens[-1].name if len(tokens) > 2 and tokens[-2].text == "::" else ""


DAY_NAMES = {"valid_from", "valid_to", "period_start", "period_end", "cohort_start", "day"}


def read(text: str, types: Mapping[str, set[str]] | None = None) -> Sql:
    """Turn a text into tokens, without comments and Jinja statements."""
    tokens = []
    line = 1
    for match in TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind not in {"comment", "jinja_comment", "statement", "space"}:
            tokens.append(Token(kind, match[0], line))
        line += match[0].count("\n")
    return Sql(tokens, types or {})


def scan(text: str, types: Mapping[str, set[str]] | None = None) -> list[Finding]:
    """Find what is not portable in a model, a macro or a test.

    Args:
        text: SQL with Jinja, as it stands in the file.
        types: Data types by column name, as far as known.

    Returns:
        One finding per rule and line, in order of lines.
    """
    texts = [(text, 0)]
    for match in re.finditer(r"\{\{.*?\}\}", text, re.DOTALL):
        before = text[: match.start()].count("\n")
        texts.extend((one or other, before) for one, other in STRINGS_IN_JINJA.findall(match[0]))
    found = {}
    for part, offset in texts:
        sql = read(part, types)
        for name, rule in RULES.items():
            for place in rule.find(sql):
                token = sql.tokens[place]
                found[name, token.line + offset] = Finding(name, token.line + offset, token.text)
    return sorted(found.values(), key=lambda finding: (finding.line, finding.rule))


# --- how the rules look ---------------------------------------------------------------------------


def calls(names: AbstractSet[str], sql: Sql) -> Iterator[int]:
    """Calls of the functions with these names."""
    for place in range(len(sql.tokens)):
        if sql.is_call(place) and sql.word(place) in names:
            yield place


def order_without_nulls(sql: Sql) -> Iterator[int]:
    """Order items that leave the place of nulls to the engine, but for `within group`."""
    for place in range(len(sql.tokens) - 1):
        if sql.word(place) != "order" or sql.word(place + 1) != "by":
            continue
        if sql.symbol(place - 1) == "(" and sql.word(place - 2) == "group":
            continue
        start = place + 2
        for end in item_ends(sql, start):
            if not (sql.word(end - 2) == "nulls" and sql.word(end - 1) in {"first", "last"}):
                yield start
            start = end + 1


def item_ends(sql: Sql, start: int) -> Iterator[int]:
    """The end of each item of a list that runs to its bracket or the next clause."""
    depth = 0
    cases = 0
    for place in range(start, len(sql.tokens) + 1):
        sign, word = sql.symbol(place), sql.word(place)
        cases += {"case": 1, "end": -1}.get(word, 0)
        is_over = depth == 0 and (
            place == len(sql.tokens)
            or sign in {")", ";"}
            or (
                (cases == 0 and word in {"rows", "range", "limit", "union", "except", "intersect"})
                # an item ends where a frame begins, never within a call of the same name
                and not sql.is_call(place)
            )
        )
        if is_over:
            yield place
            return
        if depth == 0 and sign == ",":
            yield place
        depth += {"(": 1, ")": -1}.get(sign, 0)


def day_minus_day(sql: Sql) -> Iterator[int]:
    """Differences of two days."""
    for place in range(1, len(sql.tokens) - 1):
        if sql.symbol(place) == "-" and sql.is_binary(place):
            left, right = sql.term(place)
            if sql.is_day(left) and sql.is_day(right):
                yield place


def cast_to_whole_number(sql: Sql) -> Iterator[int]:
    """Casts to an integer of what may have decimals."""
    for place in range(len(sql.tokens)):
        if sql.is_call(place) and sql.word(place) in {"cast", "try_cast"}:
            end = sql.close(place + 1)
            inside = sql.tokens[place + 2 : end]
            if inside and inside[-1].name in INTEGER_TYPES and may_have_decimals(sql, inside[:-2]):
                yield place
        elif sql.symbol(place) == "::" and sql.word(place + 1) in INTEGER_TYPES:
            start = sql.primary_before(place - 1)
            if may_have_decimals(sql, sql.tokens[start:place]):
                yield place


def may_have_decimals(sql: Sql, tokens: list[Token]) -> bool:
    """Whether a value may be a double or a decimal: by its type, its name or how it is reckoned."""
    part = Sql(tokens, sql.types)
    if part.tokens and part.word(0) in {"floor", "ceil", "ceiling"} and part.is_call(0):
        return part.primary_after(0) != len(tokens)
    for place, token in enumerate(tokens):
        if token.kind == "number" and "." in token.text:
            return True
        if token.text == "/":
            return True
        if token.kind == "word" and part.is_call(place):
            if token.name in DECIMAL_FUNCTIONS:
                return True
        elif token.kind == "word" and (has_decimals(token.name, sql.types)):
            return True
    return False


def has_decimals(name: str, types: Mapping[str, set[str]]) -> bool:
    """Whether a column of that name is known, or looks, as if it had decimals."""
    known = types.get(name)
    if known:
        return any(one.startswith(("decimal", "double", "float", "numeric")) for one in known)
    return name in {"double", "decimal", "float", "numeric"} or name.endswith(
        ("_rate", "_share", "_amount", "_price", "_revenue", "_cost", "_mrr", "_factor")
    )


def division_not_double(sql: Sql) -> Iterator[int]:
    """Divisions of which neither side is a double."""
    for place in range(1, len(sql.tokens) - 1):
        if sql.symbol(place) == "/":
            left, right = sql.term(place)
            if not any(is_double(side, sql.types) for side in (left, right)):
                yield place


def is_double(tokens: list[Token], types: Mapping[str, set[str]]) -> bool:
    """Whether a product is reckoned in doubles."""
    for place, token in enumerate(tokens):
        if token.kind == "word" and token.name == "double":
            return True
        if token.kind == "number" and "e" in token.text.lower():
            return True
        is_call = place + 1 < len(tokens) and tokens[place + 1].text == "("
        if is_call and token.name in {"exp", "ln", "power", "sqrt"}:
            return True
        if token.kind == "word" and not is_call and types.get(token.name) == {"double"}:
            return True
    return False


def divisor_that_may_be_0(sql: Sql) -> Iterator[int]:
    """Divisors that are neither a number nor guarded by nullif."""
    for place in range(1, len(sql.tokens) - 1):
        if sql.symbol(place) not in ("/", "%") or not sql.is_binary(place):
            continue
        end = sql.primary_after(place + 1)
        words = {token.name for token in sql.tokens[place + 1 : end] if token.kind == "word"}
        numbers = [token.text for token in sql.tokens[place + 1 : end] if token.kind == "number"]
        names = words - {"cast", "as", "double", "integer", "bigint"}
        is_number = bool(numbers) and not names and all(float(number) for number in numbers)
        if "nullif" not in words and not is_number:
            yield place


def percentile_not_of_doubles(sql: Sql) -> Iterator[int]:
    """Percentiles over what is not cast to double, or with a filter."""
    for place in calls({"percentile_cont", "percentile_disc"}, sql):
        end = sql.primary_after(place)
        words = [token.name for token in sql.tokens[place:end] if token.kind == "word"]
        if "double" not in words or "filter" in words:
            yield place


def array_agg_with_nulls(sql: Sql) -> Iterator[int]:
    """array_agg that keeps nulls on one engine."""
    for place in calls({"array_agg"}, sql):
        words = [token.name for token in sql.tokens[place : sql.primary_after(place)]]
        if "filter" not in words or "not null" not in " ".join(words):
            yield place


def unordered_or_ordered_array(sql: Sql) -> Iterator[int]:
    """Array literals, indexes, unnest and explode, structs, ordered array_agg."""
    for place, token in enumerate(sql.tokens):
        if token.text in {"[", "{"}:
            yield place
    yield from calls(ARRAY_FUNCTIONS, sql)
    for place in calls({"array_agg"}, sql):
        inside = sql.tokens[place : sql.close(place + 1)]
        if any(token.name == "order" for token in inside):
            yield place


def weekday_numbers(sql: Sql) -> Iterator[int]:
    """Numbers of weekdays as the engines count them."""
    yield from calls({"dayofweek", "weekday", "isodow", "dow"}, sql)
    for place in calls({"extract", "date_part"}, sql):
        first = sql.tokens[place + 2]
        if first.name.strip("'") in {"dow", "dayofweek", "isodow", "dayofweek_iso", "weekday"}:
            yield place


def words_in_a_row(sql: Sql, *words: str) -> Iterator[int]:
    """Places where these words follow each other."""
    for place in range(len(sql.tokens)):
        if all(sql.word(place + number) == word for number, word in enumerate(words)):
            yield place


def time_functions(sql: Sql) -> Iterator[int]:
    """Time arithmetic that only one engine knows, or knows differently; dbt's own included."""
    yield from calls(TIME_FUNCTIONS, sql)
    yield from words_in_a_row(sql, "at", "time", "zone")
    for place, token in enumerate(sql.tokens):
        if token.kind == "jinja" and re.search(r"\bdbt\.(datediff|dateadd)\b", token.text):
            yield place


def distinct_of_several(sql: Sql) -> Iterator[int]:
    """count(distinct a, b)."""
    for place in calls({"count"}, sql):
        if sql.word(place + 2) != "distinct":
            continue
        depth = 0
        for inner in range(place + 3, sql.close(place + 1)):
            depth += {"(": 1, ")": -1}.get(sql.symbol(inner), 0)
            if depth == 0 and sql.symbol(inner) == ",":
                yield place
                break


def star_with_changes(sql: Sql) -> Iterator[int]:
    """select * exclude, replace, except or rename; columns(...)."""
    for place in range(1, len(sql.tokens)):
        if sql.symbol(place) == "*" and sql.word(place + 1) in {"exclude", "replace", "rename"}:
            yield place
        if (
            sql.symbol(place) == "*"
            and sql.word(place + 1) == "except"
            and sql.symbol(place + 2) == "("
        ):
            yield place
    yield from calls({"columns"}, sql)


def of_kind(kind: str, sql: Sql) -> Iterator[int]:
    """Tokens of one kind."""
    return (place for place, token in enumerate(sql.tokens) if token.kind == kind)


def strings_with_backslash(sql: Sql) -> Iterator[int]:
    """String literals with a backslash."""
    return (place for place in of_kind("string", sql) if "\\" in sql.tokens[place].text)


def date_trunc_without_cast(sql: Sql) -> Iterator[int]:
    """date_trunc whose result is left a timestamp on one engine."""
    for place in calls({"date_trunc"}, sql):
        end = sql.close(place + 1)
        is_cast = sql.word(place - 2) == "cast" and sql.word(end + 1) == "as" and (
            sql.word(end + 2) == "date"
        )  # fmt: skip
        if not is_cast and not (sql.symbol(end + 1) == "::" and sql.word(end + 2) == "date"):
            yield place


def whole_number_division(sql: Sql) -> Iterator[int]:
    """The sign // and the word div."""
    for place in range(1, len(sql.tokens)):
        if sql.symbol(place) == "//" or (sql.word(place) == "div" and not sql.is_call(place)):
            yield place


RULES: dict[str, Rule] = {
    # differs silently
    "order by without nulls": Rule(
        order_without_nulls,
        "write nulls first or nulls last",
        (
            "select a from b order by a",
            "select row_number() over (partition by a order by b desc, c nulls last) from d",
            "select row_number() over (order by a nulls last, coalesce(b, c)) from d",
            "select sum(a) over (order by b rows between 1 preceding and current row) from c",
        ),
        (
            "select a from b order by a nulls last, c desc nulls first",
            "select percentile_cont(0.5) within group (order by cast(a as double)) from b",
            "select sum(a) over (order by b nulls first rows unbounded preceding) from d",
        ),
    ),
    "date - date": Rule(
        day_minus_day,
        "use the macro days_between",
        (
            "select ended_on - started_on from a",
            "select max(ordered_on) - min(ordered_on) from a",
            "select cast(a as date) - date '2024-01-01' from b",
            "select spell.valid_to - spell.valid_from from spell",
            "select {{ local_day('ordered_at') }} - first_on from a",
            "select paid_at - ordered_at from a",
        ),
        (
            "select ordered_on - 1 from a",
            "select closing - opening from a",
            "select ordered_on + interval '1' month from a",
            "select case when a then -1 else days - days_before end from b",
        ),
    ),
    "cast to a whole number": Rule(
        cast_to_whole_number,
        "cast(floor(x) as integer) says how it is rounded",
        (
            "select cast(a / nullif(b, 0) as integer) from c",
            "select cast(churn_rate as bigint) from c",
            "select cast(round(a, 1) as integer) from c",
            "select cast(avg(a) as int) from b",
            "select cast(a * 1.5 as bigint) from b",
            "select unit_price::int from b",
        ),
        (
            "select cast(floor(a / nullif(b, 0)) as integer) from c",
            "select cast(count(*) as bigint) from a",
            "select cast(sum(orders) as bigint) from a",
            "select cast(null as integer) from a",
            "select cast(a / nullif(cast(b as double), 0) as double) from c",
        ),
    ),
    "division not in doubles": Rule(
        division_not_double,
        "cast both sides to double",
        (
            "select lost / nullif(opening, 0) from a",
            "select sum(revenue) / nullif(count(*), 0) from a",
            "select (a + b) / 12 from c",
        ),
        (
            "select cast(lost as double) / nullif(cast(opening as double), 0) from a",
            "select sum(cast(a as double)) over (partition by b) / nullif(c, 0) from d",
            "select lost / nullif(opening::double, 0) from a",
        ),
    ),
    "percentile of decimals": Rule(
        percentile_not_of_doubles,
        "cast to double inside, and no filter",
        (
            "select percentile_cont(0.5) within group (order by amount) from a",
            "select percentile_cont(0.5) within group (order by cast(a as double)) "
            "filter (where b) from c",
        ),
        (
            "select percentile_cont(0.5) within group (order by cast(a as double)) from b",
            "select percentile_cont(0.5) within group (order by a::double), "
            "count(*) filter (where b) from c",
        ),
    ),
    "concat": Rule(
        partial(calls, {"concat"}),
        "a || b with coalesce",
        ("select concat(a, b) from c",),
        ("select a || coalesce(b, '') from c", "select concat_ws('|', a, b) from c"),
    ),
    "array_agg with nulls": Rule(
        array_agg_with_nulls,
        "filter (where x is not null)",
        ("select array_sort(array_agg(a)) from b",),
        ("select array_sort(array_agg(a) filter (where a is not null)) from b",),
    ),
    "weekday numbers": Rule(
        weekday_numbers,
        "use the macro iso_weekday",
        (
            "select dayofweek(a) from b",
            "select extract(dow from a) from b",
            "select isodow(a) from b",
        ),
        ("select {{ iso_weekday('a') }} from b", "select extract(year from a) from b"),
    ),
    "regular expressions": Rule(
        partial(
            calls,
            {
                "regexp_replace",
                "regexp_matches",
                "regexp_extract",
                "regexp_full_match",
                "regexp_like",
                "rlike",
            },
        ),
        "use replace, like, or a macro",
        ("select regexp_replace(a, 'x', '') from b",),
        ("select replace(a, 'x', '') from b where a ilike '%x%'",),
    ),
    "backslash in a string": Rule(
        strings_with_backslash,
        "no backslash",
        (r"select '\n' from a", r"select a from b where c like 'x\_%'"),
        ("select 'it''s' from a",),
    ),
    "divisor that may be 0": Rule(
        divisor_that_may_be_0,
        "nullif(x, 0)",
        (
            "select cast(a as double) / b from c",
            "select cast(a as double) / cast(b as double) from c",
            "select cast(a as double) / 0 from c",
            "select a % b from c",
        ),
        (
            "select cast(a as double) / nullif(cast(b as double), 0) from c",
            "select cast(a as double) / 12, a % 7, cast(a as double) / cast(100 as double) from c",
        ),
    ),
    # fails on one side
    "texts joined": Rule(
        partial(calls, {"string_agg", "listagg", "group_concat", "array_to_string", "array_join"}),
        "use the macro join_text",
        ("select string_agg(a, ',' order by a nulls last) from b", "select listagg(a, ',') from b"),
        ("select {{ join_text('a', ',', 'a') }} from b",),
    ),
    "functions of one engine": Rule(
        partial(
            calls,
            {
                "arg_max",
                "arg_min",
                "argmax",
                "argmin",
                "quantile_cont",
                "quantile_disc",
                "quantile",
                "every",
                "mode",
                "first",
                "last",
                "list_aggregate",
                "histogram",
                "ifnull",
                "nvl",
            },
        ),
        "max_by, percentile_cont, bool_and",
        (
            "select arg_max(a, b) from c",
            "select quantile_cont(a, 0.5) from c",
            "select every(a) from b",
        ),
        ("select max_by(a, b), bool_and(c) from d order by a nulls first",),
    ),
    "arrays and structs": Rule(
        unordered_or_ordered_array,
        "use rows, or a macro",
        (
            "select [1, 2] from a",
            "select a[1] from b",
            "select unnest(a) from b",
            "select {'a': 1} from b",
            "select array_agg(a order by b nulls last) filter (where a is not null) from c",
        ),
        ("select array_contains(a, 1), cardinality(a) from {{ ref('b') }}",),
    ),
    "generate_series": Rule(
        partial(calls, {"generate_series"}),
        "use range, or the calendar",
        ("select * from generate_series(1, 3)",),
        ("select * from range(1, 3)",),
    ),
    "time functions": Rule(
        time_functions,
        "use the macros in macros/dispatch",
        (
            "select datediff('day', a, b) from c",
            "select add_months(a, 1) from b",
            "select strftime(a, '%Y') from b",
            "select a at time zone 'UTC' from b",
            "select epoch(a) from b",
            "select {{ dbt.datediff('a', 'b', 'week') }} from c",
            "select {{ prorate_money('epoch(a)', 'b', 'c') }} from d",
        ),
        (
            "select {{ add_months('a', 1) }}, {{ days_between('a', 'b') }}, year(a) from c",
            "select a as add_months from b",
        ),
    ),
    "ignore nulls": Rule(
        lambda sql: words_in_a_row(sql, "ignore", "nulls"),
        "a running max_by, or a macro",
        ("select lag(a ignore nulls) over (order by b nulls last) from c",),
        ("select lag(a) over (order by b nulls last) from c",),
    ),
    "count distinct of several": Rule(
        distinct_of_several,
        "count(distinct (a, b))",
        ("select count(distinct a, b) from c",),
        ("select count(distinct (a, b)), count(distinct coalesce(a, b)) from c",),
    ),
    "star with changes": Rule(
        star_with_changes,
        "list the columns",
        (
            "select * exclude (a) from b",
            "select * replace (a as b) from c",
            "select columns('a.*') from b",
        ),
        ("select * from a except all select * from b", "select a * b, count(*) from c"),
    ),
    "double-quoted identifiers": Rule(
        partial(of_kind, "quoted"),
        "plain snake_case names",
        ('select "a" from b', 'select a as "A b" from c'),
        ('select a as b from {{ ref("c") }} where d = \'"\'',),
    ),
    "special functions": Rule(
        partial(calls, {"lgamma", "gamma", "beta", "erf", "lbeta", "digamma"}),
        "use a Python model",
        ("select lgamma(a) from b",),
        ("select ln(a), exp(b), power(a, b), gamma from c",),
    ),
    # its prose
    "date_trunc is not a date": Rule(
        date_trunc_without_cast,
        "cast(date_trunc(...) as date)",
        ("select date_trunc('month', a) from b",),
        ("select cast(date_trunc('month', a) as date), date_trunc('week', a)::date from b",),
    ),
    "whole-number division": Rule(
        whole_number_division,
        "use the macro integer_quotient",
        ("select a // nullif(b, 0) from c", "select a div b from c"),
        ("select {{ integer_quotient('a', 'b') }} from c",),
    ),
}
