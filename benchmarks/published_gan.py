"""The networks of the publication on foraging trips beside ours: GEODL_SOURCES=… python benchmarks/published_gan.py

A `ConvolutionalGAN` learns from the training birds of Peru as its authors have it, but for 2000 epochs instead of 5000: three
minutes of one core.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from geodl import datasets, themes, zoo
from geodl.console import print_table
from geodl.models import ConvolutionalGAN
from geodl.themes import trajectories

CASE, EPOCHS, BATCH = "peru", 2000, 25


def main() -> None:
    """Trains the network and prints scores of both."""
    keras.utils.set_random_seed(0)
    birds = datasets.open_dataset("seabirds", CASE, "train")
    lon, lat, seconds = (birds.attrs[name] for name in ("colony_lon", "colony_lat", "step_seconds"))
    model = ConvolutionalGAN(lon, lat, seconds, birds.sizes["step"], scale=trajectories.CASES[CASE].scale)
    model.adapt(birds)
    model.compile(keras.optimizers.Adam(2e-4, beta_1=0.5))
    start = time.process_time()
    model.fit(model.training_data(birds, BATCH), epochs=EPOCHS, verbose=0)
    print(f"trained in {time.process_time() - start:.0f} processor seconds")
    models = {"as published": model, "seabird_gan_peru": zoo.load("seabird_gan_peru")}
    compared = {name: trajectories.evaluate(each, CASE) for name, each in models.items()}
    print_table(themes.table(compared))


if __name__ == "__main__":
    main()
