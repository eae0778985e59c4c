"""Gaussian smoothing as two banded matrix products."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class GaussianBlur(keras.layers.Layer):
    r"""Smooths the two spatial axes by a normalised Gaussian of standard deviation \(\sigma\).

    \(J = B_y\, I\, B_x^\top\) with \((B)_{ij} \propto e^{-(i-j)^2 / 2\sigma^2}\), rows summing to one, so that a constant
    image is kept up to its edges. Written as matrix products, it is several times faster on a CPU than a convolution of
    each channel with one kernel.

    Args:
        sigma: standard deviation of the Gaussian, in pixels.

    Call arguments:
        image: (batch, y, x, channel).

    Returns:
        Tensor of the shape of `image`.

    Raises:
        ValueError: if `sigma` is not positive.

    Example:
        >>> impulse = np.zeros((1, 33, 33, 1), "float32")
        >>> impulse[0, 16, 16, 0] = 1.0
        >>> blurred = np.array(GaussianBlur(sigma=2.0)(impulse))
        >>> print(f"{blurred.sum():.3f} {blurred.max():.4f} {1 / (2 * np.pi * 2.0**2):.4f}")
        1.000 0.0398 0.0398
    """

    def __init__(self, sigma: float, **kwargs):
        super().__init__(**kwargs)
        if not sigma > 0:
            raise ValueError(f"`sigma` must be positive, found {sigma}.")
        self.sigma = float(sigma)

    def call(self, image):
        _, height, width, _ = ops.shape(image)
        image = ops.einsum("ij,bjxc->bixc", self._matrix(height), image)
        return ops.einsum("ij,byjc->byic", self._matrix(width), image)

    def _matrix(self, size):
        position = ops.cast(ops.arange(size), "float32")
        weight = ops.exp(-0.5 * ops.square((position[:, None] - position[None, :]) / self.sigma))
        return ops.cast(weight / ops.sum(weight, axis=1, keepdims=True), self.compute_dtype)

    def compute_output_spec(self, image):
        return keras.KerasTensor(image.shape, dtype=self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma}
