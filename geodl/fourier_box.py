"""Fields on the periodic box (0, 2π)³ and their Fourier modes: derivatives, what a grid resolves, coarser grids."""

import numpy as np
import tensorflow as tf
from keras import ops

AXES = (-3, -2, -1)


def wavenumbers(points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Wavenumbers along x (n, 1, 1), y (n, 1) and z (n/2 + 1,) of the modes of a real field."""
    whole = np.fft.fftfreq(points, 1 / points)
    return whole[:, None, None], whole[:, None], np.arange(points // 2 + 1.0)


def largest_wavenumber(points: int) -> int:
    """The largest wavenumber whose products with others of that size are free of aliases: the two-thirds rule.

    >>> [largest_wavenumber(points) for points in (16, 32, 64)]
    [5, 10, 21]
    """
    return (points - 1) // 3


def filter_width(points: int) -> float:
    r"""Width \(\Delta = \pi / k_{max}\) of the smallest eddies that a grid resolves."""
    return np.pi / largest_wavenumber(points)


def kept(points: int, largest: float, dtype):
    """1 where no component of the wavenumber is larger than `largest`, else 0: (n, n, n/2 + 1).

    It is put together where it is used: as a constant of a graph it would be too large for fine grids.
    """
    x, y, z = (ops.cast(1.0 * (np.abs(k) <= largest), dtype) for k in wavenumbers(points))
    return x * y * z


def squared_wavenumber(points: int, dtype):
    r"""\(|\mathbf k|^2\) (n, n, n/2 + 1)."""
    x, y, z = (ops.cast(k**2, dtype) for k in wavenumbers(points))
    return x + y + z


def multiplicity(points):
    """How many modes of the whole transform each one of the half of it stands for (n/2 + 1,)."""
    return np.where(np.arange(points // 2 + 1) % (points // 2) > 0, 2.0, 1.0)


def to_modes(fields):
    """Complex modes (…, n, n, n/2 + 1) of real fields (…, n, n, n)."""
    return _forward(ops.convert_to_tensor(fields))


def to_fields(modes):
    """Real fields (…, n, n, n) of modes (…, n, n, n/2 + 1)."""
    return _backward(modes)


def resolved(fields):
    """The fields without their mean and without what is shorter than the grid resolves.

    >>> x = 2 * np.pi * np.arange(16) / 16
    >>> field = np.broadcast_to(3 + np.sin(5 * x) + np.sin(6 * x), (16, 16, 16))
    >>> print(np.abs(np.array(resolved(field)) - np.sin(5 * x)).max() < 1e-12)
    True
    """
    points = fields.shape[-1]
    modes = to_modes(fields - ops.mean(fields, axis=AXES, keepdims=True))
    return to_fields(kept(points, largest_wavenumber(points), modes.dtype) * modes)


def gradient(fields):
    """Derivatives (…, 3, n, n, n) of fields (…, n, n, n).

    >>> x = 2 * np.pi * np.arange(8) / 8
    >>> field = np.broadcast_to(np.sin(x)[:, None, None], (8, 8, 8))
    >>> print(np.abs(np.array(gradient(field))[0, :, 0, 0] - np.cos(x)).max() < 1e-12)
    True
    """
    points = fields.shape[-1]
    modes = to_modes(fields)
    modes = kept(points, points // 2 - 1, modes.dtype) * modes  # the shortest wave has no slope on the grid
    slopes = [ops.cast(1j * k, modes.dtype) * modes for k in wavenumbers(points)]
    return to_fields(ops.stack(slopes, axis=-4))


def divergence(fluxes):
    """Divergence (…, n, n, n) of fluxes (…, 3, n, n, n), without what is shorter than the grid resolves."""
    points = fluxes.shape[-1]
    modes = ops.unstack(to_modes(fluxes), axis=-4)
    total = sum(ops.cast(1j * k, mode.dtype) * mode for k, mode in zip(wavenumbers(points), modes, strict=True))
    return to_fields(kept(points, largest_wavenumber(points), total.dtype) * total)


def regridded(fields: np.ndarray, points: int) -> np.ndarray:
    """Fields (…, m, m, m) with the same Fourier modes, as far as the grid of m = `points` resolves them.

    >>> x = [2 * np.pi * np.arange(n) / n for n in (16, 32)]
    >>> coarse, fine = (np.broadcast_to(np.cos(3 * each), (len(each),) * 3) for each in x)
    >>> print(np.abs(regridded(fine, 16) - coarse).max() < 1e-12, np.abs(regridded(coarse, 32) - fine).max() < 1e-12)
    True True
    """
    largest = largest_wavenumber(min(points, fields.shape[-1]))
    ends = np.r_[0 : largest + 1, -largest:0]
    modes = np.fft.rfftn(fields, axes=AXES)
    target = np.zeros((*fields.shape[:-3], points, points, points // 2 + 1), modes.dtype)
    block = (..., ends[:, None], ends, slice(largest + 1))
    target[block] = modes[block]
    return (np.fft.irfftn(target, (points,) * 3, axes=AXES) * (points / fields.shape[-1]) ** 3).astype(fields.dtype)


# TensorFlow has no gradients of these transforms in three dimensions. One is the adjoint of the other, but for the modes that
# stand for two.
@tf.custom_gradient
def _forward(fields):
    points = fields.shape[-1]

    def gradient_of(upstream):
        return to_fields(ops.cast(points**3 / multiplicity(points), upstream.dtype) * upstream)

    return tf.signal.rfft3d(fields), gradient_of


@tf.custom_gradient
def _backward(modes):
    points = modes.shape[-2]

    def gradient_of(upstream):
        transformed = to_modes(upstream)
        return ops.cast(multiplicity(points) / points**3, transformed.dtype) * transformed

    return tf.signal.irfft3d(modes, [points] * 3), gradient_of
