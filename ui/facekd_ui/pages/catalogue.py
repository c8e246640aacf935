"""Which pages there are, in the order of the rail, and for whom. The right itself is checked in the services."""

from functools import partial
from pathlib import Path

from facekd.modelcard import ModelCard
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.local import LocalSettings
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.enrol import EnrolPage
from facekd_ui.pages.importing import ImportPage
from facekd_ui.pages.live import LivePage
from facekd_ui.pages.live_sources import Target, device, file, stream
from facekd_ui.pages.people import PeoplePage
from facekd_ui.pages.photo import PhotoPage
from facekd_ui.pages.records import RecordsPage
from facekd_ui.pages.settings import SettingsPage
from facekd_ui.pages.settings_sections import sections
from facekd_ui.pages.words import device_words
from facekd_ui.services.base import Desk
from facekd_ui.services.closeness import strangers_for_a_wrong_name
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
        page = LivePage(context, sample=sample, opener=lambda target: context.sources.open(target.address))
        page.camera_state.connect(lambda kind, words: _show_cameras(window, kind, words))
        page.records_state.connect(lambda state: show_recording(window, state))
        page.recogniser_changed.connect(partial(show_recogniser, window))
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
            below="people",
        ),
        PageSpec(
            "import",
            T("Import people"),
            "upload",
            lambda: ImportPage(context),
            _roles("imports.run"),
            below="people",
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


def show_recogniser(window: MainWindow, card: ModelCard, provider: str, people: int) -> None:
    """The right end of the status line: what recognises, where it really runs, what its table carries for so many."""
    strangers = strangers_for_a_wrong_name(card, people)
    if strangers is None:
        promise, why = T("Nobody on file yet, so no names"), T("A name needs people on file.")
    else:
        promise = Tn(
            "By its table 1 wrong name in {n} stranger per view",
            "By its table 1 wrong name in {n} strangers per view",
            strangers,
        )
        why = T(
            "Counted on {pairs} pairs of strangers when this recogniser was measured, not on the people on file here. "
            "A name needs several views that agree.",
            pairs=max(row.n for row in card.threshold),
        )
    window.status_line.show_recogniser(card.name, device_words(provider), promise, why)
    window.status_line.clear("recogniser")


def show_recording(window: MainWindow, state: RecordingState) -> None:
    """Says in the status line what waits on this computer."""
    if state.trouble:
        words = Tn(
            "Records are not being saved. The database is away; {n} waits on this computer.",
            "Records are not being saved. The database is away; {n} wait on this computer.",
            state.waiting,
        )
        window.status_line.show_entry("records", Entry(Urgency.FAULT, words))
    else:
        window.status_line.clear("records")
