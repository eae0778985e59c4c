"""What the field uses today, called like a model: `Persistence().predict(ds)`."""

from geodl.baselines.optical_flow import OpticalFlow
from geodl.baselines.persistence import Persistence
from geodl.baselines.polynomial_map import PolynomialMap
from geodl.baselines.sindy import SINDy
from geodl.baselines.smoothed_flow import SmoothedFlow
from geodl.baselines.state_persistence import StatePersistence

__all__ = ["OpticalFlow", "Persistence", "PolynomialMap", "SINDy", "SmoothedFlow", "StatePersistence"]
