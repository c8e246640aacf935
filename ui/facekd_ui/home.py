"""The home folder: settings, database, models, runs and logs of one installation; and the sample video."""

import os
from pathlib import Path

import platformdirs

SAMPLE = "sample.mp4"


def default_home() -> Path:
    """FACEKD_HOME when set, otherwise the platform's folder for application data."""
    named = os.environ.get("FACEKD_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("facekd", appauthor=False))


def sample_video(home: Path) -> Path | None:
    """The sample video: in the home folder, or in a checkout once `make demo` has filmed it."""
    for film in (home / SAMPLE, Path(__file__).resolve().parents[2] / "out" / SAMPLE):
        if film.is_file():
            return film
    return None
