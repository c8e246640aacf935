"""A training session of the child process: from a configuration or a run folder to `done`, `stopped` or `error`."""

import json
import logging
import os
import signal
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from facekd.config import RunConfig
from facekd.config_table import ConfigError
from facekd.distil.training import runfolder
from facekd.distil.training.export import export_run
from facekd.distil.training.failures import describe_failure
from facekd.distil.training.group import Group, end_others, leave_group, start_others
from facekd.distil.training.progress import Channel, Commands, locked
from facekd.distil.training.rights import as_facts, kept_rights, restriction, teacher_rights
from facekd.distil.training.run import Run, build_run, choose_device, complete, set_threads
from facekd.distil.training.trainer import Trainer
from facekd.protocol import Done, Error, Event, Hello

log = logging.getLogger(__name__)

SUMMARY = "summary.json"


class Session:
    """Trains, resumes and exports; says everything through its channel.

    Args:
        stream: of events; None in the processes that say nothing.
        commands: what is heard.
    """

    def __init__(self, stream: BinaryIO | None, commands: Commands) -> None:
        self.channel = Channel(stream)
        self.commands = commands
        self.finished = False  # whether the last run reached its end
        # By torchrun or another launcher: its processes meet once and stay together over all runs.
        self._launched = "WORLD_SIZE" in os.environ

    def train(self, config: RunConfig, folder: Path) -> int:
        """Train a new run in `folder`; returns the exit status."""
        return self._guarded(lambda: self._run(complete(config), folder, resume=False))

    def resume(self, folder: Path) -> int:
        """Go on with a run from its last checkpoint."""
        return self._guarded(lambda: self._run(complete(runfolder.read_config(folder)), folder, resume=True))

    def help(self, folder: Path, *, resume: bool) -> int:
        """Be one of the processes of a run that another process leads."""
        return self._guarded(
            lambda: self._run(complete(runfolder.read_config(folder)), folder, resume=resume)
        )

    def export(self, folder: Path, weights: str, *, int8: bool) -> int:
        """Export a finished run."""

        def work() -> Event:
            exported = export_run(folder, "best" if weights == "best" else "last", int8=int8)
            return Done(str(exported.model.resolve()), exported.sha256, exported.figures)

        return self._guarded(work)

    def train_seeds(self, config: RunConfig, folder: Path, seeds: Sequence[int]) -> int:
        """Train the same run with several seeds, each in a folder of its own, and write mean and deviation."""
        folders = []
        for seed in seeds:
            one = folder / f"seed-{seed}"
            status = self.train(replace(config, budget=replace(config.budget, seed=seed)), one)
            if not self.finished:
                return status  # failed, or stopped
            folders.append(one)
        if not _leads():
            return 0
        summary = summarise(folders)
        runfolder.write_json(folder / SUMMARY, summary)
        words = ", ".join(
            f"{k} {v['mean']:.4f} +- {v['std']:.4f}" for k, v in summary["last"].items() if k != "n"
        )
        self.channel.say(f"{len(seeds)} seeds, last epoch: {words or 'nothing was validated'}")
        return 0

    def _guarded(self, work: Any) -> int:
        """Run `work`; every ending is one final event and an exit status."""
        try:
            event = work()
        except ConfigError as error:
            event = Error("config", str(error))
        except Exception as error:  # the edge of the process: whatever it is, the parent hears of it
            event = describe_failure(error, None)
            if event.kind == "internal":
                log.exception("the training process failed")
        self.finished = isinstance(event, Done)
        self.channel.emit(event)
        self.channel.close()
        if isinstance(event, Error):
            print(f"facekd: {event.text}", file=sys.stderr)  # noqa: T201  # for people without a parent
            return 2 if event.kind in ("config", "data") else 1
        return 0

    def _run(self, config: RunConfig, folder: Path, *, resume: bool) -> Event:
        others = []
        if not _leads():
            return self._work(config, folder, resume=resume)
        if not resume:
            runfolder.prepare_folder(folder, config)
        with locked(folder):
            self.channel.follow(folder)
            self.commands.watch(folder)
            if config.budget.processes > 1 and "WORLD_SIZE" not in os.environ:
                words = ["help", str(folder), *(["--resume"] if resume else [])]
                others = start_others(config.budget.processes, words)
            try:
                with self._watching(others):
                    return self._work(config, folder, resume=resume)
            finally:
                if others:
                    end_others(others)

    def _work(self, config: RunConfig, folder: Path, *, resume: bool) -> Event:
        device = choose_device(config.budget.device)
        group = Group(device)
        trainer: Trainer | None = None
        try:
            set_threads(config, group)
            if group.is_first:
                self.channel.emit(Hello(os.getpid(), str(device), str(folder.resolve())))
            run = build_run(config, group, device, self._advance)
            for remark in run.data.remarks if group.is_first else ():
                self.channel.say(remark, warning=True)
            if group.is_first:
                self._note_facts(config, run, folder, resume=resume)
            trainer = Trainer(run, folder, self.channel, self.commands)
            stopped = trainer.train(resume=resume)
            if stopped is not None:
                return stopped
            if not group.is_first:
                return Done("", "", {})
            exported = export_run(folder, data=run.data)
            last = trainer.curve[-1]["val"] if trainer.curve else {}
            return Done(str(exported.model.resolve()), exported.sha256, {**last, **exported.figures})
        except Exception as error:
            event = describe_failure(error, trainer)
            if event.kind == "internal":
                raise
            return event
        finally:
            if not self._launched and sys.exc_info()[0] is None:
                leave_group()

    def _note_facts(self, config: RunConfig, run: Run, folder: Path, *, resume: bool) -> None:
        """Keep what the exported student's card will need; a resumed run keeps what it began with."""
        rights = kept_rights(folder, config) if resume else teacher_rights(config.teacher)
        facts = {"classes": run.data.train.classes, "side": run.data.train.side, "teacher": as_facts(rights)}
        runfolder.write_json(folder / runfolder.CLASSES, facts)
        if words := restriction(config.data, rights):
            self.channel.say(f"the student will be for {words}", warning=True)

    def _advance(self, what: str, done: int, of: int) -> bool:
        now = time.monotonic()
        if now - getattr(self, "_said", now - 1) > 5:
            share = f"{done:,} of {of:,}" if of else f"{done:,}"
            self.channel.say(f"{what}: {share}")
            self._said = now
        elif not hasattr(self, "_said"):
            self._said = now
        return True

    @contextmanager
    def _watching(self, others: Sequence[Any]) -> Iterator[None]:
        """End this process when one of the others fails: it would wait for it in vain."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                for number, other in enumerate(others, start=1):
                    # what is wrong with the run is wrong in all processes; this one's own words are the better ones
                    if other.poll() not in (None, 0) and not over.wait(3):
                        text = f"process {number} of this run ended with status {other.returncode}; see stderr above"
                        self.channel.emit(Error("internal", text))
                        os._exit(1)

        if others:
            threading.Thread(target=watch, daemon=True, name="watch").start()
        try:
            yield
        finally:
            over.set()


def _leads() -> bool:
    """Whether this process is the one that speaks and writes."""
    return int(os.environ.get("RANK", "0")) == 0


def summarise(folders: Sequence[Path]) -> dict[str, Any]:
    """Mean and standard deviation (n - 1) over runs that differ in their seeds, last and best epoch apart."""
    metrics = [json.loads((folder / runfolder.METRICS).read_text("utf-8")) for folder in folders]

    def over(which: str) -> dict[str, Any]:
        values: dict[str, list[float]] = {}
        for one in metrics:
            for key, value in ((one.get(which) or {}).get("val") or {}).items():
                values.setdefault(key, []).append(value)
        return {
            key: {
                "mean": statistics.fmean(found),
                "std": statistics.stdev(found) if len(found) > 1 else None,
                "values": found,
            }
            for key, found in values.items()
        }

    return {
        "runs": [str(folder) for folder in folders],
        "seeds": [one["seed"] for one in metrics],
        "last": over("last"),
        "best": over("best"),
    }


def stop_on_signals(commands: Commands, *, leads: bool) -> None:
    """A signal to end is a stop with a checkpoint; the other processes follow the first one's word instead."""

    def ask(number: int, _frame: object) -> None:
        commands.put("stop")
        signal.signal(number, signal.SIG_DFL)  # whoever asks twice does not want to wait

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask if leads else signal.SIG_IGN)
