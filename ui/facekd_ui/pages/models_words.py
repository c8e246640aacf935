"""How models and figures about them are said: names, sizes, milliseconds, shares, roles."""

from facekd.evaluation.gate import Word
from facekd_ui.i18n.formats import date
from facekd_ui.i18n.text import T, Text, listed
from facekd_ui.services.comparing import Timing
from facekd_ui.services.model_shelf import Role, Shelved

ROLE_WORDS: dict[Role, Text] = {
    Role.ACTIVE: T("active"),
    Role.STAGING: T("being deployed"),
    Role.PREVIOUS: T("previous"),
    Role.CANDIDATE: T("candidate"),
}
ROLE_INKS: dict[Role, str] = {
    Role.ACTIVE: "success",
    Role.STAGING: "warning",
    Role.PREVIOUS: "text.2",
    Role.CANDIDATE: "accent",
}
WORD_LOOKS: dict[Word, tuple[str, str]] = {
    Word.BETTER: ("check", "success"),
    Word.NOT_WORSE: ("check", "success"),
    Word.NOT_SURE: ("clock", "warning"),
    Word.WORSE: ("close", "danger"),
}
"""Icon and ink of each word of the gate."""


def title(model: Shelved) -> str:
    """The name of the file without its underscores, and nothing more: two runs must not look alike."""
    return model.file.card.name.replace("_", " ")


def millions(parameters: int) -> str:
    """0.25 M; below ten thousand the number itself."""
    if parameters < 10_000:
        return f"{parameters:,}"
    return f"{parameters / 1e6:.2f} M" if parameters < 995_000 else f"{parameters / 1e6:.1f} M"


def made(model: Shelved) -> Text | str:
    """ "0.25 M, MSKD-SSR, run 14", or where it is from."""
    card = model.file.card
    parts: list[Text | str] = [millions(model.parameters)]
    if model.run is not None:
        parts.append(card.method.split(",")[0].upper().replace("_", "-"))
        if model.run.number:
            parts.append(T("run {n}", n=model.run.number))
    else:
        parts.append(card.licence.split(":")[0].split("(")[0].strip())
    return str(listed(parts))


def cost(model: Shelved, timing: Timing | None) -> str:
    """ "5.2 ms   2.0 MB   since 3 Feb 2026"."""
    parts = [f"{ms(timing.median)} ms"] if timing is not None else []
    parts.append(f"{model.megabytes:.1f} MB")
    if model.since is not None:
        day = date(model.since.astimezone())
        active = model.role is Role.ACTIVE
        parts.append(str(T("since {day}", day=day) if active else T("until {day}", day=day)))
    return "    ".join(parts)


def ms(value: float) -> str:
    """Two figures that count."""
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def share(value: float) -> str:
    """98.6 %, near its ends with more figures; never 100 % for less than all."""
    percent = 100 * value
    for digits in (1, 2, 3):
        words = f"{percent:.{digits}f}"
        if (float(words) < 100 or value >= 1) and (float(words) > 0 or value <= 0):
            return f"{words} %"
    return "> 99.999 %" if value > 0.5 else "< 0.001 %"


def about(number: int) -> int:
    """Two figures that count: 27,844 is 28,000."""
    return int(float(f"{number:.1e}"))


def in_thousand(value: float) -> Text:
    """ "9 in 1,000", smaller shares with a larger base."""
    if value <= 0:
        return T("none of those tried")
    for base in (100, 1000, 10_000, 100_000):
        if value * base >= 1 or base == 100_000:
            return T("{n} in {base}", n=round(value * base), base=base)
    raise AssertionError  # the last base returned


def one_decimal(text: str) -> float | None:
    """A number with comma or point; None when it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None
