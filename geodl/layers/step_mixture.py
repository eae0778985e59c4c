"""The distribution of an animal's next step, as a mixture."""

import tensorflow as tf
from keras import ops

PARAMETERS = 5  # of a component
NARROWEST, WIDEST = 0.02, 2.0  # standard deviation of the logarithm of a length
SHARPEST = 2000.0  # concentration of a direction


class StepMixture:
    r"""A mixture of components in each of which length is log-normal and turning angle, independent of it, von Mises.

    $$ p(\ell, \theta) = \sum_k w_k\, \mathrm{LogNormal}(\ell;\, \mu_k, \sigma_k)\,
       \mathrm{vonMises}(\theta;\, \phi_k, \kappa_k) $$

    Args:
        parameters: (..., component, 5): \(\log w\) up to a constant, \(\mu\), \(s\) of \(\sigma = .02 + \min(e^s, 2)\), and
            \(\kappa\, (\cos\phi, \sin\phi)\); \(\kappa\) is 2000 at most.

    References:
        Bishop (1994), Mixture density networks, Aston University.
        Morales et al. (2004), Extracting more out of relocation data: building movement models as mixtures of random walks,
        Ecology 85.

    Example:
        >>> straight = StepMixture(np.float32([[0.0, 0.0, -3.0, 100.0, 0.0]]))
        >>> length, turn = straight.sample(seed=(1, 2))
        >>> print(abs(float(turn)) < 0.5)
        True
    """

    def __init__(self, parameters):
        import tensorflow_probability as tfp

        self.tfd = tfp.distributions
        logit, location, log_scale, *towards = ops.unstack(ops.convert_to_tensor(parameters), axis=-1)
        self.log_weight = ops.log_softmax(logit, axis=-1)
        self.location, self.scale = location, NARROWEST + ops.exp(ops.minimum(log_scale, ops.log(WIDEST)))
        self.towards = towards

    @property
    def _lengths(self):
        return self.tfd.LogNormal(self.location, self.scale)

    @property
    def _turns(self):
        return _turns(self.tfd, *self.towards)

    def log_prob(self, length, turn):
        """Logarithm of the density of lengths (...) and turning angles (...), radians."""
        density = self._lengths.log_prob(length[..., None]) + self._turns.log_prob(turn[..., None])
        return ops.logsumexp(self.log_weight + density, axis=-1)

    def sample(self, seed):
        """A length (...) and a turning angle (...) from each distribution; the seed has two integers."""
        seeds = tf.unstack(tf.random.split(seed, 3))
        uniform = tf.random.stateless_uniform(tf.shape(self.log_weight), seeds[0], minval=1e-9)
        # The largest of Gumbel variables shifted by log w is that of component k with probability w.
        chosen = ops.argmax(self.log_weight - ops.log(-ops.log(uniform)), axis=-1)[..., None]
        location, scale, *towards = (
            ops.take_along_axis(p, chosen, axis=-1)[..., 0] for p in (self.location, self.scale, *self.towards)
        )
        length = self.tfd.LogNormal(location, scale).sample(seed=seeds[1])
        return length, _turns(self.tfd, *towards).sample(seed=seeds[2])


def _turns(tfd, along, across):
    concentration = ops.sqrt(ops.square(along) + ops.square(across) + 1e-6)
    return tfd.VonMises(ops.arctan2(across, along + 1e-9), ops.minimum(concentration, SHARPEST))
