import numpy as np
import tensorflow as tf

from geodl import pipelines


def test_windows_of_series_have_their_targets_at_the_same_place():
    """One feature of the inputs is the target itself; every value is unlike all others."""
    series = [np.arange(12 * 2 * 6 * 7.0).reshape(12, 2, 6, 7) + 2000 * run for run in range(2)]
    windows = pipelines.series_windows(series, [each[:, 1] for each in series], days=4, batch_size=8, patch=5, seed=1)
    x, y = (field.numpy() for field in next(iter(windows)))
    assert x.shape == (8, 4, 2, 5, 5)
    np.testing.assert_array_equal(x[:, :, 1], y)
    np.testing.assert_array_equal(np.diff(y, axis=1), 2 * 6 * 7)
    assert len(np.unique(y[:, 0, 0, 0])) > 4


def test_mirrored_windows_take_every_orientation_and_both_signs():
    x = tf.reshape(tf.range(1.0, 25.0), (1, 3, 2, 2, 2))
    found = set()
    for features, targets in pipelines.mirrored_windows(tf.data.Dataset.from_tensors((x, x[:, :, 0])).repeat(200), signed=(0,)):
        np.testing.assert_array_equal(features[:, :, 0], targets)
        assert (features[:, :, 1].numpy() > 0).all()  # this one has no sign
        found.add(tuple(targets.numpy().ravel()))
    assert len(found) == 16
