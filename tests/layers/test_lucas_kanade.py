import numpy as np

from geodl.layers import LucasKanade
from layer_check import check_layer


def _moving_waves(velocity, frames=4, size=64):
    y, x = np.mgrid[:size, :size].astype("float32")
    images = [
        np.sin((x - velocity[1] * t) / 5) + np.cos((y - velocity[0] * t) / 6) + np.sin((x + y - sum(velocity) * t) / 9)
        for t in range(frames)
    ]
    return np.stack(images)[None, ..., None].astype("float32"), np.ones((1, frames, size, size), "float32")


def test_lucas_kanade_keeps_the_contracts_of_a_layer():
    frames, valid = _moving_waves((1.0, -1.5), frames=3, size=32)
    check_layer(LucasKanade(levels=(4, 2)), frames, valid, tolerance=1e-3)


def test_finds_a_uniform_translation():
    for velocity in ((-1.0, 1.5), (2.5, 0.0), (0.0, 0.0)):
        flow = np.array(LucasKanade()(*_moving_waves(velocity)))[0, 16:48, 16:48]
        np.testing.assert_allclose(flow.mean(axis=(0, 1)), velocity, atol=0.1)


def test_missing_frames_and_pixels_do_not_count():
    frames, valid = _moving_waves((1.0, 1.0))
    frames[:, 1], valid[:, 1] = 99.0, 0.0
    frames[:, :, :16, :16], valid[:, :, :16, :16] = -99.0, 0.0
    flow = np.array(LucasKanade()(frames, valid))[0, 16:48, 16:48]
    np.testing.assert_allclose(flow.mean(axis=(0, 1)), [1.0, 1.0], atol=0.15)


def test_nothing_valid_gives_no_motion():
    frames, valid = _moving_waves((1.0, 1.0))
    np.testing.assert_array_equal(np.array(LucasKanade()(frames, 0 * valid)), 0.0)
