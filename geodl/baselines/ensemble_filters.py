"""Ensemble Kalman filters: members carry the uncertainty from one observation time to the next, all windows at once."""

import math

import numpy as np
import tensorflow as tf

from geodl.baselines.classical_assimilator import ClassicalAssimilator
from geodl.layers import ODEIntegrator


class EnsembleFilter(ClassicalAssimilator):
    """What ensemble filters share: the cycle of forecast and analysis; subclasses define `analyse`.

    Args:
        dynamics: the equation of motion, exact or learned.
        components: size of the state.
        dt: time between two states.
        members: size of the ensemble.
        variance: of the observation errors.
        inflation: factor of the anomalies after each analysis.
        radius: localisation radius, in components on a ring; by default every observation acts on all components.
        seed: of the first ensemble and of perturbed observations.

    Raises:
        ValueError: less than two members, a variance, inflation or radius that is not positive.
    """

    def __init__(self, dynamics, components, dt, members, variance=2.0, inflation=1.0, radius=None, seed=0):
        super().__init__(components, dt, variance)
        if members < 2:
            raise ValueError(f"An ensemble needs at least 2 members, found {members}.")
        if not inflation > 0:
            raise ValueError(f"Expected a positive inflation; found {inflation}.")
        if radius is not None and not radius > 0:
            raise ValueError(f"Expected a positive radius; found {radius}.")
        self.members, self.inflation, self.radius = int(members), float(inflation), radius
        self.seed = int(seed)
        self.step = ODEIntegrator(dynamics, dt, 1)
        self._compiled = tf.function(self.assimilate, jit_compile=True)

    def estimate(self, states: np.ndarray) -> "EnsembleFilter":
        """Keeps states (sample, time, component) of the climatology, from which first ensembles are drawn."""
        self.bank = states.reshape(-1, self.components).astype(self.variable_dtype)
        return super().estimate(states)

    def call(self, observations):
        # All windows draw the same numbers, so that none depends on those beside it.
        drawn = self.bank[np.random.default_rng(self.seed).integers(len(self.bank), size=self.members)]
        first = np.broadcast_to(drawn, (len(observations), *drawn.shape))
        mean, spread = self._compiled(tf.convert_to_tensor(observations), tf.convert_to_tensor(first))
        return tf.stack([mean, spread], axis=-1)

    def assimilate(self, observations, ensemble):
        """Mean and spread (batch, time, component) of the analyses, from a first ensemble (batch, member, component)."""
        length = observations.shape[1]
        means, spreads = (tf.TensorArray(ensemble.dtype, length, element_shape=observations[:, 0].shape) for _ in range(2))

        def body(time, ensemble, means, spreads):
            ensemble = tf.cond(time > 0, lambda: self.forecast(ensemble), lambda: ensemble)
            now = observations[:, time]
            seen = tf.math.is_finite(now)
            analysed = lambda: _where_seen(seen, self.analyse(ensemble, now, seen, time), ensemble)  # noqa: E731
            ensemble = tf.cond(tf.reduce_any(seen), analysed, lambda: ensemble)
            means = means.write(time, tf.reduce_mean(ensemble, axis=1))
            spreads = spreads.write(time, _spread(ensemble))
            return time + 1, ensemble, means, spreads

        loop = (0, ensemble, means, spreads)
        means, spreads = tf.while_loop(lambda time, *_: time < length, body, loop, maximum_iterations=length)[2:]
        return tf.transpose(means.stack(), (1, 0, 2)), tf.transpose(spreads.stack(), (1, 0, 2))

    def forecast(self, ensemble):
        """Members one step later."""
        return tf.reshape(self.step(tf.reshape(ensemble, (-1, self.components))), tf.shape(ensemble))

    def analyse(self, ensemble, observations, seen, time):
        """Members (batch, member, component) given observations (batch, component) where `seen`."""
        raise NotImplementedError

    def localisation(self):
        """Gaspari–Cohn weights (component, component)."""
        if self.radius is None:
            return tf.ones((self.components, self.components))
        distance = np.abs(np.subtract.outer(np.arange(self.components), np.arange(self.components)))
        return tf.constant(gaspari_cohn(np.minimum(distance, self.components - distance) / self.radius), "float32")


