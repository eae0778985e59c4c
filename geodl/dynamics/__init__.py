"""Equations of motion: layers that map a state to its tendency."""

from geodl.dynamics.burgers import Burgers
from geodl.dynamics.burgers_finite_volume import BurgersFiniteVolume
from geodl.dynamics.dynamics import Dynamics
from geodl.dynamics.lorenz63 import Lorenz63
from geodl.dynamics.lorenz96 import Lorenz96
from geodl.dynamics.navier_stokes_3d import NavierStokes3D
from geodl.dynamics.sediment_transport import SedimentTransport
from geodl.dynamics.spectral_dynamics import SpectralDynamics

__all__ = [
    "Burgers",
    "BurgersFiniteVolume",
    "Dynamics",
    "Lorenz63",
    "Lorenz96",
    "NavierStokes3D",
    "SedimentTransport",
    "SpectralDynamics",
]
