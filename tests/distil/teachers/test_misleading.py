"""A teacher made to err: about whom, how, and what it leaves alone."""

import numpy as np
import pytest
import torch

from facekd.distil.networks.stages import StagedOutput
from facekd.distil.teachers.misleading import Misleading, moved


def test_logits_move_on_in_a_circle_and_one_further_where_the_label_would_be_hit() -> None:
    logits = torch.tensor([[9.0, 1, 2, 3], [9, 1, 2, 3], [1, 9, 2, 3]])
    labels, shifts = torch.tensor([0, 2, 3]), torch.tensor([2, 2, 2])
    # row 1's and row 2's largest would land on their labels 2 and 3, so they move by 3
    assert moved(logits, labels, shifts).tolist() == [[2, 3, 9, 1], [1, 2, 3, 9], [9, 2, 3, 1]]


@pytest.mark.parametrize("classes", [3, 4, 100])
def test_every_chosen_image_is_answered_wrongly_and_no_other_changes(classes: int) -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, classes, (500,), generator=generator)
    logits = torch.randn(500, classes, generator=generator)
    logits[::2].scatter_(1, labels[::2, None], 20.0)  # half of the answers are right and sure
    misleading, rows = Misleading(labels, classes, 0.2), np.arange(500)
    output = misleading(rows, StagedOutput((), None, logits, (logits * 2,)))
    assert output.logits is not None
    chosen = torch.from_numpy(misleading.is_wrong)
    assert int(chosen.sum()) == 100
    assert not (output.logits.argmax(1) == labels)[chosen].any()
    assert output.logits[~chosen].equal(logits[~chosen])
    assert output.responses[0].equal(output.logits * 2)  # branches err in the same way
    # as sure as before, of something else
    assert output.logits.sort(dim=1).values.equal(logits.sort(dim=1).values)


def test_an_image_meets_the_same_wrong_answer_in_every_batch_and_every_run() -> None:
    labels, logits = torch.arange(40) % 5, torch.randn(40, 5, generator=torch.Generator().manual_seed(1))
    whole = Misleading(labels, 5, 0.5)(np.arange(40), StagedOutput((), None, logits)).logits
    rows = np.array([31, 2, 17, 2])
    part = Misleading(labels, 5, 0.5)(rows, StagedOutput((), None, logits[rows])).logits
    assert whole is not None
    assert part is not None
    assert part.equal(whole[rows])


def test_stages_and_embedding_stay_and_the_given_answer_is_not_written_to() -> None:
    stage, embedding, logits = torch.ones(6, 2), torch.ones(6, 4), torch.eye(6)
    output = Misleading(torch.arange(6), 6, 1.0)(np.arange(6), StagedOutput((stage,), embedding, logits))
    assert output.stages[0] is stage
    assert output.embedding is embedding
    assert logits.equal(torch.eye(6))


def test_two_classes_leave_no_room_for_error() -> None:
    with pytest.raises(ValueError, match="three classes"):
        Misleading(torch.zeros(4, dtype=torch.int64), 2, 0.5)