class EnKF(EnsembleFilter):
    r"""Stochastic ensemble Kalman filter: observations with other noise for each member.

    $$ \mathbf x_i \leftarrow \mathbf x_i + P H^\top (H P H^\top + R)^{-1}
       (\mathbf y + \boldsymbol\epsilon_i - H \mathbf x_i) $$

    \(P\) is the covariance of the ensemble, tapered where there is a localisation radius. See `EnsembleFilter` for arguments.

    References:
        Burgers, van Leeuwen and Evensen (1998), Analysis scheme in the ensemble Kalman filter, Monthly Weather Review 126.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> filter = EnKF(Lorenz63(), components=3, dt=0.01, members=10).estimate(np.ones((1, 50, 3)))
        >>> print(tuple(filter(np.zeros((2, 20, 3), "float32")).shape))
        (2, 20, 3, 2)
    """

    def analyse(self, ensemble, observations, seen, time):
        anomalies = ensemble - tf.reduce_mean(ensemble, axis=1, keepdims=True)
        weights = self.innovation_weights(ensemble, anomalies, observations, seen, time, self.variance)
        return self.inflated(ensemble + self.increment(anomalies, anomalies, seen, weights))

    def innovation_weights(self, ensemble, anomalies, observations, seen, draw, variance):
        r"""The inverse of \(H P H^\top + R\) times the innovations, perturbed by a numbered draw (batch, component, member)."""
        noise = tf.random.stateless_normal(tf.shape(ensemble)[1:], (self.seed, draw), dtype=ensemble.dtype)
        noise = variance**0.5 * (noise - tf.reduce_mean(noise, axis=0))
        observed = tf.cast(seen, ensemble.dtype)[:, None]
        innovation = tf.where(seen[:, None], observations[:, None] + noise - ensemble, 0.0)
        innovation = tf.linalg.matrix_transpose(innovation)
        seen_anomalies = anomalies * observed
        covariance = tf.matmul(seen_anomalies, seen_anomalies, transpose_a=True) / (self.members - 1)
        covariance = covariance * self.localisation() + variance * tf.eye(self.components)
        return tf.linalg.cholesky_solve(tf.linalg.cholesky(covariance), innovation)

    def increment(self, anomalies, seen_anomalies, seen, weights):
        r"""\(P H^\top\) times the weights, for states of this time or of an earlier one (..., batch, member, component)."""
        observed = seen_anomalies * tf.cast(seen, anomalies.dtype)[:, None]
        cross = tf.matmul(anomalies, observed, transpose_a=True) / (self.members - 1) * self.localisation()
        return tf.linalg.matrix_transpose(tf.matmul(cross, weights))

    def inflated(self, ensemble):
        """Members with their anomalies times the inflation."""
        mean = tf.reduce_mean(ensemble, axis=1, keepdims=True)
        return mean + self.inflation * (ensemble - mean)


