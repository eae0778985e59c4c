import numpy as np
import pytest
import tensorflow as tf

from geodl.metrics import CloudTypeLoss
from geodl.models import CloudUNet
from layer_check import check_layer, check_saving


@pytest.fixture(scope="module")
def model():
    model = CloudUNet(filters=(4, 4, 4), embedding=2)
    model.build((None, 6, None, None))
    random = np.random.default_rng(0)  # the corrections start at zero, which would hide most of the network
    model.set_weights([w + 0.05 * random.normal(size=w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def untrained():
    """Its corrections are zero: what is left is advection."""
    return CloudUNet(filters=(4, 4, 4))


def test_cloud_unet_keeps_the_contracts_of_a_model(model, moving_codes, tmp_path):
    codes = moving_codes[:, :6, :32, :48]
    check_layer(model, codes, tolerance=2e-4, policies=("mixed_bfloat16",), jit=False)
    check_saving(model, codes, tmp_path, tolerance=2e-4)


@pytest.mark.slow
def test_cloud_unet_gives_the_same_compiled(model, moving_codes):
    codes = moving_codes[:, :6, :32, :48]
    compiled = tf.function(model, jit_compile=True)(codes)
    np.testing.assert_allclose(compiled, model(codes), rtol=2e-4, atol=2e-4)


def test_probabilities_sum_to_one_on_any_grid_size(model, moving_codes):
    probabilities = model.predict(moving_codes[:, :6, :37, :51], verbose=0)
    assert probabilities.shape == (1, 4, 37, 51, 16)
    np.testing.assert_allclose(probabilities.sum(-1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(probabilities[..., 0], 0.0)


def test_untrained_network_carries_the_cloud_along(untrained, moving_codes):
    forecast = untrained.predict(moving_codes[:, :6], verbose=0).argmax(-1)
    accuracy = (forecast == moving_codes[:, 6:]).mean()
    persistence = (moving_codes[:, 5:6] == moving_codes[:, 6:]).mean()
    assert accuracy > 0.98 > persistence


def test_two_missing_frames_are_bridged(untrained, moving_codes):
    codes = moving_codes[:, :6].copy()
    codes[:, [2, 5]] = 0
    forecast = untrained.predict(codes, verbose=0).argmax(-1)
    assert (forecast == moving_codes[:, 6:]).mean() > 0.97


def test_pixels_never_seen_have_no_class(untrained, moving_codes):
    codes = moving_codes[:, :6].copy()
    codes[..., :10] = 0
    probabilities = untrained.predict(codes, verbose=0)
    np.testing.assert_array_equal(probabilities[..., :10, :], 0.0)
    assert np.isfinite(probabilities).all()


def test_surfaces_do_not_move_with_the_clouds(untrained, moving_codes):
    codes = moving_codes.copy()
    coast = np.where(np.arange(80) < 40, 1, 2).astype("uint8")
    codes = np.where(codes == 2, coast, codes)
    forecast = untrained.predict(codes[:, :6], verbose=0).argmax(-1)
    np.testing.assert_array_equal(forecast[:, :, 0], np.broadcast_to(coast, (1, 4, 80)))


@pytest.mark.slow
def test_a_few_steps_of_fit_lower_the_loss(moving_codes):
    model = CloudUNet(filters=(8, 8, 8))
    model.compile("adam", CloudTypeLoss())
    losses = model.fit(moving_codes[:, :6], moving_codes[:, 6:], epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]


def test_another_number_of_classes_changes_the_head_only(cloud_file_content):
    model = CloudUNet(classes=2, filters=(4, 4, 4))
    assert model.compute_output_shape((1, 6, 64, 80)) == (1, 4, 64, 80, 3)
    forecast = model.predict(cloud_file_content)
    assert set(forecast) == {"label", "label_probability"}
    assert set(np.unique(forecast.label)) <= {1, 2}
