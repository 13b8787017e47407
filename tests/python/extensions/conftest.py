"""The example's extension, copied where a test may change it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.settings import PROJECT
from orchestration.workspace import Workspace

EXAMPLE = PROJECT / "examples" / "extension"


@dataclass
class Shop:
    """A copy of the example: its extension and its delivery."""

    folder: Path

    @property
    def extension(self) -> Path:
        return self.folder / "coffee_shop"

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            PROJECT,
            self.folder / "landing",
            self.folder / "warehouse",
            extensions=self.extension,
        )

    def write(self, name: str, text: str) -> None:
        """Put a file into the extension."""
        path = self.extension / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file of the extension."""
        text = (self.extension / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))


@pytest.fixture
def shop(tmp_path) -> Shop:
    """The example, to be changed."""
    shutil.copytree(EXAMPLE, tmp_path / "my_shop")
    return Shop(tmp_path / "my_shop")
