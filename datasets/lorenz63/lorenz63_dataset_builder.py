"""Trajectories of the Lorenz system of 1963."""

import numpy as np
import tensorflow_datasets as tfds

from geodl.dynamics import Lorenz63
from geodl.trajectory_builder import Observations, TrajectoryBuilder, TrajectoryConfig

# 10 000 training and 2000 test windows of 200 states, from the course on deep learning and geophysical dynamics.
_WINDOWS = {
    "train": (0, 12_000, 10_000, 200),
    "validation": (12_000, 15_000, 500, 200),
    "test": (15_000, 20_000, 2_000, 200),
    # The test windows of the course overlap and hold only 25 independent ones.
    "test_independent": (20_000, 420_000, 1_000, 200),
}


class Builder(TrajectoryBuilder):
    """Lorenz-63: windows to forecast, and windows observed in part."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        TrajectoryConfig(
            name="forecast",
            description="States every .01 time units: 8 in the past, 4 to forecast (2000 in the test windows).",
            splits={
                "train": (0, 12_000, 11_989, 12),
                "validation": (12_000, 15_000, 600, 12),
                "test": (15_000, 60_000, 100, 2_008),
            },
            past=8,
        ),
        TrajectoryConfig(
            name="forecast_sparse",
            description="States every .2 time units: 8 in the past, 2 to forecast (100 in the test windows).",
            dt=0.2,
            substeps=20,
            splits={
                "train": (0, 4_800, 4_791, 10),
                "validation": (4_800, 6_000, 600, 10),
                "test": (6_000, 10_000, 100, 108),
            },
            past=8,
        ),
        TrajectoryConfig(
            name="assimilation_x",
            description="The first component every 8 steps, noise variance 2.",
            splits=_WINDOWS,
            observations=Observations(every=8, first=16, last=184, components=(0,)),
        ),
        TrajectoryConfig(
            name="assimilation_all",
            description="All three components every 8 steps, noise variance 2.",
            splits=_WINDOWS,
            observations=Observations(every=8, first=16, last=184, components=(0, 1, 2)),
        ),
    ]
    start = np.array([8.0, 0.0, 30.0])
    spin_up = 5.0
    component_names = ("x", "y", "z")

    def dynamics(self):
        """σ = 10, ρ = 28, β = 8/3."""
        return Lorenz63(dtype="float64")
