"""docs/reliability.md names only tests that exist."""

import re

from orchestration.settings import PROJECT

PAGE = PROJECT / "docs" / "reliability.md"


def test_every_test_that_the_page_names_exists():
    """A promise would stand there that nothing proves any more."""
    rows = [
        line.split("|")
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith("| Fault") and "| Test |" not in line
    ]
    defined = {
        name
        for path in (PROJECT / "tests" / "python").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(rows) > 20
    for _, fault, promised, proof, figure, _ in rows:
        names = re.findall(r"`([^`]+)`", proof)
        assert names, f"nothing proves: {fault}"
        assert [name for name in names if name not in defined | {"make soak"}] == []
        assert promised.strip(), fault
        assert re.match(r" (CI|Soak): \S", figure), f"no figure, or it does not say whose: {fault}"
        assert "{" not in figure, figure