class EnKS(EnKF):
    r"""Ensemble Kalman smoother: each analysis of the `EnKF` also corrects the members at earlier times, up to a lag.

    With several passes the window is assimilated again and again, each time from the members that the pass before gave to its
    first state, with the variance of the errors times a factor \(\alpha_i\). As \(\sum 1 / \alpha_i = 1\), a linear model's
    estimate stays the same, while a nonlinear one is linearised about members that know the whole window already.

    See `EnsembleFilter` for the other arguments.

    Args:
        lag: how many steps back an observation acts; by default to the beginning of the window, as several passes need.
        passes: the factors \(\alpha_i\).

    Raises:
        ValueError: also for factors whose inverses do not add up to one, or a lag together with several passes.

    References:
        Evensen and van Leeuwen (2000), An ensemble Kalman smoother for nonlinear dynamics, Monthly Weather Review 128.
        Emerick and Reynolds (2013), Ensemble smoother with multiple data assimilation, Computers & Geosciences 55.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> smoother = EnKS(Lorenz63(), components=3, dt=0.01, members=10).estimate(np.ones((1, 50, 3)))
        >>> print(tuple(smoother(np.zeros((2, 20, 3), "float32")).shape))
        (2, 20, 3, 2)
    """

    batch_size = 50

    def __init__(
        self, dynamics, components, dt, members, variance=2.0, inflation=1.0, radius=None, lag=None, passes=(1.0,), seed=0
    ):
        super().__init__(dynamics, components, dt, members, variance, inflation, radius, seed)
        if not (min(passes) > 0 and math.isclose(sum(1 / factor for factor in passes), 1)):
            raise ValueError(f"Expected positive `passes` whose inverses add up to 1; found {passes}.")
        if lag is not None and len(passes) > 1:
            raise ValueError("Several passes correct the first state by the whole window: leave `lag` out.")
        self.lag, self.passes = lag, tuple(passes)

    def assimilate(self, observations, ensemble):
        for number, factor in enumerate(self.passes):
            history = self._smooth(observations, ensemble, factor * self.variance, number)
            ensemble = history[0]
        return tf.transpose(tf.reduce_mean(history, axis=2), (1, 0, 2)), tf.transpose(_spread(history), (1, 0, 2))

    def _smooth(self, observations, ensemble, variance, number):
        """Members (time, batch, member, component) after one pass."""
        length = observations.shape[1]
        lag = length if self.lag is None else min(self.lag, length)
        # Members of all times, after `lag` empty ones, so that what an analysis corrects is always of one size.
        history = tf.zeros((lag + length, *ensemble.shape), ensemble.dtype)

        def smooth(history, ensemble, now, seen, time):
            anomalies = ensemble - tf.reduce_mean(ensemble, axis=1, keepdims=True)
            weights = self.innovation_weights(ensemble, anomalies, now, seen, number * length + time, variance)
            past = tf.slice(history, (time, 0, 0, 0), (lag, *ensemble.shape))
            past_anomalies = past - tf.reduce_mean(past, axis=2, keepdims=True)
            past += self.increment(past_anomalies, anomalies, seen, weights)
            history = tf.tensor_scatter_nd_update(history, (time + tf.range(lag))[:, None], past)
            analysed = self.inflated(ensemble + self.increment(anomalies, anomalies, seen, weights))
            return history, _where_seen(seen, analysed, ensemble)

        def body(time, ensemble, history):
            ensemble = tf.cond(time > 0, lambda: self.forecast(ensemble), lambda: ensemble)
            now = observations[:, time]
            seen = tf.math.is_finite(now)
            history, ensemble = tf.cond(
                tf.reduce_any(seen),
                lambda: smooth(history, ensemble, now, seen, time),
                lambda: (history, ensemble),
            )
            return time + 1, ensemble, tf.tensor_scatter_nd_update(history, [[lag + time]], ensemble[None])

        loop = (0, ensemble, history)
        return tf.while_loop(lambda time, *_: time < length, body, loop, maximum_iterations=length)[2][lag:]


