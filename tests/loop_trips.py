"""Trips that are loops, and small generators of trips."""

import numpy as np

from geodl.models import ConvolutionalGAN, TrajectoryGAN, TrajectoryMDN
from geodl.trips import trips_dataset

COLONY = (-77.264, -11.773)
STEPS = 24


def loops(count=20, seed=0, reach=8000.0, colony=COLONY, seconds=60.0, birds=None):
    """Trips of birds that fly a loop in a direction of their own, with some noise; they last 12 to 22 steps."""
    random = np.random.default_rng(seed)
    durations = random.integers(12, 23, count)
    positions = np.full((count, STEPS, 2), np.nan)
    for trip, duration in zip(positions, durations, strict=True):
        phase = 2 * np.pi * np.arange(duration + 1) / duration
        z = reach / 2 * ((1 - np.cos(phase)) + 0.4j * np.sin(phase)) * np.exp(1j * random.normal(0, 0.5))
        noise = random.normal(0, 150, (2, duration + 1)) * np.sin(phase / 2)
        trip[: duration + 1] = np.stack([z.real + noise[0], z.imag + noise[1]], axis=-1)
    names = [f"bird {i // 2}" for i in range(count)]
    return trips_dataset(positions, colony, seconds, lengths=durations + 1, birds=names)


def gan(**settings):
    small = {"steps": STEPS, "trip_noise": 4, "width": 8, "simulated": 16}
    return TrajectoryGAN(*COLONY, 60, **small | settings)


def mdn(**settings):
    small = {"steps": STEPS, "members": 2, "width": 16, "components": 3, "dropout": 0.0}
    return TrajectoryMDN(*COLONY, 60, **small | settings)


def published():
    return ConvolutionalGAN(*COLONY, 60, steps=STEPS, scale=1e4)
