"""One function for the test of every layer and model: does it keep the contracts of Keras and of this package?"""

import keras
import numpy as np
import tensorflow as tf


def check_layer(layer, *inputs, tolerance=1e-5, unknown_sizes=True, policies=("mixed_bfloat16", "float64"), jit=True):
    """Checks a layer or model on inputs with a leading batch axis.

    Config round trip; registered under `geodl`; graph = jit = eager; finite gradients for every weight; `.keras` round trip
    and, for models, `export`; sizes unknown when the graph is built; output finite under other dtype policies.
    """
    inputs = [np.asarray(x) for x in inputs]
    expected = _arrays(layer(*inputs))
    clone = _clone(layer, inputs)
    clone.set_weights(layer.get_weights())
    _same(clone(*inputs), expected, tolerance)
    assert keras.saving.get_registered_name(type(layer)).startswith("geodl>")

    _same(tf.function(layer)(*inputs), expected, tolerance)
    if jit:
        _same(tf.function(layer, jit_compile=True)(*inputs), expected, tolerance)
    if unknown_sizes:
        unknown = [
            tf.TensorSpec([None if 0 < i else s for i, s in enumerate(x.shape[:-1])] + [x.shape[-1]], x.dtype) for x in inputs
        ]
        _same(tf.function(layer, input_signature=_unknown(layer, inputs) or unknown)(*inputs), expected, tolerance)
    _finite_gradients(layer, inputs)
    for policy in policies:
        other = _clone(layer, inputs, policy)
        assert all(np.isfinite(x.astype("float64")).all() for x in _arrays(other(*inputs)))
        assert all(v.dtype == other.dtype_policy.variable_dtype for v in other.trainable_variables if "float32" != v.dtype)


def check_saving(model, x, folder, tolerance=1e-5):
    """`.keras` and `export` give back the same outputs."""
    expected = np.asarray(model(x))
    model.save(folder / "model.keras")
    _same(keras.models.load_model(folder / "model.keras")(x), [expected], tolerance)
    model.export(folder / "exported", verbose=False)
    exported = tf.saved_model.load(str(folder / "exported"))
    _same(exported.serve(tf.cast(x, "float32")), [expected], tolerance)


def _clone(layer, inputs, policy=None):
    config = layer.get_config()
    if policy is not None:
        config["dtype"] = policy
    clone = type(layer).from_config(config)
    clone(*inputs)
    return clone


def _unknown(layer, inputs):
    """Models of class codes know time only; images know channels only."""
    if isinstance(layer, keras.Model):
        return [tf.TensorSpec([None, x.shape[1], None, None], x.dtype) for x in inputs]
    return None


def _finite_gradients(layer, inputs):
    tensors = [tf.convert_to_tensor(x) for x in inputs]
    floating = [t for t in tensors if t.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(floating)
        outputs = tf.nest.flatten(layer(*tensors))
        loss = tf.add_n([tf.reduce_sum(tf.square(output)) for output in outputs])
    for weight, gradient in zip(
        layer.trainable_variables, tape.gradient(loss, [v.value for v in layer.trainable_variables]), strict=True
    ):
        assert gradient is not None, f"no gradient reaches {weight.path}"
        assert np.isfinite(tf.convert_to_tensor(gradient).numpy()).all(), f"gradient of {weight.path} is not finite"


def _arrays(outputs):
    return [tf.cast(x, "float32").numpy() for x in tf.nest.flatten(outputs)]


def _same(outputs, expected, tolerance):
    for found, wanted in zip(_arrays(outputs), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
