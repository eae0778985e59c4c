"""Advection by the optical flow of OpenCV."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl import cloud_types
from geodl.baselines.cloud_persistence import class_indicators
from geodl.errors import InputError
from geodl.layers import Warp
from geodl.models.cloud_nowcaster import FUTURE, CloudNowcaster, latest_codes


@keras.saving.register_keras_serializable(package="geodl")
class OpticalFlow(CloudNowcaster):
    """Semi-Lagrangian advection of the latest classes by the dense inverse search (DIS) flow between the last two frames.

    Needs the extra `flow` (OpenCV). OpenCV runs outside the graph, so this forecast has no gradient and no XLA.

    Call arguments:
        ct: cloud-type codes (batch, 6, y, x), 0 where missing.

    Returns:
        Probabilities (batch, 4, y, x, 16), float32.

    Raises:
        InputError: without OpenCV.

    References:
        Kroeger et al. (2016), Fast optical flow using dense inverse search, ECCV.

    Example:
        >>> print(tuple(OpticalFlow()(np.ones((1, 6, 16, 16), "uint8")).shape))
        (1, 4, 16, 16, 16)
    """

    multiple = 1

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        _opencv()
        self.warp = Warp(dtype="float32")

    def call(self, ct):
        ct = ops.cast(ct, "int32")
        flow = tf.numpy_function(_flow, [ct], tf.float32)
        flow = tf.ensure_shape(flow, (None, None, None, 2))
        source = class_indicators(latest_codes(ct))
        return ops.stack([self.warp(source, -lead * flow) for lead in range(1, FUTURE + 1)], axis=1)


def _flow(ct: np.ndarray) -> np.ndarray:
    """Flow (batch, y, x, 2) in pixels per step between the last two frames that have data."""
    search = _opencv().DISOpticalFlow_create(_opencv().DISOPTICAL_FLOW_PRESET_MEDIUM)
    images = np.where(ct >= cloud_types.FIRST_CLOUDY, 255, 0).astype("uint8")
    flows = np.zeros((len(ct), *ct.shape[2:], 2), "float32")
    for sample, frames in enumerate(images):
        present = np.flatnonzero(ct[sample].any(axis=(1, 2)))
        if len(present) < 2 or min(ct.shape[2:]) < 16:
            continue  # no pair of frames, or too small for the search: no motion
        before, after = present[-2:]
        flows[sample] = search.calc(frames[before], frames[after], None)[..., ::-1] / (after - before)
    return flows


def _opencv():
    try:
        import cv2
    except ImportError as error:
        raise InputError('Expected OpenCV for OpticalFlow: install the extra `flow`, as in pip install ".[flow]".') from error
    return cv2
