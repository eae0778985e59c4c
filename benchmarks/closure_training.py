"""What it is worth to train a closure through the solver, on the random states of Burgers' equation.

python benchmarks/closure_training.py

The network of `burgers_cnn_random` is trained a priori, on the true subgrid tendency alone, and stands beside the published
weights, which were trained a posteriori on the same runs: both on the term itself, and on the trajectories of the test split.
"""

import keras
import numpy as np
import tensorflow as tf

from geodl import datasets, zoo
from geodl.models import BurgersCNN, burgers_states
from geodl.themes import closure

EPOCHS, SEED = 60, 0


def pairs(model: BurgersCNN, split: str) -> tuple[np.ndarray, np.ndarray]:
    """States (state, 3, x), mirrored too, and what the coarse solver lacks of their true tendency (state, x)."""
    ds = datasets.open_dataset("burgers", "random", split)
    states = burgers_states(ds).reshape(-1, 3, model.points)
    missing = ds.tendency.values.reshape(-1, model.points) - np.array(model.dynamics(states))[:, 0]
    mirrored = states[..., ::-1] * np.float32([-1, 1, -1])[:, None]
    return np.concatenate([states, mirrored]), np.concatenate([missing, -missing[:, ::-1]])


def a_priori() -> BurgersCNN:
    """The network that fits the subgrid tendency of the training runs."""
    keras.utils.set_random_seed(SEED)
    model = zoo.load("burgers_cnn_random", pretrained=False)
    training = tf.data.Dataset.from_tensor_slices(pairs(model, "train")).shuffle(20_000, seed=SEED).batch(128)
    rate = keras.optimizers.schedules.CosineDecay(5e-3, EPOCHS * len(training), alpha=0.01)
    model.compile(keras.optimizers.Adam(rate), loss="mse")
    model.fit(training, epochs=EPOCHS, verbose=0)
    return model


if __name__ == "__main__":
    for name, trained in (("a priori", a_priori()), ("a posteriori", zoo.load("burgers_cnn_random"))):
        scores = closure.evaluate(trained, "burgers_random").result()
        kept = ("correlation", "relative_mse", "relative_error", "final_error", "energy_error", "stable_time")
        print(f"{name:13s}", *(f"{key} {scores[key][0]:g}" for key in kept), sep="  ")
