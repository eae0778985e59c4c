"""What the field uses today, called like a model: `Persistence().predict(ds)`."""

from geodl.baselines.optical_flow import OpticalFlow
from geodl.baselines.persistence import Persistence
from geodl.baselines.smoothed_flow import SmoothedFlow

__all__ = ["OpticalFlow", "Persistence", "SmoothedFlow"]
