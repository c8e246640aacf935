"""The home folder: settings, database, models, runs and logs of one installation."""

import os
from pathlib import Path

import platformdirs


def default_home() -> Path:
    """FACEKD_HOME when set, otherwise the platform's folder for application data."""
    named = os.environ.get("FACEKD_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("facekd", appauthor=False))
