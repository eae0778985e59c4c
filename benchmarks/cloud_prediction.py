"""Speed and memory of cloud nowcasts: python benchmarks/cloud_prediction.py"""

import os
import resource
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from geodl import zoo
from geodl.baselines import CloudPersistence, OpticalFlow, SmoothedFlow


def moving_blobs(height: int, width: int) -> np.ndarray:
    """Codes (1, 6, y, x) of cloud patches drifting over sea."""
    y, x = np.mgrid[:height, :width]
    frames = [np.sin((x - 2 * t) / 17) + np.sin((y + t) / 23) + np.sin((x + y) / 41) for t in range(6)]
    return np.digitize(np.stack(frames), [0, 0.5, 1, 1.5]).astype("uint8")[None] * 2 + 2


def peak_gigabytes() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Prints seconds a sample on 256×256 (median of 20 after the first) and peak memory on 1024×1536."""
    print(f"tensorflow {tf.__version__}, {os.cpu_count()} cores")
    small, large = moving_blobs(256, 256), moving_blobs(1024, 1536)
    base = peak_gigabytes()
    for name, model in {
        "cloud_unet": zoo.load("cloud_unet"),
        "cloud_cnn": zoo.load("cloud_cnn"),
        "smoothed flow": SmoothedFlow(),
        "optical flow": OpticalFlow(),
        "persistence": CloudPersistence(),
    }.items():
        model.forward(small)
        seconds = []
        for _ in range(20):
            start = time.perf_counter()
            model.forward(small)
            seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
        model.forward(large)
        print(
            f"{name:14s} 256x256: {statistics.median(seconds):.3f} s   1024x1536: {time.perf_counter() - start:.1f} s, "
            f"peak memory so far {peak_gigabytes() - base:.2f} GB above the interpreter with TensorFlow"
        )


if __name__ == "__main__":
    main()
