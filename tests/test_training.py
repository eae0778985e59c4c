"""Trainings that go on where a killed run stopped."""

import keras
import numpy as np
import pytest

from geodl.training import resuming

EPOCHS = 3


class Kill(keras.callbacks.Callback):
    """Ends a run after its second epoch, as a signal would."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def epochs_of(run: str, folder, callbacks=()) -> list[int]:
    """Which epochs a training goes through."""
    reached = []
    follow = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: reached.append(epoch))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 1), "float32")
    model.fit(x, x, epochs=EPOCHS, callbacks=[*resuming(folder, run), follow, *callbacks], verbose=0)
    return reached


def test_a_killed_training_goes_on_and_one_of_another_name_begins_anew(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        epochs_of("seed_0", tmp_path, [Kill()])
    assert epochs_of("seed_1", tmp_path) == [0, 1, 2]
    assert epochs_of("seed_0", tmp_path) == [2]
    assert epochs_of("seed_0", tmp_path) == [0, 1, 2]  # the one before had ended
    logged = np.genfromtxt(tmp_path / "log_seed_1.csv", delimiter=",", names=True)
    assert logged["epoch"].tolist() == [0, 1, 2]
