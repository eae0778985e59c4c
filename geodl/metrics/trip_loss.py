"""How far the distributions of simulated foraging trips are from those of real ones, as a criterion to train on."""

import keras
import tensorflow as tf
from keras import ops

from geodl.metrics.spectral_loss import SpectralLoss
from geodl.metrics.wasserstein_loss import WassersteinLoss

NEAR = 1000.0  # m, of the colony: positions that the spectrum leaves out, as the publication's score does
STEPS = 0.5  # weight of the spectrum of steps, beside that of positions
LENGTHS = 8.0  # weight of the lengths of steps, beside those of other distributions


@keras.saving.register_keras_serializable(package="geodl")
class TripLoss(keras.losses.Loss):
    r"""Distance of two sets of trips: of their spectra and of distributions of their steps, turns, places and shapes.

    `SpectralLoss` of positions and of steps; `WassersteinLoss`, in ranks, of step length, turning angle, position, farthest
    position, range, length of the path and straightness, summed.

    Args:
        spectral: weight of the spectra.
        wasserstein: weight of the distributions.

    Call arguments:
        real: positions (trip, step + 1, 2), in m from the colony and back to it, NaN after the end.
        simulated: others, of any number.
    """

    def __init__(self, spectral=0.5, wasserstein=1.0, name="trip_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.spectral, self.wasserstein = float(spectral), float(wasserstein)
        self.spectral_loss, self.wasserstein_loss = SpectralLoss(), WassersteinLoss(ranks=True)

    def call(self, real, simulated):
        spectral, wasserstein = self.parts(real, simulated)
        return self.spectral * spectral + self.wasserstein * wasserstein

    def parts(self, real, simulated):
        """The distance of spectra, and that of distributions."""
        spectral = self.spectral_loss(_far(real), _far(simulated))
        spectral = spectral + STEPS * self.spectral_loss(_steps(real), _steps(simulated))
        wanted, found = trip_distributions(real), trip_distributions(simulated)
        distances = {name: self.wasserstein_loss(wanted[name], found[name]) for name in wanted}
        return spectral, sum(distances.values()) + (LENGTHS - 1) * distances["step_length"]

    def get_config(self):
        return {**super().get_config(), "spectral": self.spectral, "wasserstein": self.wasserstein}


def trip_distributions(positions) -> dict[str, tf.Tensor]:
    """What distributions are compared of: {name: values of any shape, NaN where there are none}, differentiable.

    Args:
        positions: (trip, step + 1, 2), as in `TripLoss`.
    """
    known = ops.isfinite(positions[..., 0])
    positions = _filled(positions)
    inside, turning = known[:, 1:], known[:, 2:]
    steps = positions[:, 1:] - positions[:, :-1]
    length = _length(steps, 0.1)
    before, after = steps[:, :-1], steps[:, 1:]
    cross = before[..., 0] * after[..., 1] - before[..., 1] * after[..., 0]
    # Shifted, because the derivative of an angle is not finite at the origin.
    turn = ops.arctan2(cross + 1e-3, ops.sum(before * after, axis=-1) + 1e-3)
    distance = _length(positions, 1.0)
    path = ops.sum(ops.where(inside, length, 0), axis=1)
    farthest = ops.take_along_axis(positions, ops.argmax(distance, axis=1)[:, None, None], axis=1)[:, 0]
    within = lambda values, where: ops.where(where, values, float("nan"))  # noqa: E731
    return {
        "step_length": within(length, inside),
        "turning_angle": within(turn, turning),
        "x": within(positions[:, 1:, 0], inside),
        "y": within(positions[:, 1:, 1], inside),
        "farthest_x": farthest[:, 0],
        "farthest_y": farthest[:, 1],
        "range": ops.max(distance, axis=1),
        "path": path,
        "straightness": 2 * ops.max(distance, axis=1) / path,
    }


def _filled(positions):
    return ops.where(ops.isfinite(positions), positions, 0)


def _length(vectors, least):
    """Length of vectors (..., 2), in m, so that its derivative is finite."""
    return ops.sqrt(ops.sum(ops.square(vectors), axis=-1) + least**2)


def _far(positions):
    positions = _filled(positions)
    return ops.where(ops.sum(ops.square(positions), axis=-1, keepdims=True) > NEAR**2, positions, 0)


def _steps(positions):
    positions = _filled(positions)
    return positions[:, 1:] - positions[:, :-1]
