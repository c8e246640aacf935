"""Network cameras that do not exist: `fake_cameras.py COUNT` prints their addresses as one JSON list.

Then it obeys lines on its input, `3 mode stall`, `3 refuse`, `3 listen`, answering each with `ok`, until the input
ends. The camera itself is the one that the tests of facekd.sources use.
"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

TESTS = Path(__file__).resolve().parents[2] / "tests" / "facekd" / "sources" / "conftest.py"


def _camera_of_the_tests() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fake_camera_of_the_tests", TESTS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Serve and obey."""
    kind = _camera_of_the_tests().FakeCamera
    cameras = [kind() for _ in range(int(sys.argv[1]))]
    for camera in cameras:
        camera.interval_s = 0.1
    print(json.dumps([camera.url for camera in cameras]), flush=True)
    for line in sys.stdin:
        number, word, *mode = line.split()
        camera = cameras[int(number)]
        if word == "mode":
            camera.mode = mode[0]
        else:
            {"refuse": camera.refuse, "listen": camera.listen}[word]()
        print("ok", flush=True)
    for camera in cameras:
        camera.refuse()
    return 0


if __name__ == "__main__":
    sys.exit(main())
