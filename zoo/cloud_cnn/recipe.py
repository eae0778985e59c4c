"""Trains `cloud_cnn`, the plain network that `cloud_unet` is compared with: a few minutes on two cores."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.metrics import ClassAccuracy, CloudAccuracy, CloudTypeLoss
from geodl.models import CloudCNN
from geodl.training import resuming


def train(output: Path, epochs: int = 3, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    scene = {"name": "clouds", "config": "msg_europe", "batch_size": 4}
    training = datasets.load(**scene, split="train", patch=128, augment=True, max_missing=2, seed=seed)
    validation = datasets.load(**scene, split="validation", patch=256)
    model = CloudCNN()
    model.build((None, 6, None, None))
    model.compile(keras.optimizers.Adam(2e-3), CloudTypeLoss(), metrics=[CloudAccuracy(), ClassAccuracy()])
    stop = keras.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    model.fit(
        training,
        validation_data=validation,
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), stop, *callbacks],
        verbose=2,
    )
    zoo.save(model, output)
    return model
