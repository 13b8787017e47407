"""Every damaged delivery ends as the table of damaged_cases says, and the page says the same."""

from collections.abc import Iterator

import pytest

from tests.python.landing.damaged_cases import CASES, DOCUMENT, Case, document
from tests.python.landing.outcomes import Outcome, check_case, refreshed


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Delivers the cases that stop nothing, each a source of its own, in two refreshes."""
    with refreshed(tmp_path_factory.mktemp("taken"), [c for c in CASES if not c.stops]) as found:
        yield found


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Delivers the cases that stop a refresh."""
    with refreshed(tmp_path_factory.mktemp("stopped"), [c for c in CASES if c.stops]) as found:
        yield found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_damaged_delivery(request: pytest.FixtureRequest, case: Case) -> None:
    """No damage may bring wrong rows in, lose a line without a word, or fail without a reason."""
    check_case(request.getfixturevalue("stopped" if case.stops else "taken"), case)


def test_there_are_many_cases_and_each_is_its_own() -> None:
    """Cases of one name or content would shadow each other, so that one is never tested."""
    assert len(CASES) >= 60
    assert len({case.slug for case in CASES}) == len(CASES)


def test_page_is_current() -> None:
    """The page people read must be the table that is tested; `make` it anew when this fails."""
    assert DOCUMENT.read_text(encoding="utf-8") == document()
