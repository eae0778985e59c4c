"""4DVarNet beside a U-Net of equal minutes, on simulated sediments.

    python benchmarks/equal_minutes.py

Both start from the weights of `sediment_unet` and are trained for the same processor time on the same windows, those of config
`osse`, with the same optimizer and schedule: the U-Net for more steps, the 4DVarNet with its solver. Ten minutes on one core.
"""

import tempfile
import time
from itertools import islice
from pathlib import Path

import keras

from geodl import pipelines, zoo
from geodl.metrics import WindowLoss
from geodl.themes import interpolation

MINUTES = 3  # of the processor, each
STEPS = 100  # of an epoch
RATE, SEED = 1e-3, 2  # other windows than those of both recipes

recipe = zoo.recipe("sediment_unet")


def seconds_of_a_step(model, series) -> float:
    """Processor time, once all is traced; the weights are as before."""
    weights = model.get_weights()
    model.compile(keras.optimizers.AdamW(RATE), WindowLoss())
    windows = list(islice(pipelines.series_windows(*series, recipe.DAYS, batch_size=8), 8))
    for window in windows[:3]:
        model.train_on_batch(*window)
    start = time.process_time()
    for window in windows[3:]:
        model.train_on_batch(*window)
    model.set_weights(weights)
    return (time.process_time() - start) / len(windows[3:])


def rmse(model) -> list[str]:
    """Error in gaps, of log10 of the concentration, on validation and test days."""
    return [f"{interpolation.evaluate(model, 'sediments', split).rmse_gaps:.4f}" for split in ("validation", "test")]


def main() -> None:
    """Prints epochs, minutes and errors of both, and the errors of what they start from."""
    keras.utils.set_random_seed(SEED)
    series = recipe.training_series(recipe.simulated_days("osse"), seed=SEED)
    started = zoo.recipe("sediment_4dvarnet").started
    models = {"U-Net": zoo.load("sediment_unet"), "4DVarNet": started(recipe.simulated_days(), recipe)}
    print(f"{'':12}{'epochs':>8}{'minutes':>9}{'validation':>12}{'test':>8}", flush=True)
    print(f"{'start':12}{'':17}{'{:>12}{:>8}'.format(*rmse(models['U-Net']))}", flush=True)
    for name, model in models.items():
        epochs = round(60 * MINUTES / STEPS / seconds_of_a_step(model, series))
        start = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            recipe.fit(model, series, Path(folder), epochs, RATE, SEED)
        minutes = (time.process_time() - start) / 60
        print(f"{name:12}{epochs:8d}{minutes:9.1f}{'{:>12}{:>8}'.format(*rmse(model))}", flush=True)


if __name__ == "__main__":
    main()
