"""How far the distributions of simulated foraging trips are from those of real ones, as a criterion to train on."""

import keras
import tensorflow as tf
from keras import ops

from geodl.layers.step_matching import turning_angles
from geodl.metrics.spectral_loss import SpectralLoss
from geodl.metrics.wasserstein_loss import WassersteinLoss

NEAR = 1000.0  # m, of the colony: positions that the spectrum leaves out, as the publication's score does
STEPS = 0.5  # weight of the spectrum of steps, beside that of positions


@keras.saving.register_keras_serializable(package="geodl")
class TripLoss(keras.losses.Loss):
    r"""Distance of two sets of trips: of their spectra and of distributions of their steps, turns, places and shapes.

    `SpectralLoss` of positions and of steps; `WassersteinLoss`, in ranks, of step length, turning angle, position, farthest
    position, range, length of the path and straightness, summed; and of the logarithm of the distance to the nearest real trip,
    for real trips to the nearest other one, so that simulated trips are not nearer to real ones than these are to each other.

    Args:
        spectral: weight of the spectra.
        wasserstein: weight of the distributions.
        lengths: weight of the lengths of steps among these.
        turns: weight of the turning angles.
        nearest: weight of the distances to the nearest real trip.

    Call arguments:
        real: positions (trip, step + 1, 2), in m from the colony and back to it, NaN after the end.
        simulated: others, of any number.

    Example:
        >>> walks = 500 * np.random.default_rng(0).standard_normal((12, 21, 2)).cumsum(axis=1)
        >>> time = np.linspace(0, 1, 21)[:, None]
        >>> trips = (walks - walks[:, :1] - time * (walks[:, -1:] - walks[:, :1])).astype("float32")
        >>> print(float(TripLoss()(trips, trips)), float(TripLoss()(trips, 2 * trips)) > 0.1)
        0.0 True
    """

    def __init__(self, spectral=0.5, wasserstein=1.0, lengths=8.0, turns=1.0, nearest=0.0, name="trip_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.spectral, self.wasserstein = float(spectral), float(wasserstein)
        self.weights = {"step_length": float(lengths), "turning_angle": float(turns), "nearest": float(nearest)}
        self.spectral_loss, self.wasserstein_loss = SpectralLoss(), WassersteinLoss(ranks=True)

    def call(self, real, simulated):
        spectral, wasserstein = self.parts(real, simulated)
        return self.spectral * spectral + self.wasserstein * wasserstein

    def parts(self, real, simulated):
        """The distance of spectra, and that of distributions."""
        spectral = self.spectral_loss(_far(real), _far(simulated))
        spectral = spectral + STEPS * self.spectral_loss(_steps(real), _steps(simulated))
        wanted, found = trip_distributions(real), trip_distributions(simulated)
        wasserstein = sum(self.weights.get(name, 1.0) * self.wasserstein_loss(wanted[name], found[name]) for name in wanted)
        if self.weights["nearest"]:
            # Not in ranks: two trips that are nearest to each other have the same distance. Small ones count by logarithms.
            apart = [ops.log(each) for each in (nearest_distances(real), nearest_distances(simulated, real))]
            wasserstein = wasserstein + self.weights["nearest"] * WassersteinLoss()(*apart)
        return spectral, wasserstein

    def get_config(self):
        names = zip(("lengths", "turns", "nearest"), self.weights.values(), strict=True)
        return {**super().get_config(), "spectral": self.spectral, "wasserstein": self.wasserstein, **dict(names)}


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
    turn = turning_angles(steps)
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


def nearest_distances(positions, others=None):
    """Distance (trip,), in m, to the nearest of other trips: root mean square over time, as `trip_distances`, differentiable.

    Args:
        positions: (trip, step + 1, 2), as in `TripLoss`.
        others: trips of another set; by default the others of the same one.
    """
    size = positions.shape[1] * positions.shape[2]
    flat = ops.reshape(_filled(positions), (-1, size))
    others, same = (flat, 1e20) if others is None else (ops.reshape(_filled(others), (-1, size)), 0.0)
    squares = [ops.sum(ops.square(each), axis=1) for each in (flat, others)]
    apart = squares[0][:, None] + squares[1][None] - 2 * ops.matmul(flat, ops.transpose(others))
    apart = ops.min(apart + same * ops.eye(ops.shape(flat)[0], ops.shape(others)[0]), axis=1)
    return ops.sqrt(ops.maximum(apart, 1.0) / positions.shape[1])


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
