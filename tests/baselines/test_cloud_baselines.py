import numpy as np
import pytest

from geodl.baselines import CloudPersistence, OpticalFlow, SmoothedFlow
from layer_check import check_layer, check_saving


def _accuracy(model, codes):
    return (model.predict(codes[:, :6], verbose=0).argmax(-1) == codes[:, 6:]).mean(axis=(0, 2, 3))


def test_persistence_repeats_the_latest_valid_code():
    codes = np.random.default_rng(0).integers(1, 16, (2, 6, 5, 7)).astype("uint8")
    codes[:, 5, 0] = 0
    forecast = CloudPersistence().predict(codes, verbose=0).argmax(-1)
    np.testing.assert_array_equal(forecast[:, 3, 1:], codes[:, 5, 1:])
    np.testing.assert_array_equal(forecast[:, 3, 0], codes[:, 4, 0])


def test_flow_beats_persistence_on_a_moving_cloud(moving_codes):
    persistence = _accuracy(CloudPersistence(), moving_codes)
    for model in (OpticalFlow(), SmoothedFlow(), SmoothedFlow(pixels_per_step=0.0)):
        assert (_accuracy(model, moving_codes) > persistence).all()


def test_smoothing_makes_probabilities_of_classes(moving_codes):
    probabilities = SmoothedFlow().predict(moving_codes[:, :6], verbose=0)
    np.testing.assert_allclose(probabilities.sum(-1), 1.0, atol=1e-5)
    edge = ((probabilities > 0.05) & (probabilities < 0.95)).any(-1).mean(axis=(0, 2, 3))
    assert edge[3] > edge[0] > 0


def test_optical_flow_uses_the_last_two_frames_that_exist(moving_codes):
    codes = moving_codes.copy()
    codes[:, 4] = 0
    assert (_accuracy(OpticalFlow(), codes) > _accuracy(CloudPersistence(), codes)).all()


@pytest.mark.slow
def test_smoothed_flow_keeps_the_contracts_of_a_model(moving_codes, tmp_path):
    codes = moving_codes[:, :6, :32, :48]
    check_layer(SmoothedFlow(), codes, tolerance=1e-3, policies=(), jit=False)  # its layers are checked compiled
    check_saving(SmoothedFlow(), codes, tmp_path, tolerance=1e-4)


def test_negative_smoothing_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        SmoothedFlow(pixels_per_step=-1)
