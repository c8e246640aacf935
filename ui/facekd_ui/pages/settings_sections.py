"""Which sections the settings have for a role, and what is set in each, so that the finder leads there."""

from collections.abc import Callable
from functools import partial

from facekd_ui.i18n.text import T, Text
from facekd_ui.local import LocalSettings
from facekd_ui.pages.audit_log import AuditSection
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.operators import OperatorsSection
from facekd_ui.pages.settings import Section
from facekd_ui.pages.settings_cameras import CamerasSection
from facekd_ui.pages.settings_health import HealthSection
from facekd_ui.pages.settings_here import AccountSection, ComputerSection, LookSection
from facekd_ui.pages.settings_shared import FLAGS, NUMBERS, TEXTS, DatabaseSection, SharedSection
from facekd_ui.services.base import Desk
from facekd_ui.shell.finder import Found
from facekd_ui.shell.window import MainWindow

ORGANISATION = ("organisation", "responsible", "consent.required")
KEEPING = (
    "session.idle_minutes",
    "session.lifetime_hours",
    "account.one_time_hours",
    "retention.deleted_days",
    "retention.events_days",
    "retention.pictures_days",
    "events.interval_s",
    "events.strangers",
)
IN_LOOK = (T("Theme"), T("Language"), T("Text size"))
IN_COMPUTER = (
    T("Name of this desk"),
    T("Camera that opens with the window"),
    T("Recognise on"),
    T("Threads"),
    T("Frame size for finding faces"),
    T("Applications menu and desktop"),
)


def sections(context: PageContext, window: MainWindow, local: LocalSettings, desk: Desk) -> list[Section]:
    """The sections of the settings that the role may use."""
    may = context.session.may
    found = [
        Section(
            "look",
            T("Look and language"),
            "palette",
            lambda: LookSection(window.theme, window.language),
            holds=IN_LOOK,
        ),
        Section(
            "computer",
            T("This computer"),
            "monitor",
            lambda: ComputerSection(context, local),
            holds=IN_COMPUTER,
        ),
        Section(
            "account",
            T("Your account"),
            "key",
            lambda: AccountSection(context),
            holds=(T("Change the password"),),
        ),
        Section(
            "health",
            T("Health"),
            "activity",
            lambda: HealthSection(context, desk, local),
            holds=(T("About"), T("Liveness")),
        ),
    ]
    if may("accounts.all"):
        found.append(
            Section("operators", T("Operators"), "people", lambda: OperatorsSection(context), wide=True)
        )
    if may("cameras.change"):
        found.append(Section("cameras", T("Cameras"), "video", lambda: CamerasSection(context)))
    if may("shared.put"):
        found += [
            Section(
                "consent",
                T("Consent"),
                "consent",
                lambda: SharedSection(context, T("Consent"), ORGANISATION, texts=True),
                holds=(*_names(*ORGANISATION), T("Consent text")),
            ),
            Section(
                "keeping",
                T("Keeping and locking"),
                "clock",
                lambda: SharedSection(context, T("Keeping and locking"), KEEPING),
                holds=_names(*KEEPING),
            ),
        ]
    if may("audit.page"):
        found.append(Section("audit", T("Audit log"), "book", lambda: AuditSection(context), wide=True))
    if may("maintenance.check"):
        found.append(
            Section(
                "database",
                T("Database"),
                "database",
                lambda: DatabaseSection(context, desk),
                holds=(T("Make a backup…"), T("Check everything"), T("Erased people")),
            )
        )
    return found


def settings_found(found: list[Section], go: Callable[[str, object], None]) -> list[Found]:
    """Sections and single settings for the finder; each opens its section."""
    where = str(T("Settings"))
    entries = [Found(str(each.title), partial(go, "settings", each.key), each.icon, where) for each in found]
    entries += [
        Found(str(name), partial(go, "settings", each.key), each.icon, str(each.title))
        for each in found
        for name in each.holds
    ]
    return entries


def _names(*keys: str) -> tuple[Text, ...]:
    named = {**TEXTS, **NUMBERS, **FLAGS}
    return tuple(named[key][0] for key in keys)