class LETKF(EnsembleFilter):
    r"""Ensemble transform Kalman filter: one symmetric square root in the space of the members, local where there is a radius.

    $$ \bar{\mathbf x} \leftarrow \bar{\mathbf x} + A \tilde P Y^\top R^{-1} (\mathbf y - \bar{\mathbf y}), \quad
       A \leftarrow A\,[(N - 1)\,\tilde P]^{1/2}, \quad \tilde P = [(N - 1) I + Y^\top R^{-1} Y]^{-1} $$

    Locally, each component has a transform of its own, where \(R^{-1}\) is tapered with distance. See `EnsembleFilter` for
    arguments.

    References:
        Hunt, Kostelich and Szunyogh (2007), Efficient data assimilation for spatiotemporal chaos, Physica D 230.

    Example:
        >>> from geodl.dynamics import Lorenz96
        >>> filter = LETKF(Lorenz96(), components=40, dt=0.05, members=7, radius=4).estimate(np.ones((1, 50, 40)))
        >>> print(tuple(filter(np.zeros((2, 5, 40), "float32")).shape))
        (2, 5, 40, 2)
    """

    def analyse(self, ensemble, observations, seen, time):
        mean = tf.reduce_mean(ensemble, axis=1)
        anomalies = ensemble - mean[:, None]
        innovation = tf.where(seen, observations - mean, 0.0)
        precision = tf.cast(seen, ensemble.dtype) / self.variance
        if self.radius is None:
            precision = precision[:, None]  # one transform for all components
        else:
            precision = precision[:, None] * self.localisation()  # (batch, transform, component)
        weighted = anomalies[:, None] * precision[:, :, None]  # (batch, transform, member, component)
        matrix = tf.matmul(weighted, anomalies[:, None], transpose_b=True) + (self.members - 1) * tf.eye(self.members)
        values, vectors = tf.linalg.eigh(matrix)
        towards = tf.linalg.matvec(weighted, innovation[:, None])  # (batch, transform, member)
        shift = tf.linalg.matvec(vectors, tf.linalg.matvec(vectors, towards, transpose_a=True) / values)
        root = tf.matmul(vectors * tf.sqrt((self.members - 1) / values)[..., None, :], vectors, transpose_b=True)
        transform = self.inflation * root + shift[..., :, None]  # (batch, transform, member, new member)
        if self.radius is None:
            return mean[:, None] + tf.matmul(transform[:, 0], anomalies, transpose_a=True)
        return mean[:, None] + tf.einsum("bjmn,bmj->bnj", transform, anomalies)


class ETKF(LETKF):
    """`LETKF` without localisation: one transform for all components. See `EnsembleFilter` for arguments.

    References:
        Bishop, Etherton and Majumdar (2001), Adaptive sampling with the ensemble transform Kalman filter, Monthly Weather
        Review 129.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> filter = ETKF(Lorenz63(), components=3, dt=0.01, members=10).estimate(np.ones((1, 50, 3)))
        >>> print(tuple(filter(np.zeros((2, 20, 3), "float32")).shape))
        (2, 20, 3, 2)
    """

    def __init__(self, dynamics, components, dt, members, variance=2.0, inflation=1.0, seed=0):
        super().__init__(dynamics, components, dt, members, variance, inflation, None, seed)


def gaspari_cohn(distance: np.ndarray) -> np.ndarray:
    """The fifth-order piecewise rational function of Gaspari and Cohn, 1 at distance 0 and 0 from 2 on.

    Args:
        distance: over the localisation radius.

    References:
        Gaspari and Cohn (1999), Construction of correlation functions in two and three dimensions, Quarterly Journal of the
        Royal Meteorological Society 125, equation 4.10.

    Example:
        >>> print(gaspari_cohn(np.array([0.0, 1.0, 2.0])).round(4) + 0)
        [1.     0.2083 0.    ]
    """
    r = np.clip(distance, 0, 2)
    near = 1 - r**2 * 5 / 3 + r**3 * 5 / 8 + r**4 / 2 - r**5 / 4
    far = 4 - 5 * r + r**2 * 5 / 3 + r**3 * 5 / 8 - r**4 / 2 + r**5 / 12 - 2 / (3 * np.maximum(r, 1))
    return np.where(r <= 1, near, far)


def _where_seen(seen, analysed, ensemble):
    """Analysed members where a window has an observation; the others are left as they are, without inflation."""
    return tf.where(tf.reduce_any(seen, axis=1)[:, None, None], analysed, ensemble)


def _spread(ensemble):
    """Standard deviation of members (..., member, component)."""
    members = ensemble.shape[-2]
    return tf.math.reduce_std(ensemble, axis=-2) * (members / max(members - 1, 1)) ** 0.5  # that of one member is 0
