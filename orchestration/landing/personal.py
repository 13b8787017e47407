"""Reduces personal columns while they are read, so that no value of theirs is ever stored.

E-mail and telephone become keyed hashes (as HMAC does: the key is mixed in twice), a birth date its
year, a text nothing. Beside them stands the shape of what was delivered, such as
`text of 14 characters`.
"""

import csv
import hashlib
import os
import secrets
from pathlib import Path

import duckdb

from orchestration.contract import PROJECT_ROOT, Column
from orchestration.landing.sql import literal, literals
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace

SEEDS = PROJECT_ROOT / "seeds"
SHARED_EMAILS = "shared_emails"
KEY_VARIABLE = "HOLDFAST_HASH_KEY"
# Fewer digits are no telephone number anybody could be known by.
_LEAST_PHONE_DIGITS = 5


def hash_key(workspace: Workspace) -> str:
    """Returns the key for hashing: HOLDFAST_HASH_KEY, else one made once beside the warehouse.

    Args:
        workspace: Names the file, which only its owner can read.

    Raises:
        SettingsError: The file is there and empty: hashes without a key are soon guessed, and join
            nothing that was hashed with one.
    """
    if given := os.environ.get(KEY_VARIABLE):
        return given
    path = workspace.hash_key_file
    if not path.is_file():
        keep_key(workspace, secrets.token_hex(32))
    if not (key := path.read_text(encoding="utf-8").strip()):
        raise SettingsError(
            f"{path} is empty. Bring the key back from a copy, or set {KEY_VARIABLE}; with another "
            "key than before, every file that holds e-mail addresses has to be read again."
        )
    return key


def keep_key(workspace: Workspace, key: str) -> None:
    """Writes the key beside the warehouse, whole or not at all, for its owner alone.

    Args:
        workspace: Names the file.
        key: The key.
    """
    path = workspace.hash_key_file
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{os.getpid()}")
    made.unlink(missing_ok=True)
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{key}\n")
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)


def key_fingerprint(key: str) -> str:
    """Returns a text that changes with the key and does not tell it."""
    return hashlib.sha256(b"holdfast fingerprint " + key.encode()).hexdigest()[:16]


def use_key(con: duckdb.DuckDBPyConnection, key: str) -> None:
    """Makes the key known to the connection, as variables that live no longer than it does."""
    for name in ("inner", "outer"):
        mixed = hashlib.sha256(f"holdfast {name} {key}".encode()).hexdigest()
        con.execute(f"set variable holdfast_{name}_key = {literal(mixed)}")


def shape(text: str) -> str:
    """Returns SQL of what may be told of a personal value."""
    return f"'text of ' || length({text}) || ' characters'"


def normalised(column: Column, text: str) -> str:
    """Returns SQL of a personal text in the one form that is hashed; null where it is none.

    An e-mail without a name and a domain, or a telephone without digits, counts as absent: it
    joins nobody, and is no reason to refuse a row.

    Args:
        column: A personal column.
        text: SQL of its cleaned text.
    """
    if column.personal == "email":
        usable = f"regexp_full_match({text}, '[^@\\s]+@[^@\\s]+')"
        return f"case when {usable} then lower({text}) end"
    if column.personal == "phone":
        digits = f"regexp_replace(regexp_replace({text}, '\\D', '', 'g'), '^00', '')"
        return f"case when length({digits}) >= {_LEAST_PHONE_DIGITS} then {digits} end"
    return text


def reduced(
    column: Column, text: str, day: str, *, keep_free_text: bool, seeds: Path = SEEDS
) -> dict[str, str]:
    """Returns SQL of the landing columns that stand for a personal column, and of its shape.

    Args:
        column: A personal column.
        text: SQL of its normalised text.
        day: SQL of its text as a date, for a birth date.
        keep_free_text: The setting of that name.
        seeds: Folder with the seed shared_emails.
    """
    names = list(column.stored_as)
    values = {f"{column.name}__text": shape(text)}
    if column.personal == "email":
        values |= {names[0]: _hashed(text), names[1]: _is_shared(text, seeds)}
    elif column.personal == "phone":
        values |= {names[0]: _hashed(text)}
    elif column.personal == "birth_date":
        year = f"case when regexp_full_match({text}, '\\d{{4}}') then cast({text} as bigint) end"
        values |= {names[0]: f"coalesce(year({day}), {year})"}
    else:
        values |= {column.name: text if keep_free_text else "cast(null as varchar)"}
    return values


def _hashed(text: str) -> str:
    inner = f"sha256(getvariable('holdfast_inner_key') || {text})"
    return f"sha256(getvariable('holdfast_outer_key') || {inner})"


def shared_emails(seeds: Path = SEEDS) -> dict[str, list[str]]:
    """Returns the patterns of the seed shared_emails: local parts and domains (E18)."""
    patterns: dict[str, list[str]] = {"local_part": [], "domain": []}
    with (seeds / f"{SHARED_EMAILS}.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            patterns[row["kind"].strip()].append(row["pattern"].strip().lower())
    return patterns


def _is_shared(address: str, seeds: Path) -> str:
    patterns = shared_emails(seeds)
    local = f"split_part(split_part({address}, '@', 1), '+', 1)"
    domain = f"split_part({address}, '@', 2)"
    cases = ["false"]
    if patterns["local_part"]:
        cases.append(f"{local} in {literals(patterns['local_part'])}")
    if patterns["domain"]:
        # a subdomain of a relay is the relay too
        ends = "|".join(pattern.replace(".", "\\.") for pattern in patterns["domain"])
        relay = literal(rf"(^|\.)({ends})$")
        cases.append(f"regexp_matches({domain}, {relay})")
    return "(" + " or ".join(cases) + ")"
