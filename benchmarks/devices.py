"""What this machine does with the published models: python benchmarks/devices.py [--models PATTERN] [--batch N]

Devices seen; for each model, whether compiled code gives what eager code gives, what mixed precision changes, and samples a
second of prediction and of a training step; whether all devices together train like one.
"""

import argparse
import json
import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from geodl import cloud_types, zoo
from geodl.models import CloudNowcaster, TrajectoryGAN

SIZE, POINTS = 64, 64**2  # of axes that may have any size, and of all of them together
SAME = 1e-2  # largest difference of compiled code, over the standard deviation of the output; GPUs round products to ten bits
DISTRIBUTED = "lorenz63_lstm"


def main() -> None:
    """Prints what is seen and measured; ends with code 1 where a check fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="*", help="pattern of names")
    parser.add_argument("--batch", type=int, default=8, help="samples")
    arguments = parser.parse_args()
    devices = prepared_devices()
    failed = []
    print(f"\n{'model':28s}{'jit - eager':>12s}{'mixed - float32':>17s}{'prediction, 1/s':>17s}{'training, 1/s':>15s}")
    notes = []
    for name in zoo.list_models(arguments.models):
        found, problems = measured(name, arguments.batch)
        cells = [f"{found[key]:.3g}" if key in found else "-" for key in MEASUREMENTS]
        print(f"{name:28s}{cells[0]:>12s}{cells[1]:>17s}{cells[2]:>17s}{cells[3]:>15s}", flush=True)
        notes += [f"{name}: {key} not measured: {problem}" for key, problem in problems.items()]
        failed += [f"{name}: jit is not eager"] if not found.get("jit", 0) < SAME else []
        failed += [f"{name}: not finite in mixed precision"] if not np.isfinite(found.get("mixed", 0)) else []
    print("\nDifferences are the largest ones over the standard deviation of the output.", *notes, sep="\n")
    one, all_of_them = distributed_losses(devices)
    print(f"loss on one device {one:.6g}, on {len(devices)} by MirroredStrategy {all_of_them:.6g}")
    failed += [] if abs(one - all_of_them) < 1e-3 * one else ["MirroredStrategy does not train like one device"]
    print("\n".join(f"FAILED {line}" for line in failed) or "all checks passed")
    sys.exit(bool(failed))


def prepared_devices() -> list[str]:
    """Names of the devices that training is spread over: all GPUs, or two halves of the CPU."""
    gpus = tf.config.list_physical_devices("GPU")
    print(f"tensorflow {tf.__version__}, keras {keras.__version__}, {os.cpu_count()} CPU cores, {len(gpus)} GPUs")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
        print(gpu.name, tf.config.experimental.get_device_details(gpu))
    if len(gpus) == 0:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return [device.name for device in tf.config.list_logical_devices("GPU" if gpus else "CPU")]


def measured(name: str, batch: int) -> tuple[dict[str, float], dict[str, str]]:
    """What `MEASUREMENTS` gives for a model, and why it did not where it failed."""
    found, problems = {}, {}
    for key, measure in MEASUREMENTS.items():
        try:
            model = zoo.load(name)
            found[key] = measure(name, model, tf.constant(samples(model, batch)))
        except Exception as error:  # whatever it is, the other models are measured
            problems[key] = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    return found, problems


def samples(model, batch: int) -> np.ndarray:
    """Random input of the shape that a model was built with, between 0 and 1, or class codes."""
    random = np.random.default_rng(0)
    _, *sizes = model.get_build_config()["input_shape"]
    size = min(SIZE, round(POINTS ** (1 / max(1, sizes.count(None)))))
    shape = (batch, *(known or size for known in sizes))
    if isinstance(model, CloudNowcaster):
        return random.integers(1, cloud_types.CODES, shape).astype("uint8")
    if isinstance(model, TrajectoryGAN):  # is built with what `fit` takes; what it is called on is noise
        return random.normal(size=(batch, model.noise_size)).astype("float32")
    return random.uniform(size=shape).astype(model.variable_dtype)


def jit_difference(name: str, model, x) -> float:
    """Of the outputs of compiled and of eager code."""
    return difference(tf.function(model, jit_compile=True)(x), model(x))


def mixed_difference(name: str, model, x) -> float:
    """Of the outputs in mixed precision and in single precision: of bfloat16, which every device has."""
    if model.variable_dtype != "float32":
        raise TypeError(f"the model works in {model.variable_dtype}")
    config = json.loads((zoo.folder_of(name) / zoo.CONFIG).read_text())
    # Layers inside of layers have policies of their own.
    text = json.dumps(config["model"]).replace('"config": {"name": "float32"}', '"config": {"name": "mixed_bfloat16"}')
    mixed = keras.saving.deserialize_keras_object(json.loads(text))
    mixed.build(tuple(config["build"]))
    mixed.set_weights(model.get_weights())
    return difference(tf.function(mixed)(x), tf.function(model)(x))


def prediction_speed(name: str, model, x) -> float:
    """Samples a second, compiled as published."""
    return speed(tf.function(model, jit_compile=model.jit_compile is True), x)


def training_speed(name: str, model, x) -> float:
    """Samples a second of forward pass, gradient and update; the loss is the mean square of the output, whatever the model."""
    optimizer = keras.optimizers.Adam(0.0)
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=model.jit_compile is True)
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.add_n([tf.reduce_mean(tf.square(y)) for y in tf.nest.flatten(model(x, training=True))])
        gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
        pairs = [pair for pair in zip(gradients, model.trainable_variables, strict=True) if pair[0] is not None]
        if not pairs:
            raise TypeError("the output has no gradient with respect to what is trained")
        optimizer.apply_gradients(pairs)
        return loss

    return speed(step, x)


MEASUREMENTS = {
    "jit": jit_difference,
    "mixed": mixed_difference,
    "prediction": prediction_speed,
    "training": training_speed,
}


def speed(function, x, seconds: float = 1.0) -> float:
    """Samples a second: the median of the calls of about a second, after the first one, which compiles."""
    tf.nest.map_structure(lambda y: y.numpy(), function(x))
    durations = []
    while sum(durations) < seconds or len(durations) < 3:
        start = time.perf_counter()
        tf.nest.map_structure(lambda y: y.numpy(), function(x))
        durations.append(time.perf_counter() - start)
    return len(x) / statistics.median(durations)


def difference(found, expected) -> float:
    """Largest difference over the standard deviation of what is expected."""
    pairs = zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True)
    arrays = [[tf.cast(y, "float64").numpy() for y in pair] for pair in pairs]
    return max(float(np.abs(a - b).max() / b.std()) for a, b in arrays)


def distributed_losses(devices: list[str]) -> tuple[float, float]:
    """The loss of a model after three epochs of `fit` on one device, and on all of them by `MirroredStrategy`."""
    losses = []
    for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(devices)):
        with strategy.scope():
            model = zoo.load(DISTRIBUTED)
            model.compile(keras.optimizers.SGD(1e-3), loss="mse", jit_compile=False)
        x = samples(model, 4 * len(devices))[:, : model.past + 8]
        y = np.zeros((len(x), model.horizon, model.components), x.dtype)
        losses.append(model.fit(x, y, batch_size=len(x), epochs=3, verbose=0).history["loss"][-1])
    return losses[0], losses[1]


if __name__ == "__main__":
    main()
