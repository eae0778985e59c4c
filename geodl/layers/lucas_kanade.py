"""Motion from a sequence of images, as a differentiable layer."""

import math

import keras
from keras import ops

from geodl.layers.gaussian_blur import GaussianBlur
from geodl.layers.resample import double, halve
from geodl.layers.warp import Warp


@keras.saving.register_keras_serializable(package="geodl")
class LucasKanade(keras.layers.Layer):
    r"""Estimates one flow for a whole image sequence by multi-frame, multi-channel Lucas–Kanade.

    The flow \(\mathbf v\) minimises, in a Gaussian window \(G\) around each pixel and over all pairs of consecutive
    frames and all channels,

    $$ G * \sum_{t, c} w_t \left( I_{t+1, c}(\mathbf x + \tfrac12 \mathbf v) - I_{t, c}(\mathbf x - \tfrac12 \mathbf v)
       \right)^2 + \lambda |\mathbf v|^2 $$

    by Gauss–Newton steps (2×2 normal equations in each pixel) from coarse to fine. \(w_t\) is 1 where both frames are
    valid and 0 elsewhere, so missing pixels and missing frames do not count.

    Args:
        window: standard deviation of \(G\), in pixels of the input grid.
        levels: subsampling factors from coarse to fine, powers of two, each twice the next one.
        iterations: Gauss–Newton steps on each level.
        ridge: \(\lambda\), relative to the mean squared gradient of the image.

    Call arguments:
        frames: (batch, time, y, x, channel), y and x multiples of the coarsest level.
        valid: (batch, time, y, x), 1 where the frame is known and 0 where it is missing.

    Returns:
        Flow (batch, y, x, 2), in pixels per time step, along y then x.

    References:
        Lucas and Kanade (1981), An iterative image registration technique with an application to stereo vision, IJCAI.
        Bouguet (2001), Pyramidal implementation of the affine Lucas Kanade feature tracker, Intel.

    Example:
        >>> y, x = np.mgrid[:64, :64].astype("float32")
        >>> frames = np.stack([np.sin((x - 1.5 * t) / 5) + np.cos((y + t) / 6) for t in range(3)])[None, ..., None]
        >>> flow = np.array(LucasKanade()(frames, np.ones((1, 3, 64, 64), "float32")))
        >>> print(np.abs(flow[0, 16:48, 16:48].mean((0, 1)) - [-1.0, 1.5]).max() < 0.1)
        True
    """

    def __init__(self, window=12.0, levels=(8, 4, 2), iterations=3, ridge=0.02, **kwargs):
        super().__init__(**kwargs)
        self.window = float(window)
        self.levels = tuple(levels)
        self.iterations = int(iterations)
        self.ridge = float(ridge)
        # Half precision cannot hold positions on a large grid: the estimate is always made in float32.
        self._warp = Warp(dtype="float32")
        self._windows = [GaussianBlur(self.window / level, dtype="float32") for level in self.levels]
        self._presmoothing = GaussianBlur(0.75, dtype="float32")

    def call(self, frames, valid):
        frames = ops.cast(frames, "float32")
        valid = ops.cast(valid, "float32")[..., None]
        frames = ops.concatenate([frames * valid, valid], axis=-1)
        batch, _, height, width, _ = ops.shape(frames)
        flow = ops.zeros((batch, height // self.levels[0], width // self.levels[0], 2), "float32")
        for level, window in zip(self.levels, self._windows, strict=True):
            if level != self.levels[0]:
                flow = 2.0 * double(flow)
            # Smoothed like the images, validity tells which of their pixels a missing one has reached.
            images = self._smooth(_pool(frames, level))
            for _ in range(self.iterations):
                flow = flow + self._step(flow, images, window)
        for _ in range(round(math.log2(self.levels[-1]))):
            flow = 2.0 * double(flow)
        return ops.cast(flow, self.compute_dtype)

    def _smooth(self, images):
        shape = ops.shape(images)
        return ops.reshape(self._presmoothing(ops.reshape(images, (-1, *shape[2:]))), shape)

    def _step(self, flow, images, window):
        """One Gauss–Newton step: the increment of the flow."""
        batch, time, height, width, channels = ops.shape(images)
        pairs = time - 1
        half = ops.reshape(
            ops.broadcast_to(0.5 * flow[:, None], (batch, pairs, height, width, 2)), (batch * pairs, height, width, 2)
        )

        before = ops.reshape(images[:, :-1], (batch * pairs, height, width, channels))
        after = ops.reshape(images[:, 1:], (batch * pairs, height, width, channels))
        before, after = self._warp(before, -half), self._warp(after, half)
        weight = ops.cast(ops.minimum(before[..., -1:], after[..., -1:]) > 0.99, "float32")
        difference = after[..., :-1] - before[..., :-1]
        mean = 0.5 * (after[..., :-1] + before[..., :-1])
        d_dy, d_dx = _gradient(mean, axis=1), _gradient(mean, axis=2)

        def total(product):
            product = ops.sum(weight * product, axis=-1)
            return ops.sum(ops.reshape(product, (batch, pairs, height, width)), axis=1)

        products = (d_dy * d_dy, d_dy * d_dx, d_dx * d_dx, d_dy * difference, d_dx * difference)
        yy, yx, xx, yt, xt = ops.unstack(window(ops.stack([total(p) for p in products], axis=-1)), axis=-1)
        ridge = self.ridge * ops.mean(yy + xx, axis=(1, 2), keepdims=True) + 1e-6
        yy, xx = yy + ridge, xx + ridge
        determinant = yy * xx - yx * yx
        return ops.stack([(yx * xt - xx * yt) / determinant, (yx * yt - yy * xt) / determinant], axis=-1)

    def compute_output_spec(self, frames, valid):
        return keras.KerasTensor((frames.shape[0], frames.shape[2], frames.shape[3], 2), dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "window": self.window,
            "levels": self.levels,
            "iterations": self.iterations,
            "ridge": self.ridge,
        }


def _pool(images, factor):
    """Means over squares of `factor` pixels of (batch, time, y, x, channel), `factor` a power of two."""
    batch, time, height, width, channels = ops.shape(images)
    images = ops.reshape(images, (batch * time, height, width, channels))
    for _ in range(round(math.log2(factor))):
        images = halve(images)
    return ops.reshape(images, (batch, time, height // factor, width // factor, channels))


def _gradient(image, axis):
    """Centred difference, one-sided at the edges."""
    padding = [[0, 0]] * 4
    padding[axis] = [1, 1]
    padded = ops.pad(image, padding, mode="symmetric")
    size = ops.shape(image)[axis]
    if axis == 1:
        return 0.5 * (padded[:, 2:] - padded[:, :size])
    return 0.5 * (padded[:, :, 2:] - padded[:, :, :size])
