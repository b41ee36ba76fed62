"""`Optimizer`, the base: step count, steps and the options of all; subclasses name slots and update."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from minirnn import config
from minirnn.compat import spelling
from minirnn.jit import Kernel
from minirnn.kernels.optimizer_options import decay, follow, gather, mean_with
from minirnn.kernels.threads import share
from minirnn.layers.regularized import constrain
from minirnn.layers.weight import Weight
from minirnn.optimizers import checks, gradients, schedules
from minirnn.optimizers.late_rows import WORTH_WAITING, LateRows
from minirnn.optimizers.rate import Rated
from minirnn.optimizers.signature import with_options
from minirnn.optimizers.slots import Slotted
from minirnn.optimizers.variable import OptimizerVariable
from minirnn.optimizers.weight_decay import Exclusions, parameters_of
from minirnn.training.arena import Arena, Stretch
from minirnn.utils.registry import snake_case

GRAIN = 1024  # threads take multiples of this many parameters: whole registers, whole cache lines
COST = 16  # an update of one parameter, in multiply-adds: it waits for memory


class Optimizer(Rated, Slotted):
    """Base class; these options of all follow the own arguments of each optimizer, in this order.

    Args:
        learning_rate: a number above 0, a `schedules.LearningRateSchedule`, or a function without arguments.
        weight_decay: before each update, parameters shrink by this share of the learning rate.
        clipnorm, clipvalue, global_clipnorm: limit of the norm of each weight's gradient, of each of its numbers, or
            of the norm of all gradients together; at most one of them.
        use_ema: keep a moving average of the weights, ``average = ema_momentum average + (1 - ema_momentum) weight``
            after every step, and give it to them at the end of `fit` and every `ema_overwrite_frequency` steps.
        loss_scale_factor: Keras multiplies the loss and divides its gradients by it, for the sake of float16. In
            float32 and float64 the two cancel, so it is kept in the configuration and changes nothing.
        gradient_accumulation_steps: update the weights every so many steps only (2 or more), with the mean gradient.
        name: "adam" for an Adam, and so on, by default.

    Raises ValueError or TypeError for a number out of its range, TypeError for an unknown argument.
    """

    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if "__init__" in vars(cls):
            cls.__signature__ = with_options(cls.__init__, Optimizer.__init__)
            spelling.accept_in_optimizer(cls)

    @spelling.names_nearest
    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **older: Any,
    ) -> None:
        learning_rate = _older_arguments(type(self), older, learning_rate)
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {key: checks.positive(value, key) for key, value in limits.items() if value is not None}
        if len(given) > 1:
            raise ValueError(f"only one of clipnorm, clipvalue and global_clipnorm may be set, got {', '.join(given)}")
        self.clipnorm, self.clipvalue, self.global_clipnorm = (given.get(key) for key in limits)
        self.weight_decay = _unless_none(checks.not_negative, weight_decay, "weight_decay")
        self.use_ema, self.ema_momentum = bool(use_ema), checks.share(ema_momentum, "ema_momentum")
        whole = functools.partial(_unless_none, checks.whole)
        self.ema_overwrite_frequency = whole(ema_overwrite_frequency, "ema_overwrite_frequency", 1)
        self.loss_scale_factor = _unless_none(checks.positive, loss_scale_factor, "loss_scale_factor")
        self.gradient_accumulation_steps = whole(gradient_accumulation_steps, "gradient_accumulation_steps", 2)
        self.name = name or snake_case(type(self).__name__)
        self._rate_dtype = config.floatx()
        self._schedule: Callable[..., Any] | None = None
        self.learning_rate = learning_rate
        self.built = False
        self._iterations = 0
        self._arenas: list[Arena] = []
        self._stretches: list[Stretch] = []
        self._late: list[LateRows] = []  # of tables whose rows are updated once they are used
        self._chosen: list[Weight] = []
        self._constrained: list[Weight] = []
        self._homes: list[NDArray[Any]] = []
        self._slot_variables: list[OptimizerVariable] = []
        self._not_decaying = Exclusions()
        self._decaying: list[NDArray[Any]] | None = None  # found at the first step that needs them

    @property
    def iterations(self) -> int:
        """Updates so far: steps, or with gradient accumulation whole rounds of them."""
        steps = self.gradient_accumulation_steps
        return self._iterations if steps is None else self._iterations // steps

    # --- steps ---

    def select(self, weights: list[Weight]) -> None:
        """Let the next steps train these weights; the slots of the others wait as they are.

        Raises ValueError, as Keras does, for a weight that it was not built for.
        """
        for weight in weights:
            self._arena_of(weight)
        chosen = set(weights)
        for late in self._late:
            late.detach()
        apart = {weight for weight in weights if self._may_wait(weight)}
        self._stretches = [stretch for arena in self._arenas for stretch in arena.select(chosen, apart)]
        self._late = [LateRows(self, weight, self._arena_of(weight)) for weight in weights if weight in apart]
        self._chosen, self._homes = list(weights), [weight.packed for weight in weights]
        self._constrained = [weight for weight in weights if weight.constraint is not None]
        self._decaying = None

    def _may_wait(self, weight: Weight) -> bool:
        """Whether rows of this weight are updated late: of a large table, if nothing wants all of it each step."""
        options = (self.weight_decay, self.use_ema or None, self.gradient_accumulation_steps)
        large = weight.by_rows and weight.packed.size >= WORTH_WAITING
        return large and self.can_wait() and all(option is None for option in options)

    def can_wait(self) -> bool:
        """Whether `pass_by` makes up for steps of rows that had no gradient."""
        return False

    def pass_by(self, p: NDArray[Any], slots: dict[str, NDArray[Any]], had: Any, steps: int, rates: Any) -> None:
        """Let rows (rows, padded columns) that `had` so many steps each make those up to `steps`, without gradient.

        `rates` holds the `rate_of_step` of each step.
        """
        raise NotImplementedError

    def rate_of_step(self) -> float:
        """What `pass_by` needs to know of this step."""
        return self._learning_rate

    def trains(self, weights: list[Weight]) -> bool:
        """Whether the next step trains these weights, where they now live and as they are constrained."""
        return (
            weights == self._chosen
            and all(map(operator.is_, [w.packed for w in weights], self._homes))
            and self._constrained == [w for w in weights if w.constraint is not None]
            and [late.weight for late in self._late] == [w for w in weights if self._may_wait(w)]
        )

    def apply(self) -> None:
        """One step for the selected weights, from the gradients beside them.

        ValueError if a schedule gives no learning rate; nothing has changed then.
        """
        if self._schedule is not None:
            self._learning_rate = self._scheduled()
        if self.gradient_accumulation_steps is None or self._gathered():
            self._update()
        if self.use_ema:
            self._average()
        for weight in self._constrained:  # at every step and after the averages, as in Keras
            constrain(weight)
        self._iterations += 1

    def _update(self) -> None:
        """Clip the gradients, decay the weights, then change them, each stretch in one pass."""
        if self.clipnorm or self.global_clipnorm or self.clipvalue:
            self._clip([*self._stretches, *(late.stretch for late in self._late)])
        if self.weight_decay is not None:
            self._decay()
        for stretch in self._stretches:
            kernel, arguments = self.update(stretch)
            if stretch.kernel is not kernel:
                stretch.kernel, stretch.compiled = kernel, kernel.specialise(*arguments, 0, 0)
            size = stretch.parameters.size
            share(stretch.compiled, arguments, size, size * COST, GRAIN)
        for late in self._late:
            late.step()

    def _clip(self, everything: list[Stretch]) -> None:
        if self.clipnorm is not None:
            gradients.clip_by_norm(everything, self.clipnorm)
        elif self.global_clipnorm is not None:
            gradients.clip_by_global_norm(everything, self.global_clipnorm)
        elif self.clipvalue is not None:
            gradients.clip_by_value(everything, self.clipvalue)

    def update(self, stretch: Stretch) -> tuple[Kernel, tuple]:
        """The kernel that updates this stretch, and its arguments but for the range."""
        raise NotImplementedError

    # --- gradient accumulation ---

    def _gathered(self) -> bool:
        """Add the gradients to those gathered; at the last step of a round, put the mean of all in their place."""
        steps: Any = self.gradient_accumulation_steps
        last = (self._iterations + 1) % steps == 0
        for stretch in self._stretches:
            total, g = stretch.slots["gradient_accumulator"], stretch.gradients
            _pass_over(g, mean_with if last else gather, *((g, total, float(steps)) if last else (total, g)))
        if last:
            for arena in self._arenas:  # those of weights frozen meanwhile, too
                arena.slots["gradient_accumulator"][...] = 0.0
        return last

    # --- weight decay ---

    def exclude_from_weight_decay(
        self, var_list: Iterable[Weight] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave weights out of weight decay: those of `var_list`, and those whose path holds one of `var_names`.

        A path is the layer's name and the weight's, "lstm/bias"; a name may be a regular expression. The last call
        counts, from the next step on. Raises TypeError for one string instead of several.
        """
        self._not_decaying, self._decaying = Exclusions(var_list, var_names), None

    def _decay(self) -> None:
        if self._decaying is None:
            weights = [weight for weight in self._chosen if weight not in self._not_decaying]
            self._decaying = parameters_of(weights, self._arenas)
        rate = self._learning_rate * checks.in_float32(self.weight_decay)  # as Keras rounds it, whatever the dtype
        for p in self._decaying:
            _pass_over(p, decay, p, rate)

    # --- moving average of the weights ---

    def _average(self) -> None:
        """Let the averages follow the weights, and at every `ema_overwrite_frequency`-th update replace them.

        The averages of the first update are its weights. With accumulation this happens at every step, as in Keras.
        """
        updates, period = self.iterations, self.ema_overwrite_frequency
        for stretch in self._stretches:
            average, p = stretch.slots["average"], stretch.parameters
            if updates == 0 or self.ema_momentum == 0.0:
                average[...] = p
            else:
                _pass_over(p, follow, average, p, self.ema_momentum)
            if period is not None and (updates + 1) % period == 0:
                p[...] = average

    def settle(self) -> None:
        """Give rows of tables that wait for updates all of them; the accounts of what they missed begin anew."""
        for late in self._late:
            late.restart()

    def finalize_variable_values(self, var_list: list[Weight]) -> None:
        """Give weights their final values, at the end of training: their moving averages if `use_ema` is set.

        Rows of tables that wait for updates are given them.

        Raises ValueError for a weight that it was not built for. Before the first step it does nothing.
        """
        for late in self._late:
            late.settle()
        if not self.use_ema or self._iterations == 0:
            return
        averages = [self._arena_of(weight).slot("average", weight) for weight in var_list]
        for weight, average in zip(var_list, averages, strict=True):
            weight.packed[...] = average

    # --- configuration ---

    def get_config(self) -> dict[str, Any]:
        """Its arguments by name, from which `from_config` makes another like it. A schedule is a configuration too."""
        scheduled = self._schedule is not None
        return {
            "name": self.name,
            "learning_rate": schedules.serialize(self._schedule) if scheduled else self._learning_rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
        """The optimizer of a configuration; `custom_objects` names schedules and functions of your own."""
        rate = config.get("learning_rate")
        if isinstance(rate, Mapping):
            config = {**config, "learning_rate": schedules.deserialize(rate, custom_objects)}
        return cls(**config)


def _older_arguments(cls: type, older: dict[str, Any], learning_rate: Any) -> Any:
    """The learning rate, with the `decay` of scripts of Keras 2. Raises TypeError for any other argument."""
    decay = older.pop("decay", None)
    if older:
        raise spelling.unknown_argument(cls.__name__, next(iter(older)), spelling.arguments_of(cls))
    return spelling.with_decay(learning_rate, decay)


def _unless_none(check: Callable[..., Any], value: Any, *arguments: Any) -> Any:
    return None if value is None else check(value, *arguments)


def _pass_over(array: NDArray[Any], kernel: Kernel, *arguments: Any) -> None:
    """One pass of a kernel over arrays of the size of `array`."""
    share(kernel, arguments, array.size, array.size * COST, GRAIN)
