"""Flows on the periodic box (0, 2π)³ for tests."""

import numpy as np

from geodl.fourier_box import AXES


def random_flow(points: int, largest: int, batch: int = 1, seed: int = 0) -> np.ndarray:
    """Velocity without divergence and scalar (batch, 4, n, n, n) of unit variance, wavenumbers up to `largest`, in float64."""
    noise = np.random.default_rng(seed).standard_normal((batch, 4, points, points, points))
    modes = np.fft.rfftn(noise, axes=AXES)
    whole = np.fft.fftfreq(points, 1 / points)
    k = np.stack(np.broadcast_arrays(whole[:, None, None], whole[:, None], np.arange(points // 2 + 1.0)))
    modes *= (np.abs(k) <= largest).all(axis=0) & (k != 0).any(axis=0)
    square = np.maximum((k**2).sum(axis=0), 1.0)
    modes[:, :3] -= k * (k * modes[:, :3]).sum(axis=1, keepdims=True) / square
    fields = np.fft.irfftn(modes, (points,) * 3, axes=AXES)
    return fields / fields.std(axis=AXES, keepdims=True).mean(axis=1, keepdims=True)


def axes_of(points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (n, 1, 1), y (n, 1) and z (n,)."""
    line = 2 * np.pi * np.arange(points) / points
    return line[:, None, None], line[:, None], line
