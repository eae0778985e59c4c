"""Equations of motion: layers that map a state to its tendency."""

from geodl.dynamics.dynamics import Dynamics
from geodl.dynamics.lorenz63 import Lorenz63
from geodl.dynamics.lorenz96 import Lorenz96
from geodl.dynamics.sediment_transport import SedimentTransport

__all__ = ["Dynamics", "Lorenz63", "Lorenz96", "SedimentTransport"]
