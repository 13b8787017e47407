import pytest

from tests.python.quality.scene import Scene


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)
