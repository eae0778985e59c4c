import numpy as np
import tensorflow as tf

from geodl import pipelines

STEP = np.timedelta64(15, "m")
START = np.datetime64("2016-01-01T00:00", "ns")


def test_a_batch_is_as_long_as_its_longest_sample():
    pairs = tf.data.Dataset.range(1, 4).map(lambda n: (tf.range(tf.cast(n, "float32")), tf.range(n)))
    x, y = next(iter(pipelines.batches(pairs, 3)))
    np.testing.assert_array_equal(x, [[0, np.nan, np.nan], [0, 1, np.nan], [0, 1, 2]])
    np.testing.assert_array_equal(y, [[0, 0, 0], [0, 1, 0], [0, 1, 2]])


def test_a_missing_frame_leaves_a_hole_and_moves_nothing():
    times = START + STEP * np.array([0, 1, 2, 3, 4, 6, 7, 8, 9])
    found = dict(pipelines.windows(times, past=6, future=4, step=STEP, min_past=4, min_future=4))
    assert list(found) == [START + 5 * STEP]
    np.testing.assert_array_equal(found[START + 5 * STEP], [0, 1, 2, 3, 4, -1, 5, 6, 7, 8])


def test_windows_need_their_share_of_frames():
    times = START + STEP * np.arange(10)
    count = lambda past, future: len(pipelines.windows(times, 6, 4, STEP, past, future))  # noqa: E731
    assert (count(6, 4), count(4, 4), count(6, 1)) == (1, 3, 4)


def _numbered_field(height, width):
    field = np.arange(2 * height * width).reshape(2, height, width)
    return tf.data.Dataset.from_tensors((field, field))


def test_regular_patches_cover_the_field_once():
    seen = np.concatenate([x.numpy().ravel() for x, _ in pipelines.patches(_numbered_field(64, 96), 32)])
    np.testing.assert_array_equal(np.sort(seen), np.arange(2 * 64 * 96))


def test_patches_of_a_field_that_is_no_multiple_lie_side_by_side():
    """As the frames of the sample that ships: one row of two patches, and strips that are left out."""
    corners = [int(x[0, 0, 0]) for x, _ in pipelines.patches(_numbered_field(188, 261), 128)]
    assert corners == [0, 128]
    assert len(list(pipelines.patches(_numbered_field(188, 261), 128, augment=True))) == 2


def test_patches_at_random_places_reach_all_edges():
    pairs = _numbered_field(20, 27).repeat(200)
    seen = np.unique([x.numpy() for x, _ in pipelines.patches(pairs, 16, augment=True, seed=1)])
    np.testing.assert_array_equal(seen, np.arange(2 * 20 * 27))


def test_augmented_patches_keep_input_and_target_together():
    cut = list(pipelines.patches(_numbered_field(64, 96), 32, augment=True, seed=3))
    assert len(cut) == 6
    for x, y in cut:
        np.testing.assert_array_equal(x, y)
        assert x.shape == (2, 32, 32)
    corners = {int(tf.reduce_min(x)) for x, _ in cut}
    assert len(corners) > 1


def test_the_same_seed_gives_the_same_patches():
    first, second = (list(pipelines.patches(_numbered_field(64, 64), 32, augment=True, seed=7)) for _ in range(2))
    for (x, _), (y, _) in zip(first, second, strict=True):
        np.testing.assert_array_equal(x, y)


def test_dropped_frames_are_whole_and_at_most_as_many_as_asked():
    pairs = tf.data.Dataset.from_tensors((tf.ones((6, 4, 4)), tf.ones((4, 4, 4)))).repeat(200)
    missing = np.array([6 - x[:, 0, 0].numpy().sum() for x, _ in pipelines.drop_frames(pairs, 2, probability=0.5)])
    assert set(missing) == {0, 1, 2}
    assert 0.4 < (missing > 0).mean() < 0.6
