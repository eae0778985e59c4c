"""A learned closure of Burgers' equation."""

import keras

from geodl.dynamics import Burgers
from geodl.layers.subgrid_network import SubgridNetwork
from geodl.models.burgers_closure import BurgersClosure


@keras.saving.register_keras_serializable(package="geodl")
class BurgersCNN(BurgersClosure):
    r"""A pseudo-spectral solver on a coarse grid whose unresolved scales are a convolutional network in flux form.

    $$ \partial_t \bar u = -\tfrac12 \partial_x \bar u^2 + \nu\,\partial_x^2 \bar u + \bar f
       - \partial_x F_\theta(\bar u, \nu) $$

    Trained a priori on the true tendency, or a posteriori, through `unrolled(steps)`, on trajectories.

    Args:
        points: of the grid.
        channels: of the hidden layers.
        radius: of their stencils, in cells.
        viscosity: where a dataset does not give it.
        ends: "periodic", or "zero" for walls.
        dt: time step of `rollout`.

    Call arguments:
        state: u, viscosity and forcing (batch, 3, x).

    Returns:
        Subgrid tendency (batch, x).

    References:
        Um et al. (2020), Solver-in-the-loop, Advances in Neural Information Processing Systems 33; Bar-Sinai et al. (2019),
        Learning data-driven discretizations for partial differential equations, PNAS 116.

    Example:
        >>> model = BurgersCNN(points=32, channels=(8, 8))
        >>> print(tuple(model(np.full((1, 3, 32), 0.01)).shape))
        (1, 32)
    """

    def __init__(self, points, channels=(24, 24, 24), radius=2, viscosity=1e-3, ends="periodic", dt=0.02, **kwargs):
        keywords = {"viscosity": viscosity, "ends": ends}
        policy = {"dtype": kwargs["dtype"]} if "dtype" in kwargs else {}
        closure = SubgridNetwork(channels, radius, **keywords, **policy)
        super().__init__(Burgers(**keywords, **policy), closure, points, dt, **kwargs)
        self.channels, self.radius = tuple(channels), int(radius)

    def get_config(self):
        inherited = {name: value for name, value in super().get_config().items() if name not in ("dynamics", "closure")}
        own = {"channels": self.channels, "radius": self.radius}
        return {**inherited, **own, "viscosity": self.closure.viscosity, "ends": self.dynamics.ends}
