"""Runs the study: `PYTHONPATH=bench python -m distill.study teacher`, then `... students`, then `distill.table`.

Every trial is a process of the trainer itself (`python -m facekd train student.toml --set ...`) of one thread; `--jobs`
of them run side by side. A trial that has a line in `trials.jsonl` is not run again, one that was interrupted goes on
from its checkpoint, and lines are written as trials end: the study may be stopped (Ctrl-C, SIGTERM) and begun again at
any time. The student's validation images are cut from the training file; the other file is looked at by the trials
that are reported, once, after their last epoch, and never by the search.
"""

import argparse
import json
import os
import platform
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from distill.plan import GRID, Trial, choose, report, search
from facekd.config import config_table, load_config
from facekd.config_table import toml_text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TEACHER = HERE / "teacher"
LINES = HERE / "trials.jsonl"
TRAIN, REPORT = "tinyimagenet32_train_c000-099.npz", "tinyimagenet32_val_c000-099.npz"
PUBLISHED = ("classes.json", "metrics.json", "student.toml", "checkpoint/last.safetensors")
"""What is committed of the teacher's run, beside its configuration."""


class Interrupted(Exception):
    """Somebody asked to stop; what runs has been told to."""


class Runner:
    """Runs trials, `jobs` at a time.

    Args:
        data: folder of the two files of images. out: of runs and cache. lines: file of results.
        jobs: trials at a time.
    """

    def __init__(self, data: Path, out: Path, lines: Path, jobs: int) -> None:
        self.data, self.out, self.lines, self.jobs = data.resolve(), out.resolve(), lines, jobs
        self._children: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def stop(self, *_: object) -> None:
        """End what runs after its current step, with a checkpoint; also a signal's handler."""
        self._stopping.set()
        for child in list(self._children):
            child.send_signal(signal.SIGTERM)

    def train(self, config: Path, folder: Path, overrides: Mapping[str, object]) -> None:
        """A run in `folder`: begun, gone on with, or finished already.

        Raises:
            Interrupted, or RuntimeError with what the trainer said.
        """
        if (folder / "student.onnx").is_file():
            return
        words = ["train", str(config), "--out", str(folder)]
        for name, value in {**overrides, **self._places()}.items():
            words += ["--set", f"{name}={json.dumps(value)}"]
        if (folder / "config.toml").is_file():
            words = ["resume", str(folder)]
        command = [sys.executable, "-m", "facekd", *words, "--detached"]
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder.with_name(f"{folder.name}.log").open("wb") as log:
            if self._stopping.is_set():
                raise Interrupted
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # a terminal's Ctrl-C comes through `stop`, once
            )
            with self._lock:
                self._children.add(child)
            status = child.wait()
            with self._lock:
                self._children.discard(child)
        if self._stopping.is_set() and not (folder / "student.onnx").is_file():
            raise Interrupted
        if status:
            said = folder.with_name(f"{folder.name}.log").read_text("utf-8", "replace").strip()
            raise RuntimeError(f"{folder}: the trainer ended with {status}: {said[-2000:]}")

    def run(self, trials: Iterable[Trial]) -> list[dict[str, Any]]:
        """All trials that have no line yet; returns the lines of all. Raises as `train`."""
        wanted = list(trials)
        done = {line["key"] for line in read_lines(self.lines)}
        todo: queue.SimpleQueue[Trial] = queue.SimpleQueue()
        for trial in wanted:
            if trial.key not in done:
                todo.put(trial)
        problems: list[Exception] = []

        def work() -> None:
            while not self._stopping.is_set():
                try:
                    trial = todo.get_nowait()
                except queue.Empty:
                    return
                try:
                    self._one(trial)
                except Interrupted:
                    return
                except (RuntimeError, OSError, subprocess.SubprocessError, LookupError) as problem:
                    problems.append(problem)  # one trial; the others go on
                    print(f"failed: {trial.key}: {problem}", file=sys.stderr, flush=True)

        threads = [threading.Thread(target=work) for _ in range(self.jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # in pieces: a signal's handler runs between them
                thread.join(0.5)
        if self._stopping.is_set():
            raise Interrupted
        if problems:
            raise problems[0]
        keys = {trial.key for trial in wanted}
        return [line for line in read_lines(self.lines) if line["key"] in keys]

    def _places(self) -> dict[str, object]:
        return {"data.train": [str(self.data / TRAIN)], "data.cache": str(self.out / "cache")}

    def _one(self, trial: Trial) -> None:
        folder = self.out / "runs" / trial.key
        self.train(HERE / "student.toml", folder, trial.overrides())
        tested = None if trial.part == "search" else self.tested(folder)
        line = json.dumps(line_of(trial, folder, tested), ensure_ascii=False)
        with self._lock, self.lines.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        print(line[:200], flush=True)
        shutil.rmtree(folder / "checkpoint")  # small, but there are a hundred of them

    def tested(self, folder: Path) -> dict[str, float]:
        """On the images that nothing was chosen by."""
        words = ["classify", "--data", str(self.data / REPORT), "--model", str(folder)]
        environment = {**os.environ, "FACEKD_HOME": str(self.out / "home")}
        done = subprocess.run(
            [sys.executable, "-m", "facekd", *words], capture_output=True, check=True, env=environment
        )
        figures: dict[str, float] = json.loads(done.stdout)
        return figures


def line_of(trial: Trial, folder: Path, tested: Mapping[str, float] | None) -> dict[str, Any]:
    """What is kept of a finished run: everything that a table may want, and nothing of this machine's folders."""
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    about = json.loads((folder / "environment.json").read_text("utf-8"))
    curve = metrics["curve"]
    rates = [epoch["wrong_teacher_rate"] for epoch in curve if epoch["wrong_teacher_rate"] is not None]
    speeds = sorted(epoch["images_per_s"] for epoch in curve)
    return {
        "key": trial.key,
        "part": trial.part,
        "method": trial.method,
        "variant": trial.variant,
        "wrong": trial.wrong,
        "seed": trial.seed,
        "epochs": trial.epochs,
        "rate": trial.rate,
        "factor": trial.factor,
        "config": trial.overrides(),
        "validation": {
            "last": metrics["last"]["val"]["top1"],
            "best": metrics["best"]["val"]["top1"],
            "best_epoch": metrics["best"]["epoch"],
            "n": metrics["last"]["val"]["n"],
        },
        "report": tested,
        "curve": [round(epoch["val"]["top1"], 4) for epoch in curve],
        "terms": {"first": curve[0]["losses"], "last": curve[-1]["losses"]},
        "gradient_share": {
            "first": curve[0]["gradient_share"],
            "middle": curve[len(curve) // 2]["gradient_share"],
            "last": curve[-1]["gradient_share"],
        },
        "wrong_teacher_rate": sum(rates) / len(rates) if rates else None,
        "teacher": metrics["teacher"],
        "teacher_branches": (metrics["preparation"] or {}).get("scores"),
        "student_branches": metrics["stages"],
        "seconds": round(metrics["seconds"], 1),
        "images_per_s": round(speeds[len(speeds) // 2], 1),
        "images": metrics["images"],
        "parameters": metrics["export"]["parameters"] if "export" in metrics else None,
        "commit": about["commit"],
        "python": about["python"],
        "packages": about["packages"],
        "processor": about["processor"],
        "cores": os.cpu_count(),
        "system": platform.system(),
    }


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The results so far; a line that a killed study left half written is not there."""
    if not path.is_file():
        return []
    found = []
    for text in path.read_text("utf-8").splitlines():
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
    return found


def publish(run: Path, into: Path, tested: Mapping[str, float]) -> None:
    """Copy what others need of a finished teacher: weights, card, figures, and a configuration without this machine's
    folders, from which it trains again where the images lie beside the project."""
    for name in PUBLISHED:
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run / name, into / name)
    table = config_table(load_config(run / "config.toml"))
    table["data"] |= {"train": [f"../../../../shared/data/kd/{TRAIN}"], "cache": ""}
    (into / "config.toml").write_text(toml_text(table, "The teacher of the study."), "utf-8")
    (into / "report.json").write_text(json.dumps(tested, indent=1) + "\n", "utf-8")
    about = json.loads((run / "environment.json").read_text("utf-8"))
    about.pop("command")
    (into / "environment.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m distill.study", description=__doc__)
    parser.add_argument("what", choices=("teacher", "students"))
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "kd")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "distill", help="runs and cache")
    parser.add_argument("--lines", type=Path, default=LINES, help="results")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trials at a time")
    parser.add_argument("--trials", type=int, default=len(GRID), help="of the search; fewer for a first look")
    parser.add_argument("--only", default="", help="trials whose key begins so")
    args = parser.parse_args(arguments)
    runner = Runner(args.data, args.out, args.lines, args.jobs)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, runner.stop)
    try:
        if args.what == "teacher":
            runner.train(HERE / "teacher.toml", args.out / "teacher", {})
            publish(args.out / "teacher", TEACHER, runner.tested(args.out / "teacher"))
            return 0
        runner.run(t for t in search(args.trials) if t.key.startswith(args.only))
        settings = choose(read_lines(args.lines), args.trials)
        for method, setting in settings.items():
            print(f"chosen: {method} {setting}", flush=True)
        if not args.only.startswith("search"):
            runner.run(t for t in report(settings) if t.key.startswith(args.only))
    except Interrupted:
        print("stopped; the same command goes on", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
