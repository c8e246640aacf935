"""Tests of the compiled engine itself skip where it is not installed."""

import pytest

from facekd.native import extension


@pytest.fixture(autouse=True)
def compiled() -> None:
    """Skips where the package was installed without the extension."""
    if extension is None:
        pytest.skip("the compiled engine is not installed")
