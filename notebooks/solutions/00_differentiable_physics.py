# %% [markdown]
# Solutions of `00_differentiable_physics`.


# %%
def heun_step(dynamics, state, dt):
    """State after one step of Heun's scheme; `dynamics(state)` is the tendency."""
    now = dynamics(state)
    return state + dt / 2 * (now + dynamics(state + dt * now))


# %%
class LotkaVolterra(Dynamics):
    parameters = {"alpha": 1.1, "beta": 0.4, "gamma": 0.4, "delta": 0.1}
    components = 2

    def call(self, state):
        prey, predators = ops.unstack(state, 2, axis=-1)
        caught = prey * predators
        return ops.stack([self.alpha * prey - self.beta * caught, self.delta * caught - self.gamma * predators], axis=-1)


# %%
pendulum = Pendulum(estimated=["frequency", "damping"])
model = keras.Sequential([keras.Input((2,)), ODEIntegrator(pendulum, dt=0.05, steps=2)])
model.compile(keras.optimizers.Adam(0.05), loss="mse", jit_compile=True)
history = model.fit(swings[:, :-1].reshape(-1, 2), swings[:, 1:].reshape(-1, 2), batch_size=64, epochs=60, verbose=0)
