"""Any library that speaks Keras's public names: `predict_on_batch` and `train_on_batch` of a Sequential model.

A stream is a stateful layer, given one step at a time.
"""

from __future__ import annotations

from itertools import cycle
from typing import Any

from benchmarks.cases import EPOCHS, Case
from benchmarks.contenders.base import CHECKED_EPOCHS, Contender, Task
from benchmarks.data import Data

LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
    "gru_reset_before": ("GRU", {"reset_after": False}),
    "simple_rnn": ("SimpleRNN", {}),
}
UNROLLED = ", unrolled"
FEW_STEPS = 4  # up to which the loop over time is also tried unrolled


class KerasStyle(Contender):
    """`keras` is the module, set by the constructor; `compile_options` are the keywords a setting adds to compile."""

    keras: Any
    compile_options: dict[str, dict[str, Any]] = {"default": {}}
    unrolls = False  # whether unrolling the loop over time may help

    def settings(self, case: Case) -> list[str]:
        names = list(self.compile_options)
        # In training an unrolled loop compiles for long and is not the faster one.
        unrolled = self.unrolls and not case.trains and 1 < case.time <= FEW_STEPS
        return [*names, names[0] + UNROLLED] if unrolled else names

    def model(self, case: Case, data: Data, setting: str = "default") -> Any:
        """The case's model with the case's weights, compiled."""
        layers, stateful = self.keras.layers, case.mode == "step"
        name, options = LAYERS[case.cell]
        options = options | {"dropout": case.dropout, "recurrent_dropout": case.dropout, "stateful": stateful}
        options |= {"dtype": case.dtype} | ({"unroll": True} if setting.endswith(UNROLLED) else {})
        recurrent = [
            getattr(layers, name)(case.units, return_sequences=case.sequences or above > 0, **options)
            for above in reversed(range(case.layers))
        ]
        masking = [layers.Masking(dtype=case.dtype)] if case.masked else []
        batch_size = case.batch if stateful else None
        first = self.keras.Input((case.time, case.features), batch_size=batch_size, dtype=case.dtype)
        model = self.keras.Sequential([first, *masking, *recurrent, layers.Dense(1, dtype=case.dtype)])
        model.compile("adam", "mse", **self.compile_options[setting.removesuffix(UNROLLED)])
        model.set_weights(list(data.weights))
        return model

    def task(self, case: Case, data: Data, setting: str) -> Task:
        model = self.model(case, data, setting)
        if case.mode in ("inference", "step"):
            return Task(lambda: model.predict_on_batch(data.x))
        if case.mode == "predict":
            return Task(lambda: model.predict(data.x, verbose=0))
        targets = cycle(data.targets)
        if case.mode == "fit":
            options = {"batch_size": case.batch, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
            return Task(lambda: model.fit(data.x, next(targets), **options).history["loss"][:CHECKED_EPOCHS])
        # The loss that train_on_batch returns is a running mean: started anew, it is the loss of the one step.
        return Task(lambda: model.train_on_batch(data.x, next(targets)), before_check=model.reset_metrics)

    def fit(self, case: Case, data: Data) -> None:
        self.model(case, data, self.settings(case)[0]).fit(data.x, data.targets[0], batch_size=case.batch, verbose=0)
