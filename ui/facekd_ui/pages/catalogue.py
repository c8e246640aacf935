"""Which pages there are, in the order of the rail, and for whom. The right itself is checked in the services."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from facekd.calibration import Promise
from facekd.modelcard import ModelCard
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.local import LocalSettings
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.enrol import EnrolPage
from facekd_ui.pages.importing import ImportPage
from facekd_ui.pages.live import LivePage
from facekd_ui.pages.live_sources import Target, device, file, stream
from facekd_ui.pages.models import ModelsPage
from facekd_ui.pages.people import PeoplePage
from facekd_ui.pages.photo import PhotoPage
from facekd_ui.pages.records import RecordsPage
from facekd_ui.pages.settings import SettingsPage
from facekd_ui.pages.settings_sections import sections
from facekd_ui.pages.words import device_words
from facekd_ui.services.base import Desk
from facekd_ui.services.closeness import strangers_for_a_wrong_name
from facekd_ui.services.recording import RecordingState
from facekd_ui.services.training_ends import name_of
from facekd_ui.session import RIGHTS
from facekd_ui.shell.pages import EVERYONE, PageSpec
from facekd_ui.shell.status_line import Entry, Urgency
from facekd_ui.shell.window import MainWindow
from facekd_ui.workers.training_runs import TrainingRuns


def page_specs(
    context: PageContext,
    window: MainWindow,
    local: LocalSettings,
    desk: Desk,
    sample: Path | None,
    training: TrainingRuns | None = None,
) -> list[PageSpec]:
    """Every page; the window leaves out those that the role may not use.

    Args:
        sample: the sample video, where there is one.
        training: the runs, which go on while other pages are shown.
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

    def models() -> ModelsPage:
        page = ModelsPage(context, desk.home)
        page.job.connect(partial(_show_deployment, window))
        # The status line looks again, as it does when a page is opened.
        page.recogniser_changed.connect(lambda: window.pages.opened.emit(window.pages.key))
        return page

    def train() -> QWidget:
        from facekd_ui.pages.training import TrainingPage  # its charts take a third of a second to load

        return TrainingPage(context, training)

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
        PageSpec("training", T("Training"), "flask", train, _roles("training.start"), "Ctrl+5"),
        PageSpec("models", T("Models"), "layers", models, _roles("models.shelf"), "Ctrl+6"),
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


def show_recogniser(
    window: MainWindow, card: ModelCard, provider: str, people: int, own: Promise | None = None
) -> None:
    """The right end of the status line: what recognises, where it really runs, and the promise in force.

    `own` is what the people on file carry; without it the model card's table serves, for so many people.
    """
    strangers = strangers_for_a_wrong_name(card, people)
    if own is not None:
        promise = Tn(
            "At most 1 wrong name in {n} stranger", "At most 1 wrong name in {n} strangers", own.strangers
        )
        why = T("Rests on the {people} people on file, each tried as a stranger.", people=own.people)
    elif strangers is None:
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


def show_training(window: MainWindow, training: TrainingRuns) -> None:
    """Says in the status line which run trains, how far it is and how long it still takes."""
    run = training.current
    if run is None:
        window.status_line.clear("training")
        return
    words = T(
        "{run}: {where}",
        run=name_of(run),
        where=T("epoch {epoch} of {epochs}", epoch=run.epoch, epochs=run.epochs),
    )
    window.status_line.show_entry("training", Entry(Urgency.JOB, words, run.progress, run.seconds_left))


def _show_deployment(
    window: MainWindow, words: Text | None, fraction: float | None, seconds: float | None
) -> None:
    """Says in the status line how far a deployment is; None: it has ended, however."""
    if words is None:
        window.status_line.clear("deployment")
    else:
        window.status_line.show_entry("deployment", Entry(Urgency.JOB, words, fraction, seconds))


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
