"""A weighted sum of cost terms, and its gradient."""

import inspect

import keras
import numpy as np
import tensorflow as tf
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class VariationalCost(keras.layers.Layer):
    r"""\(J(\mathbf x) = \sum_i \alpha_i J_i(\mathbf x)\), one value a sample, differentiable to any order.

    A term is a layer with `call(state)`, `call(state, observations)` or `call(state, background)`: it gets what it names.

    Args:
        terms: {name: term}.
        weights: {name: \(\alpha_i\)}, positive; 1 by default.
        learned: `fit` may change the weights, which stay positive.

    Call arguments:
        state: (batch, ...).
        observations: what the terms that read them expect, NaN where missing.
        background: likewise.

    Returns:
        (batch,).

    Raises:
        ValueError: a weight that is not positive, or of no term; no observations or background where a term needs them.

    Example:
        >>> from geodl.layers import BackgroundCost, ObservationCost
        >>> cost = VariationalCost({"observation": ObservationCost(variance=0.5), "background": BackgroundCost(variance=2.0)})
        >>> print(np.array(cost(np.ones((1, 3)), observations=np.zeros((1, 3)), background=np.zeros((1, 3)))))
        [7.5]
    """

    def __init__(self, terms, weights=None, learned=False, **kwargs):
        super().__init__(**kwargs)
        self.terms = dict(terms)
        self.weights_of_terms = {name: 1.0 for name in self.terms} | dict(weights or {})
        self.learned = bool(learned)
        unknown = set(self.weights_of_terms) - set(self.terms)
        if unknown:
            raise ValueError(f"`weights` must name terms among {', '.join(self.terms)}; found {', '.join(sorted(unknown))}.")
        for name, weight in self.weights_of_terms.items():
            if not weight > 0:
                raise ValueError(f"The weight of {name} must be positive, found {weight}.")
            # Their logarithms are what is learned.
            logarithm = keras.initializers.Constant(float(np.log(weight)))
            setattr(self, f"log_{name}", self.add_weight((), logarithm, name=f"log_{name}", trainable=self.learned))

    def build(self, input_shape):
        for term in self.terms.values():
            if not term.built:
                term.build(input_shape)

    def call(self, state, observations=None, background=None):
        given = {"observations": observations, "background": background}
        total = 0
        for name, term in self.terms.items():
            read = [key for key in inspect.signature(term.call).parameters if key in given]
            for key in read:
                if given[key] is None:
                    raise ValueError(f"The term {name!r} of the cost needs `{key}`; none were given.")
            value = term(state, *(given[key] for key in read))
            total = total + ops.cast(ops.exp(getattr(self, f"log_{name}")), value.dtype) * value
        return total

    def value_and_gradient(self, state, observations=None, background=None):
        """Cost (batch,) and its gradient, of the shape of the state; both can be differentiated again."""
        with tf.GradientTape() as tape:
            tape.watch(state)
            value = self(state, observations, background)
        return value, tape.gradient(value, state, unconnected_gradients="zero")

    def compute_output_shape(self, state_shape, *_):
        return (state_shape[0],)

    def get_config(self):
        return {
            **super().get_config(),
            "terms": {name: keras.saving.serialize_keras_object(term) for name, term in self.terms.items()},
            "weights": self.weights_of_terms,
            "learned": self.learned,
        }

    @classmethod
    def from_config(cls, config):
        terms = {name: keras.saving.deserialize_keras_object(term) for name, term in config["terms"].items()}
        return cls(**{**config, "terms": terms})
