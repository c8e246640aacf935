"""Losses: functions of tensors, scalars out, mean over the batch; no state, no weights, no device.

`logit.py` (Hinton's, selective, decoupled), `channel.py`, `relation.py` (distance and angle), `response.py` (stages:
from the teacher and from each other), `embedding.py`, `margin.py`. What half precision cannot hold is computed in
float32.
"""

from facekd.distil.losses.channel import channel_correlation_loss, channel_loss
from facekd.distil.losses.embedding import class_centres, cosine_loss
from facekd.distil.losses.logit import kd_loss, selective_kd_loss, selective_weight
from facekd.distil.losses.margin import arcface_logits, cosface_logits
from facekd.distil.losses.relation import rkd_angle_loss, rkd_distance_loss
from facekd.distil.losses.response import review_loss, stage_response_loss

__all__ = [
    "arcface_logits",
    "channel_correlation_loss",
    "channel_loss",
    "class_centres",
    "cosface_logits",
    "cosine_loss",
    "kd_loss",
    "review_loss",
    "rkd_angle_loss",
    "rkd_distance_loss",
    "selective_kd_loss",
    "selective_weight",
    "stage_response_loss",
]
