"""Which pages there are, in the order of the rail, and for whom. The right itself is checked in the services."""

from pathlib import Path

from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.local import LocalSettings
from facekd_ui.pages.audit_log import AuditSection
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.enrol import EnrolPage
from facekd_ui.pages.importing import ImportPage
from facekd_ui.pages.live import LivePage
from facekd_ui.pages.live_sources import Target, device, file, stream
from facekd_ui.pages.operators import OperatorsSection
from facekd_ui.pages.people import PeoplePage
from facekd_ui.pages.photo import PhotoPage
from facekd_ui.pages.records import RecordsPage
from facekd_ui.pages.settings import Section, SettingsPage
from facekd_ui.pages.settings_here import AccountSection, ComputerSection, HealthSection, LookSection
from facekd_ui.pages.settings_shared import DatabaseSection, SharedSection
from facekd_ui.services.base import Desk
from facekd_ui.services.recording import RecordingState
from facekd_ui.session import RIGHTS
from facekd_ui.shell.pages import EVERYONE, PageSpec
from facekd_ui.shell.status_line import Entry, Urgency
from facekd_ui.shell.window import MainWindow


def page_specs(
    context: PageContext, window: MainWindow, local: LocalSettings, desk: Desk, sample: Path | None
) -> list[PageSpec]:
    """Every page; the window leaves out those that the role may not use.

    Args:
        sample: the sample video, where there is one.
    """

    def live() -> LivePage:
        page = LivePage(context, sample=sample)
        page.camera_state.connect(lambda kind, words: _show_cameras(window, kind, words))
        page.records_state.connect(lambda state: _show_recording(window, state))
        if local.now.camera:
            page.watch(target_of(local.now.camera))
        return page

    def settings() -> SettingsPage:
        page = SettingsPage(sections(context, window, local, desk))
        window.theme.changed.connect(page.retranslate)  # the icons of its list are in the theme's ink
        return page

    return [
        PageSpec("live", T("Live"), "scan-face", live, _roles("recognition.live"), "Ctrl+1"),
        PageSpec(
            "photo", T("Photo"), "photo", lambda: PhotoPage(context), _roles("photo.name_everyone"), "Ctrl+2"
        ),
        PageSpec(
            "people", T("People"), "people", lambda: PeoplePage(context), _roles("people.page"), "Ctrl+3"
        ),
        PageSpec(
            "records", T("Records"), "history", lambda: RecordsPage(context), _roles("records.page"), "Ctrl+4"
        ),
        PageSpec(
            "enrol",
            T("Add person"),
            "add-person",
            lambda: EnrolPage(context, local),
            _roles("enrolment.enrol"),
            in_rail=False,
        ),
        PageSpec(
            "import",
            T("Import people"),
            "upload",
            lambda: ImportPage(context),
            _roles("imports.run"),
            in_rail=False,
        ),
        PageSpec(
            "settings",
            T("Settings"),
            "gear",
            settings,
            EVERYONE,
            "Ctrl+,",
            at_bottom=True,
        ),
    ]


def sections(context: PageContext, window: MainWindow, local: LocalSettings, desk: Desk) -> list[Section]:
    """The sections of the settings that the role may use."""
    may = context.session.may
    found = [
        Section(
            "look", T("Look and language"), "palette", lambda: LookSection(window.theme, window.language)
        ),
        Section("computer", T("This computer"), "monitor", lambda: ComputerSection(context, local)),
        Section("account", T("Your account"), "key", lambda: AccountSection(context)),
        Section("health", T("Health"), "activity", lambda: HealthSection(context, desk, local)),
    ]
    if may("accounts.all"):
        found.append(
            Section("operators", T("Operators"), "people", lambda: OperatorsSection(context), wide=True)
        )
    if may("shared.put"):
        organisation = ("organisation", "responsible", "consent.required")
        keeping = (
            "session.idle_minutes",
            "session.lifetime_hours",
            "account.one_time_hours",
            "retention.deleted_days",
            "retention.events_days",
            "retention.pictures_days",
            "events.interval_s",
            "events.strangers",
        )
        found += [
            Section(
                "consent",
                T("Consent"),
                "consent",
                lambda: SharedSection(context, T("Consent"), organisation, texts=True),
            ),
            Section(
                "keeping",
                T("Keeping and locking"),
                "clock",
                lambda: SharedSection(context, T("Keeping and locking"), keeping),
            ),
        ]
    if may("audit.page"):
        found.append(Section("audit", T("Audit log"), "book", lambda: AuditSection(context), wide=True))
    if may("maintenance.check"):
        found.append(Section("database", T("Database"), "database", lambda: DatabaseSection(context, desk)))
    return found


def target_of(address: str) -> Target:
    """What the settings' camera means."""
    if address.isdecimal():
        return device(int(address))
    if "://" in address:
        return stream(address)
    return file(Path(address), loop=not Path(address).is_dir())


def _roles(act: str) -> frozenset[str]:
    return frozenset(role.value for role in RIGHTS[act].roles)


def _show_cameras(window: MainWindow, kind: str, words: Text | str) -> None:
    window.top_bar.cameras.setVisible(bool(kind))
    if kind:
        window.top_bar.cameras.show_state(kind, words)


def _show_recording(window: MainWindow, state: RecordingState) -> None:
    if state.trouble:
        words = Tn(
            "Records are not being saved. The database is away; {n} waits on this computer.",
            "Records are not being saved. The database is away; {n} wait on this computer.",
            state.waiting,
        )
        window.status_line.show_entry("records", Entry(Urgency.FAULT, words))
    else:
        window.status_line.clear("records")
