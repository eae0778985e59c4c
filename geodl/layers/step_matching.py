"""Walks whose steps and turns get the distributions that they should have."""

import keras
import numpy as np
from keras import ops

from geodl.layers.bridge import Bridge

PROBABILITIES = np.linspace(0, 1, 101)  # of the quantiles that are kept
SHORTEST = 1.0  # m: what is shorter has no direction
MEMORY = 0.9  # of a change of heading, from step to step
ROUNDS = 2  # of matching: lengths and closing change turns again


@keras.saving.register_keras_serializable(package="geodl")
class StepMatching(keras.layers.Layer):
    r"""Gives closed walks other distributions of turning angles and of lengths of steps, and closes them again by a `Bridge`.

    Turns \(\theta\), then lengths \(\ell\), become those of the same rank in the distributions that are wanted:

    $$ \ell' = G_\ell^{-1}(F_\ell(\ell)), \quad \theta' = G_\theta^{-1}(F_\theta(\theta)) - (1 - \rho)\, \epsilon_{k-1}, \quad
       \epsilon_k = \rho\, \epsilon_{k-1} + G_\theta^{-1}(F_\theta(\theta)) - \theta $$

    F are the distributions that walks have, G those they shall have, by quantiles, which `adapt` takes from walks. The change
    of heading \(\epsilon\) is forgotten with \(\rho = .9\), so that a walk as a whole keeps its direction. This is done twice.

    Call arguments:
        walk: positions (batch, step + 1, 2), m.
        duration: number of steps (batch,) of each walk.

    Returns:
        Positions, of the same shape; as they are, until `adapt` is called.

    References:
        Panofsky and Brier (1958), Some applications of statistics to meteorology, Pennsylvania State University.

    Example:
        >>> layer = StepMatching()
        >>> layer.build((None, 3, 2), (None,))
        >>> there_and_back = np.float32([[[0, 0], [length, 0], [0, 0]] for length in range(100, 201)])
        >>> duration = np.full(101, 2, "float32")
        >>> layer.adapt(there_and_back, duration, 3 * there_and_back)
        >>> print(np.array(layer(there_and_back, duration))[50, :, 0].round(1))
        [  0. 450.   0.]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.bridge = Bridge(dtype=self.dtype_policy)

    def build(self, walk_shape, duration_shape):
        shape = (ROUNDS, len(PROBABILITIES))
        add = lambda name: self.add_weight(shape, name=name, trainable=False, autocast=False)  # noqa: E731
        self.found_turns, self.wanted_turns = add("found_turns"), add("wanted_turns")
        self.found_lengths, self.wanted_lengths = add("found_lengths"), add("wanted_lengths")
        self.reset()

    @property
    def matches_turns(self) -> bool:
        """Whether turns change, too."""
        return bool((np.array(self.found_turns) != np.array(self.wanted_turns)).any())

    def reset(self) -> None:
        """Forgets the distributions: nothing changes any more."""
        for turns, lengths in ((self.found_turns, self.found_lengths), (self.wanted_turns, self.wanted_lengths)):
            turns.assign(np.tile(np.pi * (2 * PROBABILITIES - 1), (ROUNDS, 1)))
            lengths.assign(np.tile(PROBABILITIES, (ROUNDS, 1)))

    def adapt(self, walk, duration, wanted, turns: bool = True) -> None:
        """Takes the distributions that walks have, and those that they shall have.

        Args:
            walk: positions, and
            duration: numbers of steps, as in a call.
            wanted: positions (walk, step + 1, 2), m, NaN after the end.
            turns: without them only lengths are matched.
        """
        self.reset()
        walk, goal = np.asarray(walk, self.variable_dtype), np.diff(wanted, axis=1)
        for i in range(ROUNDS):
            if turns:
                _set(self.found_turns, i, _quantiles_of_turns(_steps(walk, duration)))
                _set(self.wanted_turns, i, _quantiles_of_turns(goal))
                walk = np.array(self._turned(walk, duration, i))
            _set(self.found_lengths, i, _quantiles_of_lengths(_steps(walk, duration)))
            _set(self.wanted_lengths, i, _quantiles_of_lengths(goal))
            walk = np.array(self._stretched(walk, duration, i))

    def call(self, walk, duration):
        walk = ops.cast(walk, self.variable_dtype)
        for i in range(ROUNDS):
            walk = self._stretched(self._turned(walk, duration, i), duration, i)
        return ops.cast(walk, self.compute_dtype)

    def _stretched(self, walk, duration, i: int):
        steps = walk[:, 1:] - walk[:, :-1]
        # Shifted, because the derivative of a length is not finite at the origin.
        length = ops.sqrt(ops.sum(ops.square(steps), axis=-1) + 1e-6)
        found, wanted = self.found_lengths[i], self.wanted_lengths[i]
        matched = _matched(length, found, wanted) + ops.maximum(length - found[-1], 0) * wanted[-1] / found[-1]
        return self._closed(steps * (matched / length)[..., None], duration)

    def _turned(self, walk, duration, i: int):
        steps = walk[:, 1:] - walk[:, :-1]
        turns = turning_angles(steps)
        change = _matched(turns, self.found_turns[i], self.wanted_turns[i]) - turns
        change = ops.matmul(change, ops.transpose(_forgetting(ops.shape(steps)[1], turns.dtype)))
        cosine, sine = ops.cos(change), ops.sin(change)
        turned = [cosine * steps[..., 0] - sine * steps[..., 1], sine * steps[..., 0] + cosine * steps[..., 1]]
        return self._closed(ops.stack(turned, axis=-1), duration)

    def _closed(self, steps, duration):
        return ops.cast(self.bridge(steps, duration), self.variable_dtype)

    def compute_output_shape(self, walk_shape, duration_shape):
        return walk_shape


def _set(weight, i: int, row: np.ndarray) -> None:
    values = np.array(weight)
    values[i] = row
    weight.assign(values)


def _steps(walk: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Steps (walk, step, 2), NaN after the end."""
    steps = np.diff(walk, axis=1)
    return np.where((np.arange(steps.shape[1]) < np.asarray(duration)[:, None])[..., None], steps, np.nan)


