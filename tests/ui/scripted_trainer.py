"""A program in the place of `python -m facekd`: speaks the protocol as a script tells it, and ends in ugly ways.

    python scripted_trainer.py MODE train DRAFT --out FOLDER
    python scripted_trainer.py MODE resume FOLDER

It loads nothing but the standard library, so a test with it takes a tenth of a second.
"""

import fcntl
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import TextIO

LOSSES = ["task", "channel"]


class Trainer:
    """Writes events to stdout and to `events.jsonl`, as the trainer does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = (folder / "lock").open("w")
        self.lock.write(str(os.getpid()))
        self.lock.flush()
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.log: TextIO = (folder / "events.jsonl").open("a")
        self.listens = True
        self.detached = False
        self.rest = b""

    def say(self, event: str, **fields: object) -> None:
        line = json.dumps({"event": event, **fields}) + "\n"
        self.log.write(line)
        self.log.flush()
        try:
            sys.stdout.write(line)
            sys.stdout.flush()
        except OSError:
            pass

    def begin(self, protocol: int = 1) -> None:
        draft = self.folder / "draft.toml"
        if not (self.folder / "config.toml").exists():
            (self.folder / "config.toml").write_text(draft.read_text())
        self.say("hello", pid=os.getpid(), device="cpu", run=str(self.folder), protocol=protocol)
        self.say("plan", epochs=4, steps_per_epoch=2, losses=LOSSES, student_params=1000, teacher_params=5000)

    def step(self, epoch: int, step: int) -> None:
        progress = (2 * (epoch - 1) + step) / 8
        losses = {"task": 1.0 / epoch, "channel": 0.5 / epoch}
        self.say("step", epoch=epoch, step=step, progress=progress, losses=losses, lr=0.01, images_per_s=100.0,
                 eta_s=60.0 * (1 - progress))  # fmt: skip

    def epoch(self, epoch: int) -> None:
        for step in (1, 2):
            self.step(epoch, step)
        val = {"accuracy": 0.9 + 0.01 * epoch, "n": 1000}
        self.say("epoch", epoch=epoch, train={"task": 1.0 / epoch, "channel": 0.5 / epoch}, val=val)
        (self.folder / "checkpoint").mkdir(exist_ok=True)
        (self.folder / "checkpoint" / "state.json").write_text("{}")
        curve = [{"epoch": e, "losses": {}, "val": {"accuracy": 0.9 + 0.01 * e, "n": 1000}, "seconds": e}
                 for e in range(1, epoch + 1)]  # fmt: skip
        metrics = {"task": "face", "last": {"epoch": epoch, "val": val}, "seconds": epoch, "curve": curve}
        (self.folder / "metrics.json").write_text(json.dumps(metrics))

    def heard(self, wait_s: float) -> list[str]:
        """Commands on stdin and in `control`; its end means stop, unless `detach` came."""
        words: list[str] = []
        control = self.folder / "control"
        if control.exists():
            words += control.read_text().split()
            control.unlink()
        if not self.listens:
            time.sleep(wait_s)
            return words
        if select.select([0], [], [], wait_s)[0]:
            part = os.read(0, 1024)
            if not part:
                self.listens = False
                return words if self.detached else [*words, "stop"]
            *lines, self.rest = (self.rest + part).split(b"\n")
            words += [line.decode() for line in lines]
            self.detached = self.detached or "detach" in words
        return words

    def done(self) -> None:
        (self.folder / "student.onnx").write_bytes(b"student")
        self.say("done", model=str(self.folder / "student.onnx"), sha256="0" * 64, metrics={"accuracy": 0.94})


def go_on(trainer: Trainer, obeys: bool = True) -> None:
    """Steps until somebody says stop."""
    number, paused = 0, False
    while True:
        for word in trainer.heard(0.05):
            if word == "stop" and obeys:
                trainer.say("stopped", epoch=1 + number // 2 % 4, checkpoint="c")
                return
            if word == "pause":
                paused = True
                trainer.say("paused", epoch=1, step=1)
            if word == "resume" and paused:
                paused = False
                trainer.say("resumed", epoch=1, step=1)
        if not paused:
            trainer.step(1 + number // 2 % 4, 1 + number % 2)
            number += 1


def main() -> int:
    mode, words = sys.argv[1], sys.argv[2:]
    folder = Path(words[words.index("--out") + 1] if "--out" in words else words[1])
    if mode == "config":
        sys.stderr.write("facekd: [budget] epochs: expected an integer from 1, got 0" + "\n")
        return 2
    trainer = Trainer(folder)
    trainer.begin(2 if mode == "newer" else 1)
    if mode == "done":
        for epoch in range(1, 5):
            trainer.epoch(epoch)
        trainer.done()
        return 0
    if mode == "long":
        go_on(trainer)
        return 0
    if mode in ("deaf", "newer"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "deaf" else signal.SIG_DFL)
        go_on(trainer, obeys=mode == "newer")
        return 0
    trainer.epoch(1)
    if mode == "crash":
        sys.stderr.write("what came before" + "\n")
        sys.stderr.write("RuntimeError: a wire broke" + "\n")
        return 3
    if mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "disk":  # the log is on the full disk, too: only the parent hears it
        trainer.log.close()
        trainer.log = sys.stderr
        trainer.say("error", kind="disk", text="the disk is full; free some space and resume")
        return 1
    text = {
        "memory": "memory ended with a batch of 64; a batch of 16 fits: set [budget] batch_size and resume",
        "nan": "epoch 2, step 1: the term 'channel' is no finite number any more (terms of this step: {})",
    }[mode]
    trainer.say("error", kind=mode, text=text)
    sys.stderr.write(f"facekd: {text}" + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
