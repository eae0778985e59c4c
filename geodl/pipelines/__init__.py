"""tf.data pipelines: windows on the time axis, patches, augmentation, observations of simulated states."""

from geodl.pipelines.boxes import turned_boxes
from geodl.pipelines.images import batches, drop_frames, patches, windows
from geodl.pipelines.series import mirrored_windows, series_windows
from geodl.pipelines.trajectories import observed_windows, trajectory_windows

__all__ = [
    "batches",
    "drop_frames",
    "mirrored_windows",
    "observed_windows",
    "patches",
    "series_windows",
    "trajectory_windows",
    "turned_boxes",
    "windows",
]
