"""Study: watch every gate, follow every gradient, with the numbers of the code that runs.

`model.trace(x)` and `layer.trace(x)` give every quantity of every equation at every step; `trace.backward(dy)` and
`model.trace_gradients(x, y)` its gradient. The `plot_` functions (Matplotlib, the extra `plot`) draw them.
"""

from minirnn.compat.modules import names_of
from minirnn.study.layer_trace import LayerGradients, LayerTrace
from minirnn.study.model_trace import Gradients, Trace
from minirnn.study.page import Explanation, explain
from minirnn.study.pictures import plot_cell_state, plot_gates, plot_phase, plot_saturation
from minirnn.study.result_pictures import gradients_of_cells, plot_forecast, plot_gradient_flow, plot_history

__all__ = [
    "Explanation", "Gradients", "LayerGradients", "LayerTrace", "Trace", "explain", "gradients_of_cells",
    "plot_cell_state", "plot_forecast", "plot_gates", "plot_gradient_flow", "plot_history", "plot_phase",
    "plot_saturation",
]  # fmt: skip

__getattr__ = names_of(__name__)
