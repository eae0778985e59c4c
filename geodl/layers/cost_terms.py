"""Terms of a variational cost, each a squared distance in its own metric, one value a sample."""

import keras
import numpy as np
from keras import ops


class GaussianTerm(keras.layers.Layer):
    r"""What terms share: \(\mathbf d^\top C^{-1} \mathbf d\), summed over all axes but the first, \(C\) acting on the last one.

    Args:
        variance: diagonal of \(C\), one number or one a component.
        covariance: \(C\) as a symmetric positive definite matrix, instead of `variance`.

    Raises:
        ValueError: a variance that is not positive, or a covariance that is not symmetric and positive definite.
    """

    def __init__(self, variance=1.0, covariance=None, **kwargs):
        super().__init__(**kwargs)
        self.variance = np.asarray(variance, "float64")
        self.covariance = None if covariance is None else np.asarray(covariance, "float64")
        if not (np.isfinite(self.variance).all() and (self.variance > 0).all()):
            raise ValueError(f"{type(self).__name__}: variances must be positive, found {self.variance.min():g}.")
        if self.covariance is not None:
            _check_covariance(type(self).__name__, self.covariance)

    def squared(self, difference, seen=None):
        """Squared distance (batch,) of a difference, of the components that are seen alone."""
        if self.covariance is None:
            squares = ops.square(difference) / ops.cast(self.variance, difference.dtype)
        else:
            squares = ops.square(ops.squeeze(self._whitened(difference, seen), -1))
        return ops.sum(squares, axis=tuple(range(1, len(squares.shape))))

    def _whitened(self, difference, seen):
        covariance = ops.cast(self.covariance, difference.dtype)
        if seen is not None:
            # The marginal of the seen ones: rows and columns of the others become those of the identity, their difference is 0.
            both = ops.cast(seen, difference.dtype)
            both = both[..., :, None] * both[..., None, :]
            covariance = covariance * both + ops.eye(self.covariance.shape[0], dtype=difference.dtype) * (1 - both)
        root = ops.linalg.cholesky(covariance)
        root = ops.broadcast_to(root, (*ops.shape(difference), ops.shape(difference)[-1]))
        return ops.linalg.solve_triangular(root, difference[..., None], lower=True)

    def compute_output_shape(self, state_shape, *_):
        return (state_shape[0],)

    def get_config(self):
        covariance = None if self.covariance is None else self.covariance.tolist()
        return {**super().get_config(), "variance": self.variance.tolist(), "covariance": covariance}


@keras.saving.register_keras_serializable(package="geodl")
class ObservationCost(GaussianTerm):
    r"""Distance to the observations, \((\mathbf y - H(\mathbf x))^\top R^{-1} (\mathbf y - H(\mathbf x))\).

    Observations that are NaN contribute nothing, component by component: with a full \(R\), what counts is its block of those
    that are seen.

    Args:
        operator: \(H\), a layer that maps the state to what is observed; by default the state itself is.
        variance: of the observation errors, one number or one a component.
        covariance: \(R\) of the components observed at one time, instead of `variance`.

    Call arguments:
        state: \(\mathbf x\) (batch, ...).
        observations: \(\mathbf y\), of the shape of \(H(\mathbf x)\), NaN where missing.

    Returns:
        (batch,); for the true state it is about the number of observations.

    Raises:
        ValueError: a variance that is not positive, or a covariance that is not symmetric and positive definite.

    Example:
        >>> cost = ObservationCost(variance=2.0)
        >>> print(np.array(cost(np.float32([[1.0, 5.0]]), np.float32([[3.0, np.nan]]))))
        [2.]
    """

    def __init__(self, operator=None, variance=1.0, covariance=None, **kwargs):
        super().__init__(variance, covariance, **kwargs)
        self.operator = operator

    def build(self, input_shape):
        if self.operator is not None and not self.operator.built:
            self.operator.build(input_shape)

    def call(self, state, observations):
        predicted = state if self.operator is None else self.operator(state)
        observations = ops.cast(observations, predicted.dtype)
        seen = ops.isfinite(observations)
        # NaN goes before anything is computed with it: its gradient would be NaN, too.
        return self.squared(ops.where(seen, ops.where(seen, observations, 0) - predicted, 0), seen)

    def get_config(self):
        return {**super().get_config(), "operator": keras.saving.serialize_keras_object(self.operator)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "operator": keras.saving.deserialize_keras_object(config["operator"])})


