"""Suspended sediment over a coastal sea: advection, diffusion, settling and resuspension."""

import keras
import numpy as np
from keras import ops

from geodl.dynamics.dynamics import Dynamics


@keras.saving.register_keras_serializable(package="geodl")
class SedimentTransport(Dynamics):
    r"""Depth-averaged concentration \(C\) of suspended sediment under tides, waves, currents and rivers.

    $$ h\,\partial_t C = -\nabla\cdot(\mathbf F C) + \nabla\cdot(h K \nabla C) - w_s (C - C_b)
       + M \max(\tau / \tau_c - 1, 0) + Q, \qquad
       \tau = \rho c_d U^2 \left(1 + a \cos \tfrac{2 \pi t}{T}\right) + \tau_w\, w^2 e^{-h / d} $$

    Waves \(w\), sources \(Q\) and the streamfunctions of the transport \(\mathbf F\) are patterns times their amplitudes in
    time, the forcing; advection is upwind, in flux form. \(T\) = 14.77
    days is the period of springs and neaps. The forcing is interpolated linearly in time, and constant after its end.

    Args:
        depth: \(h\) (y, x), m, 0 on land.
        spacing: of the grid, km.
        tidal_current: \(U\) (y, x), amplitude of the tidal current, m/s.
        waves: patterns of the height of waves (pattern, y, x), 1 where waves are high.
        streamfunctions: transport of each mode of the currents, at the corners of the grid (mode, y + 1, x + 1), km · m²/s.
        sources: \(Q\) of each river for discharge 1 (river, y, x), g/m²/day.
        forcing: time series (time, patterns + rivers + modes): of the waves, the discharges, the currents.
        forcing_step: time between two values of the forcing, days.
        settling_velocity: \(w_s\), m/day.
        erosion_rate: \(M\), g/m²/day.
        critical_stress: \(\tau_c\), Pa.
        background: \(C_b\), what never settles, g/m³.
        wave_stress: \(\tau_w\) of waves \(w = 1\) in shallow water, Pa.
        wave_depth: \(d\), m.
        spring_neap: \(a\).
        diffusivity: \(K\), km²/day.
        estimated: names of the parameters that `fit` may change.

    Call arguments:
        state: \(C\) (batch, y, x), g/m³, 0 on land.
        time: days.

    Returns:
        Tendency (batch, y, x), g/m³ a day; 0 on land.

    Raises:
        ValueError: fields that are not on the grid of the depth.

    References:
        Partheniades (1965), Erosion and deposition of cohesive soils, Journal of the Hydraulics Division 91.

    Example:
        >>> depth = np.full((8, 8), 10.0)
        >>> dynamics = SedimentTransport(
        ...     depth,
        ...     spacing=3.0,
        ...     tidal_current=0 * depth,
        ...     waves=np.zeros((1, 8, 8)),
        ...     sources=np.zeros((1, 8, 8)),
        ...     streamfunctions=np.zeros((1, 9, 9)),
        ...     forcing=np.zeros((2, 3)),
        ... )
        >>> print(round(float(dynamics(np.ones((1, 8, 8), "float32"), time=0.0)[0, 4, 4]), 3))
        -1.125
    """

    parameters = {
        "settling_velocity": 15.0,
        "erosion_rate": 12.0,
        "critical_stress": 0.25,
        "background": 0.25,
        "wave_stress": 1.0,
        "wave_depth": 20.0,
        "spring_neap": 0.7,
        "diffusivity": 1.0,
    }
    SPRING_NEAP_DAYS = 14.77
    DRAG = 1025.0 * 0.0025  # ρ c_d, kg/m³

    def __init__(
        self,
        depth,
        spacing,
        tidal_current,
        waves,
        sources,
        streamfunctions,
        forcing,
        forcing_step=0.25,
        estimated=(),
        **kwargs,
    ):
        super().__init__(estimated, **kwargs)
        self.spacing, self.forcing_step = float(spacing), float(forcing_step)
        given = {"depth": depth, "tidal_current": tidal_current, "waves": waves, "sources": sources}
        given |= {"streamfunctions": streamfunctions, "forcing": forcing}
        self.fields = {name: np.asarray(values, "float64") for name, values in given.items()}
        height, width = self.fields["depth"].shape
        for name, size in {
            "tidal_current": (height, width),
            "waves": (len(waves), height, width),
            "sources": (len(sources), height, width),
            "streamfunctions": (len(streamfunctions), height + 1, width + 1),
            "forcing": (len(forcing), len(waves) + len(sources) + len(streamfunctions)),
        }.items():
            if self.fields[name].shape != size:
                raise ValueError(f"`{name}` must have shape {size} for this depth, found {self.fields[name].shape}.")
        self._geometry()

    def _geometry(self):
        """What does not change in time: depth without division by zero, open faces, transports through faces."""
        depth, psi = self.fields["depth"], self.fields["streamfunctions"]
        self.sea = depth > 0
        self.safe_depth = np.where(self.sea, depth, 1.0)
        self.east_depth = np.where(self.sea[:, 1:] & self.sea[:, :-1], np.minimum(depth[:, 1:], depth[:, :-1]), 0.0)
        self.north_depth = np.where(self.sea[1:] & self.sea[:-1], np.minimum(depth[1:], depth[:-1]), 0.0)
        # Through the faces of the cells, edges of the domain among them: km · m²/s over km, times the seconds of a day, in
        # m · km/day.
        self.east_transport = -np.diff(psi, axis=1) / self.spacing * 86.4
        self.north_transport = np.diff(psi, axis=2) / self.spacing * 86.4

    def build(self, input_shape):
        if tuple(input_shape[1:]) != self.sea.shape:
            raise ValueError(f"SedimentTransport expects a state (batch, {self.sea.shape}), found shape {tuple(input_shape)}.")

    def call(self, state, time):
        dtype = state.dtype
        heights, discharges, currents = self._forcing(time, dtype)
        field = lambda values: ops.cast(values, dtype)  # noqa: E731
        depth = field(self.safe_depth)
        flux = self._upwind(state, currents) + self._diffusion(state)
        phase = 2 * np.pi * ops.cast(time, dtype) / self.SPRING_NEAP_DAYS
        tides = self.DRAG * field(self.fields["tidal_current"] ** 2) * (1 + self.spring_neap * ops.cos(phase))
        waves = ops.tensordot(heights, field(self.fields["waves"]), axes=1)
        stress = tides + self.wave_stress * waves**2 * ops.exp(-depth / self.wave_depth)
        erosion = self.erosion_rate * ops.relu(stress / self.critical_stress - 1)
        rivers = ops.tensordot(discharges, field(self.fields["sources"]), axes=1)
        return field(self.sea) * (flux - self.settling_velocity * (state - self.background) + erosion + rivers) / depth

    def _forcing(self, time, dtype):
        """Amplitudes of waves, rivers and currents at a time."""
        series = ops.cast(self.fields["forcing"], dtype)
        place = ops.clip(ops.cast(time, dtype) / self.forcing_step, 0, len(self.fields["forcing"]) - 1)
        before = ops.cast(ops.floor(place), "int32")
        after = ops.minimum(before + 1, len(self.fields["forcing"]) - 1)
        share = place - ops.floor(place)
        now = (1 - share) * ops.take(series, before, axis=0) + share * ops.take(series, after, axis=0)
        waves, rivers = len(self.fields["waves"]), len(self.fields["sources"])
        return now[:waves], now[waves : waves + rivers], now[waves + rivers :]

    def _upwind(self, state, currents):
        """Convergence of the transport; what enters from outside is like what is at the edge."""
        east = ops.tensordot(currents, ops.cast(self.east_transport, state.dtype), axes=1)
        north = ops.tensordot(currents, ops.cast(self.north_transport, state.dtype), axes=1)
        wide = ops.pad(state, ((0, 0), (1, 1), (1, 1)), mode="symmetric")
        x, y = wide[:, 1:-1], wide[:, :, 1:-1]
        through_x = ops.relu(east) * x[..., :-1] - ops.relu(-east) * x[..., 1:]
        through_y = ops.relu(north) * y[:, :-1] - ops.relu(-north) * y[:, 1:]
        return (through_x[..., :-1] - through_x[..., 1:] + through_y[:, :-1] - through_y[:, 1:]) / self.spacing

    def _diffusion(self, state):
        scale = self.diffusivity / self.spacing**2
        x = ops.cast(self.east_depth, state.dtype) * (state[..., 1:] - state[..., :-1])
        y = ops.cast(self.north_depth, state.dtype) * (state[:, 1:] - state[:, :-1])
        x = ops.pad(x, ((0, 0), (0, 0), (1, 1)))
        y = ops.pad(y, ((0, 0), (1, 1), (0, 0)))
        return scale * (x[..., 1:] - x[..., :-1] + y[:, 1:] - y[:, :-1])

    def get_config(self):
        fields = {name: values.tolist() for name, values in self.fields.items()}
        return {**super().get_config(), **fields, "spacing": self.spacing, "forcing_step": self.forcing_step}
