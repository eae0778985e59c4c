"""Short-term forecasting: how the wind, or a dynamical system, goes on from its past.

| | |
|---|---|
| cases | `wind_stations` (networks of stations), `wind_fields` (10 m wind on a grid), `wind_ireland` (daily speeds) |
| | `lorenz63` (states every .01), `lorenz63_sparse` (every .2), `lorenz96` (40 components, every .05) |
| input | the past: of all stations, of fields, of states |
| output | the next hours or the next day, as a distribution at stations; the next states, for any number of steps |
| datasets | `wind_stations` and `lorenz63`, `lorenz96`, split by time; `wind_fields`, split by place |
| criterion | CRPS of a distribution; mean squared error of fields and of several steps of states |
| scores | RMSE, CRPS, energy and variogram score, coverage by lead time |
| | valid prediction time, Lyapunov spectrum, distance of the attractor's distribution |

Each kind of system is a module of its own: `wind_stations`, `wind_fields`, `wind_ireland` and `dynamical_systems`.
"""

from geodl.themes.forecasting import dynamical_systems, wind_fields, wind_ireland, wind_stations
from geodl.themes.systems import Systems

_systems = Systems("forecasting", (dynamical_systems, wind_ireland, wind_stations, wind_fields))
CASES = _systems.cases
approaches, evaluate, case_of = _systems.approaches, _systems.evaluate, _systems.case_of
figure, picture = _systems.figure, _systems.picture
