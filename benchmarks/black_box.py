"""Training a closure through a solver that gives no gradient: how good are its substitutes?

    python benchmarks/black_box.py

A closure of Burgers' equation is trained through a solver written in numpy, over 25 steps, with four derivatives of it: the
true one, the identity (the Euler approximation), that of another solver of the same equation, and that of a network fitted to
what the solver does. Prints the relative error of test trajectories after 10 and 50 steps and over all 100, a mean of three
seeds, and the cosine between each gradient and the true one before training.
"""

import keras
import numpy as np
import tensorflow as tf

from geodl import datasets, pipelines
from geodl.dynamics import Burgers, BurgersFiniteVolume
from geodl.dynamics.burgers import velocity_of, with_velocity
from geodl.layers import BlackBox, HybridIntegrator, ODEIntegrator, StencilNetwork, SubgridNetwork
from geodl.metrics import RelativeError
from geodl.models import burgers_states

DT, HORIZON, STEPS, SEEDS = 0.02, 25, 400, (0, 1, 2)


def step(state: np.ndarray) -> np.ndarray:
    """One step of the classical Runge–Kutta scheme, pseudo-spectral on 32 points; it knows nothing of TensorFlow."""
    u, viscosity, forcing = np.moveaxis(state.astype("float64"), 1, 0)
    k = 2 * np.pi * np.arange(17)

    def tendency(u):
        modes = np.fft.rfft(u)
        square = np.fft.rfft(np.fft.irfft(modes, 48) ** 2)[..., :17] * 48 / 32
        square[..., -1] = 0
        return np.fft.irfft(-0.5j * k * square - viscosity[:, :1] * k**2 * modes, 32) + forcing

    k1 = tendency(u)
    k2 = tendency(u + DT / 2 * k1)
    k3 = tendency(u + DT / 2 * k2)
    k4 = tendency(u + DT * k3)
    return np.stack([u + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4), viscosity, forcing], axis=1)


@keras.saving.register_keras_serializable(package="geodl_benchmarks")
class Emulator(keras.layers.Layer):
    """A network that makes a step of u from u, viscosity and forcing."""

    def build(self, input_shape):
        self.network = StencilNetwork((32, 32), outputs=1, radius=3)

    def call(self, state):
        fields = keras.ops.transpose(state, (0, 2, 1)) * np.float32([1, 500, 1])
        return with_velocity(state, velocity_of(state) + DT * self.network(fields)[..., 0] * 10)


def runs(split: str) -> np.ndarray:
    """States (run, time, 3, x)."""
    return burgers_states(datasets.open_dataset("burgers", "random", split))


def emulator(states: np.ndarray) -> keras.layers.Layer:
    """Fitted to pairs of states before and after a step."""
    states = states[:, ::2].reshape(-1, *states.shape[2:])
    inputs = keras.Input(states.shape[1:])
    model = keras.Model(inputs, Emulator()(inputs))
    rate = keras.optimizers.schedules.CosineDecay(5e-3, 40 * len(states) // 128)
    model.compile(keras.optimizers.Adam(rate), loss="mse")
    model.fit(states, step(states).astype("float32"), batch_size=128, epochs=40, verbose=0)
    return model.layers[-1]


def hybrid(surrogate, steps: int, closure) -> keras.Model:
    """Trajectories of u by the black box with the closure."""
    state = keras.Input((3, 32))
    return keras.Model(state, HybridIntegrator(BlackBox(step, surrogate), closure, DT, steps)(state)[:, :, 0])


def errors(surrogate, seed: int) -> np.ndarray:
    """Relative errors after 10 and 50 steps, and over 100, of a closure trained with a surrogate."""
    keras.utils.set_random_seed(seed)
    closure, training, test = SubgridNetwork((16, 16)), runs("train"), runs("test")
    for horizon, steps in ((5, STEPS // 4), (HORIZON, STEPS)):
        model = hybrid(surrogate, horizon, closure)
        rate = keras.optimizers.schedules.CosineDecay(5e-3, steps, alpha=0.05)
        model.compile(keras.optimizers.Adam(rate, global_clipnorm=0.1), loss=RelativeError())
        model.fit(
            pipelines.trajectory_windows(training, training[:, :, 0], horizon, seed=seed), steps_per_epoch=steps, verbose=0
        )
    found, truth = hybrid(None, 100, closure).predict(test[:, 0], verbose=0), test[:, 1:, 0]
    by_time = np.mean(np.linalg.norm(found - truth, axis=-1) / np.linalg.norm(truth, axis=-1), axis=0)
    return np.array([by_time[9], by_time[49], by_time.mean()])


def gradient(surrogate) -> np.ndarray:
    """Of the error over the horizon, for a closure with random weights."""
    keras.utils.set_random_seed(0)
    closure, training = SubgridNetwork((16, 16)), runs("train")
    model = hybrid(surrogate, HORIZON, closure)
    closure.set_weights([0.1 * np.random.default_rng(0).normal(size=w.shape) for w in closure.get_weights()])
    with tf.GradientTape() as tape:
        loss = RelativeError()(training[:, 1 : HORIZON + 1, 0], model(training[:, 0]))
    found = tape.gradient(loss, [w.value for w in closure.trainable_variables])
    return np.concatenate([g.numpy().ravel() for g in found])


def main() -> None:
    """Prints the table."""
    surrogates = {
        "true derivative": ODEIntegrator(Burgers(), DT, 1),
        "identity (Euler)": None,
        "another solver": ODEIntegrator(BurgersFiniteVolume(), DT, 1, scheme="heun"),
        "learned emulator": emulator(runs("train")),
    }
    true = gradient(surrogates["true derivative"])
    print(f"{'derivative':20s} {'10 steps':>9s} {'50 steps':>9s} {'100 steps':>9s} {'cosine':>7s}")
    for name, surrogate in surrogates.items():
        found = gradient(surrogate)
        cosine = found @ true / np.linalg.norm(found) / np.linalg.norm(true)
        means = np.mean([errors(surrogate, seed) for seed in SEEDS], axis=0)
        print(f"{name:20s} {means[0]:9.4f} {means[1]:9.4f} {means[2]:9.4f} {cosine:7.3f}", flush=True)


if __name__ == "__main__":
    main()
