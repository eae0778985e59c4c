import keras
import numpy as np
import pytest

from geodl.metrics import ClassAccuracy, CloudAccuracy, CloudTypeLoss


@pytest.fixture
def case():
    random = np.random.default_rng(0)
    y = random.integers(0, 16, (2, 4, 5, 6))
    p = random.dirichlet(np.ones(16), y.shape).astype("float32")
    return y, p


def test_loss_equals_its_formula_in_numpy(case):
    y, p = case
    known = y > 0
    cloud = p[..., 5:].sum(-1)
    right_mask = np.where(y >= 5, cloud, 1 - cloud)
    right_class = np.take_along_axis(p, y[..., None], -1)[..., 0]
    expected = -(np.log(right_class) + 0.5 * np.log(right_mask))[known].mean()
    assert np.isclose(float(CloudTypeLoss(mask_weight=0.5)(y, p)), expected, rtol=1e-3)


def test_pixels_without_data_do_not_change_the_loss(case):
    y, p = case
    spoilt = np.where((y == 0)[..., None], 1 / 16, p).astype("float32")
    assert np.isclose(float(CloudTypeLoss()(y, p)), float(CloudTypeLoss()(y, spoilt)))


def test_nothing_known_gives_zero(case):
    assert float(CloudTypeLoss()(0 * case[0], case[1])) == 0.0


def test_accuracies_equal_numpy(case):
    y, p = case
    known = y > 0
    for metric, right in (
        (ClassAccuracy(), p.argmax(-1) == y),
        (CloudAccuracy(), (p[..., 5:].sum(-1) > 0.5) == (y >= 5)),
    ):
        metric.update_state(y, p)
        assert np.isclose(float(metric.result()), right[known].mean())


def test_criteria_survive_serialization():
    loss = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(CloudTypeLoss(mask_weight=0.5)))
    assert loss.mask_weight == 0.5
    for metric in (ClassAccuracy(), CloudAccuracy()):
        assert type(metric).from_config(metric.get_config()).name == metric.name


def test_sample_weights_are_refused_not_ignored(case):
    with pytest.raises(ValueError, match="masks pixels by code 0"):
        CloudTypeLoss()(*case, sample_weight=np.ones(2))
