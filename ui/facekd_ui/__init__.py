"""The application: services, window and command line."""

import os

# Before anything imports OpenCV, ONNX Runtime or torch: their chatter would hide our messages, and thread pools that
# spin while they wait starve each other on a desktop. What the person set stays.
for _name, _value in (
    ("OPENCV_LOG_LEVEL", "ERROR"),
    ("OPENCV_FFMPEG_LOGLEVEL", "-8"),
    ("OMP_WAIT_POLICY", "PASSIVE"),
):
    os.environ.setdefault(_name, _value)
