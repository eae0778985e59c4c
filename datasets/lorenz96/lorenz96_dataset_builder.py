"""Trajectories of the Lorenz system of 1996, with 40 components and forcing 8."""

import numpy as np
import tensorflow_datasets as tfds

from geodl.dynamics import Lorenz96
from geodl.trajectory_builder import Observations, TrajectoryBuilder, TrajectoryConfig


class Builder(TrajectoryBuilder):
    """Lorenz-96: windows to forecast, and windows observed in part."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        TrajectoryConfig(
            name="forecast",
            description="States every .05 time units: 8 in the past, 4 to forecast (400 in the test windows).",
            dt=0.05,
            splits={
                "train": (0, 7_000, 6_989, 12),
                "validation": (7_000, 7_500, 200, 12),
                "test": (7_500, 30_000, 100, 408),
            },
            past=8,
        ),
        TrajectoryConfig(
            name="assimilation_half",
            description="Half of the components, drawn anew at each time, every 4 steps, noise variance 2.",
            dt=0.05,
            splits={
                "train": (0, 7_000, 1_000, 200),
                "validation": (7_000, 7_500, 50, 200),
                "test": (7_500, 10_000, 500, 200),
                # Those of the course overlap and hold only 12 independent ones.
                "test_independent": (10_000, 110_000, 500, 200),
            },
            observations=Observations(every=4, first=0, last=199, components=20),
        ),
    ]
    # The unstable equilibrium, disturbed in one component.
    start = 8.0 + 0.01 * (np.arange(40) == 19)
    spin_up = 20.0
    component_names = tuple(range(40))

    def dynamics(self):
        """F = 8."""
        return Lorenz96(dtype="float64")