def _quantiles_of_turns(steps: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(steps, axis=-1)
    directed = np.minimum(size[:, 1:], size[:, :-1]) > SHORTEST
    inner = np.quantile(np.array(turning_angles(steps))[directed], PROBABILITIES[1:-1])
    return np.concatenate([[-np.pi], inner, [np.pi]])


def _quantiles_of_lengths(steps: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(steps, axis=-1)
    return np.append(0, np.quantile(size[np.isfinite(size)], PROBABILITIES[1:]))


def turning_angles(steps):
    """Angles (walk, step - 1) from each step (walk, step, 2) to the next, to the left, in radians; differentiable."""
    before, after = steps[:, :-1], steps[:, 1:]
    cross = before[..., 0] * after[..., 1] - before[..., 1] * after[..., 0]
    # Shifted, because the derivative of an angle is not finite at the origin.
    return ops.arctan2(cross + 1e-3, ops.sum(before * after, axis=-1) + 1e-3)


def _forgetting(steps, dtype):
    """(step, turn): what is left of the change of a turn at the steps behind it."""
    age = ops.cast(ops.arange(steps)[:, None] - ops.arange(steps - 1)[None] - 1, dtype)
    return ops.where(age >= 0, MEMORY ** ops.maximum(age, 0), 0)


def _matched(values, found, wanted):
    """Values of the same rank in the distribution that is wanted, between quantiles."""
    place = ops.searchsorted(found, ops.reshape(values, (-1,)), side="right") - 1
    place = ops.reshape(ops.clip(place, 0, len(PROBABILITIES) - 2), ops.shape(values))
    low, high = ops.take(found, place), ops.take(found, place + 1)
    weight = ops.clip((values - low) / ops.maximum(high - low, 1e-6), 0, 1)
    return (1 - weight) * ops.take(wanted, place) + weight * ops.take(wanted, place + 1)
