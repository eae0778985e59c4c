import numpy as np

from geodl.models import CloudCNN
from layer_check import check_layer, check_saving


def test_cloud_cnn_keeps_the_contracts_of_a_model(moving_codes, tmp_path):
    model = CloudCNN(filters=4)
    codes = moving_codes[:, :6, :16, :24]
    model.build((None, 6, None, None))
    check_layer(model, codes, tolerance=1e-4, policies=("mixed_bfloat16",))
    check_saving(model, codes, tmp_path, tolerance=1e-4)


def test_probabilities_sum_to_one(moving_codes):
    np.testing.assert_allclose(CloudCNN(filters=4).predict(moving_codes[:, :6], verbose=0).sum(-1), 1.0, atol=1e-5)
