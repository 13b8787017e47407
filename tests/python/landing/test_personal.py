"""Personal values are reduced while loading and stand nowhere afterwards."""

import re
import stat
from pathlib import Path

import pytest

from orchestration.landing.personal import hash_key
from orchestration.settings import SettingsError
from tests.python.landing.conftest import ORDERS, Business

SECRETS = ("anna.secret@example.com", "4930998877", "1987-06-05", "very private words")


def deliver_secrets(business: Business) -> None:
    mail, phone, birth, words = SECRETS
    business.deliver(
        "customers.csv",
        f"customer_id,email,phone,birth_date,city\n1,{mail.upper()} ,+{phone},{birth},Berlin\n"
        f"2,Info@firm.example,00{phone},{birth},\n3,nobody,12,not a day,\n"
        f"4,x@buyer.marketplace.amazon.de,,1990,\n"
        f'5,{mail},"{phone}\n6,{mail},{phone},{birth},Rom,too many\n',
    )
    business.deliver(
        "orders.csv",
        f"{ORDERS},guest_email\n1,,2024-01-01,paid,5,{mail}\n2,,bad,paid,5,{mail},{mail}\n",
    )
    business.deliver("survey_responses.csv", f"response_id,customer_id,comment\n1,1,{words}\n")
    business.deliver("churn_feedback.jsonl", f'{{"feedback_id": "1", "note": "{words}"}}\n{words}')


def test_no_personal_value_is_anywhere_in_the_warehouse(business: Business) -> None:
    """What was never stored cannot leak: not from tables, not from free blocks of the file."""
    deliver_secrets(business)
    business.load()
    business.stop()
    for path in business.workspace.warehouse.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            for secret in SECRETS:
                assert secret.encode() not in content, (path, secret)
    shapes = business.ask("select email__text, phone__text from incoming.customers order by _line")
    assert shapes[0] == ("text of 23 characters", "text of 10 characters")
    values = business.ask("select value from incoming._rejected_lines where value is not null")
    assert values
    assert all(re.fullmatch(r"text of \d+ characters", value) for (value,) in values)


def test_one_person_has_one_hash(business: Business) -> None:
    """A guest's order and the account must meet (E13), shared addresses must not (E18)."""
    deliver_secrets(business)
    business.load()
    rows = business.ask(
        """select email_hash, is_email_shared, phone_hash, birth_year from landing.customers
        order by customer_id"""
    )
    guests = business.ask("select guest_email_hash, is_guest_email_shared from landing.orders")
    assert guests == [(rows[0][0], False)]
    assert [shared for _, shared, *_ in rows] == [False, True, None, True]
    assert rows[0][2] == rows[1][2]
    assert rows[2][:3] == (None, None, None)
    assert [year for *_, year in rows] == [1987, 1987, None, 1990]
    assert len({mail for mail, *_ in rows}) == 4
    # a birth date that is none is for the guards to refuse
    assert business.ask(
        "select birth_date__text from incoming.customers where birth_year is null"
    ) == [("text of 9 characters",)]


def test_key_is_made_once_and_kept(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another key nobody would be recognised again; with a readable one, hashes are open."""
    key = hash_key(business.workspace)
    assert hash_key(business.workspace) == key
    mode = stat.S_IMODE(business.workspace.hash_key_file.stat().st_mode)
    assert mode == 0o600
    monkeypatch.setenv("HOLDFAST_HASH_KEY", "given")
    assert hash_key(business.workspace) == "given"
    monkeypatch.delenv("HOLDFAST_HASH_KEY")
    business.workspace.hash_key_file.write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        hash_key(business.workspace)


def test_hashes_depend_on_the_key(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the key an address must not be found by hashing a list of addresses; a new key
    reads loaded files anew, so that old and new hashes still meet.
    """
    deliver_secrets(business)
    business.load()
    before = business.ask("select email_hash from landing.customers where customer_id = '1'")
    monkeypatch.setenv("HOLDFAST_HASH_KEY", "another")
    business.load()
    after = business.ask("select email_hash from landing.customers where customer_id = '1'")
    assert before != after
    assert business.ask("select guest_email_hash from landing.orders") == after


@pytest.mark.parametrize("is_kept", [True, False])
def test_free_text_is_kept_only_where_the_setting_says_so(
    business: Business, is_kept: bool
) -> None:
    """Comments may name people."""
    business.set(keep_free_text=str(is_kept).lower())
    deliver_secrets(business)
    business.load()
    kept = business.ask("select comment from landing.survey_responses")
    assert kept == [(SECRETS[3] if is_kept else None,)]


def test_copies_for_reading_are_gone(business: Business) -> None:
    """A plain copy of a delivered file holds personal values."""
    left: Path = business.workspace.warehouse / ".reading-crashed"
    left.mkdir()
    (left / "plain").write_text(SECRETS[0])
    business.deliver("customers.csv", f"customer_id,email\r\n1,{SECRETS[0]}\r\n")
    business.read()
    assert list(business.workspace.warehouse.glob(".reading-*")) == []
