"""The real application as its own process, with eyes: `python app.py EYES [arguments of facekd ...]`.

Everything is `facekd_ui.app.main`; the one addition is a socket that tells what stands on the screen.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from facekd_ui import app


def _beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Opens the eyes when the application begins, and runs it."""
    name, *arguments = sys.argv[1:]
    eyes = _beside("eyes")

    class Watched(app.App):
        def start(self) -> None:
            eyes.Eyes(name, self)
            super().start()

    app.App = Watched  # type: ignore[misc]  # `main` makes this one
    return app.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
