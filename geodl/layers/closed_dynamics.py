"""An equation of motion on a coarse grid, closed by what its unresolved scales do."""

import keras

from geodl.dynamics import Dynamics
from geodl.layers.right_hand_side import build_dynamics, check_dynamics


@keras.saving.register_keras_serializable(package="geodl")
class ClosedDynamics(Dynamics):
    r"""The resolved tendency and that of unresolved scales.

    $$ \dot{\mathbf x} = f(\mathbf x) + c(\mathbf x) $$

    As the right-hand side of an `ODEIntegrator` it is how a closure is trained *a posteriori*: the error of a trajectory has a
    gradient through the solver.

    Args:
        dynamics: \(f\), any layer that maps a state to its tendency.
        closure: \(c\), the same.

    Call arguments:
        state: (batch, ...).

    Returns:
        Tendency, of the shape of the state.

    Raises:
        ValueError: a part that is not a layer.

    References:
        Um et al. (2020), Solver-in-the-loop: learning from differentiable physics to interact with iterative PDE-solvers,
        Advances in Neural Information Processing Systems 33.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> print(np.array(ClosedDynamics(Lorenz63(), Lorenz63())(np.float32([[1.0, 2.0, 3.0]]))))
        [[ 20.  46. -12.]]
    """

    def __init__(self, dynamics, closure, **kwargs):
        super().__init__(**kwargs)
        check_dynamics(dynamics)
        check_dynamics(closure)
        self.dynamics, self.closure = dynamics, closure

    def build(self, input_shape):
        build_dynamics(self.dynamics, input_shape)
        build_dynamics(self.closure, input_shape)

    def call(self, state):
        return self.dynamics(state) + self.closure(state)

    def get_config(self):
        parts = {"dynamics": self.dynamics, "closure": self.closure}
        return {**super().get_config(), **{name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}}

    @classmethod
    def from_config(cls, config):
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("dynamics", "closure")}
        return cls(**{**config, **parts})
