"""The base of every equation of motion, and the way to write one's own."""

import keras


class Dynamics(keras.layers.Layer):
    r"""An autonomous equation of motion \(\dot{\mathbf x} = f(\mathbf x; \theta)\), as a layer without inputs but the state.

    A subclass names its physical parameters in `parameters`, with their usual values, and defines `call(state)`. Each
    parameter is a scalar weight that `call` reads as an attribute; it is fixed, unless the user asks for it to be estimated.

    Args:
        estimated: names of the parameters that `fit` may change.
        **parameters: values of the parameters, where they differ from the usual ones.

    Raises:
        ValueError: unknown parameter, or a state of another size than `components`.

    Example:
        >>> @keras.saving.register_keras_serializable(package="example")
        ... class Decay(Dynamics):
        ...     parameters = {"rate": 0.5}
        ...
        ...     def call(self, state):
        ...         return -self.rate * state
        >>> print(np.array(Decay(rate=2.0)(np.ones((1, 3), "float32"))))
        [[-2. -2. -2.]]
    """

    parameters: dict[str, float] = {}
    components: int | None = None

    def __init__(self, estimated: tuple[str, ...] = (), **kwargs):
        values = {name: float(kwargs.pop(name, usual)) for name, usual in self.parameters.items()}
        super().__init__(**kwargs)
        self.estimated = tuple(estimated)
        unknown = set(self.estimated) - set(values)
        if unknown:
            raise ValueError(
                f"`estimated` must name parameters among {', '.join(values)} of {type(self).__name__}, "
                f"found {', '.join(sorted(unknown))}."
            )
        self.values = values
        for name, value in values.items():
            # `initializers.Constant` would round it to float32.
            exact = lambda shape, dtype, value=value: keras.ops.convert_to_tensor(value, dtype)  # noqa: E731
            setattr(self, name, self.add_weight((), exact, name=name, trainable=name in self.estimated))

    def build(self, input_shape):
        if self.components is not None and input_shape[-1] != self.components:
            raise ValueError(
                f"{type(self).__name__} expects a state (..., {self.components}), found shape {tuple(input_shape)}."
            )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "estimated": self.estimated, **self.values}
