"""Trains `cloud_unet` on a Meteosat scene: about an hour on two cores."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.metrics import ClassAccuracy, CloudAccuracy, CloudTypeLoss
from geodl.models import CloudUNet
from geodl.training import resuming


def train(output: Path, epochs: int = 20, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    scene = {"name": "clouds", "config": "msg_europe", "batch_size": 2}
    training = datasets.load(**scene, split="train", patch=192, augment=True, max_missing=2, seed=seed)
    validation = datasets.load(**scene, split="validation", patch=256)

    model = CloudUNet()
    model.build((None, 6, None, None))
    model.compile(
        optimizer=keras.optimizers.AdamW(1.5e-3, weight_decay=0.05, global_clipnorm=1.0),
        loss=CloudTypeLoss(mask_weight=0.5),
        metrics=[CloudAccuracy(), ClassAccuracy()],
    )
    cosine = keras.optimizers.schedules.CosineDecay(1.5e-3, decay_steps=epochs)
    model.fit(
        training,
        validation_data=validation,
        epochs=epochs,
        callbacks=[
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: float(cosine(epoch))),
            *resuming(output, f"seed_{seed}"),
            keras.callbacks.EarlyStopping("val_loss", patience=12, restore_best_weights=True),
            *callbacks,
        ],
        verbose=2,
    )
    zoo.save(model, output)
    return model