@keras.saving.register_keras_serializable(package="geodl")
class BackgroundCost(GaussianTerm):
    r"""Distance to the background, \(|L^{-1} (\mathbf x - \mathbf x_b)|^2\) with \(B = L L^\top\), its Cholesky square root.

    Args:
        variance: of the background errors, one number or one a component.
        covariance: \(B\) of the components, instead of `variance`.

    Call arguments:
        state: \(\mathbf x\) (batch, ..., component).
        background: \(\mathbf x_b\), of the same shape.

    Returns:
        (batch,).

    Raises:
        ValueError: a variance that is not positive, or a covariance that is not symmetric and positive definite.

    Example:
        >>> cost = BackgroundCost(covariance=[[2.0, 1.0], [1.0, 2.0]])
        >>> print(np.array(cost(np.float32([[1.0, 1.0]]), np.float32([[0.0, 0.0]]))).round(4))
        [0.6667]
    """

    def call(self, state, background):
        return self.squared(state - ops.cast(background, state.dtype))


@keras.saving.register_keras_serializable(package="geodl")
class DynamicsCost(GaussianTerm):
    r"""Weak constraint \(\sum_t (\mathbf x_{t+1} - M(\mathbf x_t))^\top Q^{-1} (\mathbf x_{t+1} - M(\mathbf x_t))\).

    Args:
        integrator: \(M\), a layer that maps states (batch, component) to those one step of the window later, such as an
            `ODEIntegrator`.
        variance: of the model errors, one number or one a component.
        covariance: \(Q\), instead of `variance`.

    Call arguments:
        state: (batch, time, component).

    Returns:
        (batch,).

    References:
        Trémolet (2006), Accounting for an imperfect model in 4D-Var, Quarterly Journal of the Royal Meteorological Society 132.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> from geodl.layers import ODEIntegrator
        >>> cost = DynamicsCost(ODEIntegrator(Lorenz63(), dt=0.01, steps=1), variance=0.1)
        >>> print(tuple(cost(np.ones((2, 10, 3), "float32")).shape))
        (2,)
    """

    def __init__(self, integrator, variance=1.0, covariance=None, **kwargs):
        super().__init__(variance, covariance, **kwargs)
        self.integrator = integrator

    def build(self, input_shape):
        if not self.integrator.built:
            self.integrator.build((None, input_shape[-1]))

    def call(self, state):
        before, after = state[:, :-1], state[:, 1:]
        size = state.shape[-1]
        forecast = ops.reshape(self.integrator(ops.reshape(before, (-1, size))), ops.shape(after))
        return self.squared(after - ops.cast(forecast, state.dtype))

    def get_config(self):
        return {**super().get_config(), "integrator": keras.saving.serialize_keras_object(self.integrator)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "integrator": keras.saving.deserialize_keras_object(config["integrator"])})


@keras.saving.register_keras_serializable(package="geodl")
class PriorCost(keras.layers.Layer):
    r"""Distance to what a prior makes of the state, \(|\mathbf x - \varphi(\mathbf x)|^2\).

    Args:
        prior: \(\varphi\), a layer that maps a state to one of the same shape; usually learned.

    Call arguments:
        state: (batch, ...).

    Returns:
        (batch,).

    References:
        Fablet et al. (2021), Learning variational data assimilation models and solvers, JAMES 13.

    Example:
        >>> cost = PriorCost(keras.layers.Dense(3, kernel_initializer="zeros"))
        >>> print(np.array(cost(np.ones((1, 4, 3), "float32"))))
        [12.]
    """

    def __init__(self, prior, **kwargs):
        super().__init__(**kwargs)
        self.prior = prior

    def build(self, input_shape):
        if not self.prior.built:
            self.prior.build(input_shape)

    def call(self, state):
        squares = ops.square(state - ops.cast(self.prior(state), state.dtype))
        return ops.sum(squares, axis=tuple(range(1, len(squares.shape))))

    def compute_output_shape(self, input_shape):
        return (input_shape[0],)

    def get_config(self):
        return {**super().get_config(), "prior": keras.saving.serialize_keras_object(self.prior)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "prior": keras.saving.deserialize_keras_object(config["prior"])})


def _check_covariance(name: str, covariance: np.ndarray) -> None:
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1] or not np.allclose(covariance, covariance.T):
        raise ValueError(f"{name}: the covariance must be a symmetric matrix, found shape {covariance.shape}.")
    smallest = np.linalg.eigvalsh(covariance).min()
    if not smallest > 0:
        raise ValueError(f"{name}: the covariance must be positive definite; its smallest eigenvalue is {smallest:g}.")
