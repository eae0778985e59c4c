"""geodl: pretrained, benchmarked deep-learning models for geophysical dynamics, in Keras.

>>> import geodl
>>> "cloud_unet" in geodl.zoo.list_models()
True
"""

import importlib
import pkgutil

__version__ = "0.1.0"

_MODULES = frozenset(module.name for module in pkgutil.iter_modules(__path__))


def __getattr__(name):
    # TensorFlow takes seconds to import: a module is loaded when it is first used.
    if name in _MODULES:
        return importlib.import_module(f"geodl.{name}")
    raise AttributeError(f"module 'geodl' has no attribute {name!r}; it has {', '.join(sorted(_MODULES))}.")


def __dir__():
    return sorted({*globals(), *_MODULES})
