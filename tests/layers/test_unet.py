import numpy as np
import pytest
import tensorflow as tf

from geodl.layers import ResidualBlock, UNetDecoder, UNetEncoder
from layer_check import check_layer


def test_residual_block_keeps_the_contracts_of_a_layer():
    block = ResidualBlock()
    x = np.random.default_rng(0).normal(size=(2, 8, 12, 4)).astype("float32")
    block(x)
    check_layer(block, x, tolerance=1e-4)


def test_encoder_keeps_the_contracts_of_a_layer():
    encoder = UNetEncoder(filters=(4, 6), blocks=(1, 1))
    x = np.random.default_rng(0).normal(size=(2, 8, 12, 3)).astype("float32")
    encoder(x)
    check_layer(encoder, x, tolerance=1e-4)


def test_decoder_gives_the_finest_grid_the_same_in_graph_and_jit():
    random = np.random.default_rng(0)
    features = [tf.constant(random.normal(size=s).astype("float32")) for s in ((1, 16, 24, 4), (1, 8, 12, 6))]
    decoder = UNetDecoder(blocks=(1,))
    expected = decoder(features)
    assert expected.shape == features[0].shape
    for jit in (False, True):
        np.testing.assert_allclose(tf.function(decoder, jit_compile=jit)(features), expected, atol=1e-5)
    assert UNetDecoder.from_config(decoder.get_config()).blocks == (1,)


def test_levels_must_agree():
    with pytest.raises(ValueError, match="one value a level"):
        UNetEncoder(filters=(4, 6), blocks=(1,))
