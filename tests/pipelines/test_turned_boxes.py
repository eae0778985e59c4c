import numpy as np
import tensorflow as tf

from box_flows import random_flow
from geodl import pipelines
from geodl.fourier_box import divergence


def test_turned_boxes_keep_the_physics():
    """The divergence of the flux of the scalar by the velocity turns along with both."""
    state = random_flow(12, 3)[0].astype("float32")
    target = np.array(divergence(state[:3] * state[3]))
    pairs = tf.data.Dataset.from_tensors((state, target)).repeat(20)
    seen = set()
    for x, y in pipelines.turned_boxes(pairs, seed=0):
        np.testing.assert_allclose(divergence(x[:3] * x[3]), y, atol=1e-4)
        seen.add(x[3].numpy().tobytes())
    assert len(seen) > 10
