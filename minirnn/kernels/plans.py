"""Which kernel serves which cell: a `Static` for each cell and pair of activations."""

from __future__ import annotations

from minirnn.jit import Static
from minirnn.kernels import cells, dropout, layer_norm, lstm_cells, recurrence, two_pass, weight_gradients
from minirnn.kernels.activations import activation_members
from minirnn.kernels.tiles import COLUMNS_0, COLUMNS_1, COLUMNS_3, COLUMNS_4

_ONE_PASS = dict(
    input_product=recurrence.product_now,
    forward_step=recurrence.one_pass_step,
    backward_step=recurrence.one_pass_step_backward,
    recurrent_gradient=weight_gradients.recurrent_gradient,
    **dropout.WITHOUT,
)


def with_input_product_before(cell: Static) -> Static:
    """The same cell for a forward pass that finds x W in its scratch (`recurrence.multiply_input`)."""
    return cell.but("product_before", input_product=recurrence.product_before)


def with_recurrent_dropout(cell: Static) -> Static:
    """The same cell with a mask on what enters the recurrent product."""
    return cell.but("recurrent_dropout", **dropout.WITH)


def _activations(activation: str, recurrent_activation: str) -> dict:
    return activation_members(activation) | activation_members(recurrent_activation, "recurrent_")


def lstm_cell(activation: str, recurrent_activation: str) -> Static:
    """Columns [ i f g o ] for the input and for h."""
    return Static(
        ("lstm", activation, recurrent_activation),
        columns=COLUMNS_4, x_columns=COLUMNS_4, h_first=COLUMNS_0, h_columns=COLUMNS_4, unit_columns=COLUMNS_1,
        rows=cells.lstm_rows, row_backward=cells.lstm_row_backward,
        **_ONE_PASS, **_activations(activation, recurrent_activation),
    )  # fmt: skip


def gru_cell(activation: str, recurrent_activation: str) -> Static:
    """reset_after=True. Columns [ n z r q ]: the input's are n z r, those of h are z r q."""
    return Static(
        ("gru", activation, recurrent_activation),
        columns=COLUMNS_4, x_columns=COLUMNS_3, h_first=COLUMNS_1, h_columns=COLUMNS_3, unit_columns=COLUMNS_1,
        rows=cells.gru_rows, row_backward=cells.gru_row_backward,
        **_ONE_PASS, **_activations(activation, recurrent_activation),
    )  # fmt: skip


def gru_reset_before_cell(activation: str, recurrent_activation: str) -> Static:
    """reset_after=False. Columns [ n z r ]; z and r in a first pass over h, n in a second over the reset state."""
    return Static(
        ("gru_reset_before", activation, recurrent_activation),
        columns=COLUMNS_3, x_columns=COLUMNS_3, h_first=COLUMNS_0, h_columns=COLUMNS_3, unit_columns=COLUMNS_1,
        input_product=recurrence.product_now,
        forward_step=two_pass.two_pass_step, backward_step=two_pass.two_pass_step_backward,
        recurrent_gradient=two_pass.two_pass_recurrent_gradient, two_pass=1, **dropout.WITHOUT,
        **_activations(activation, recurrent_activation),
    )  # fmt: skip


def simple_rnn_cell(activation: str, columns: int) -> Static:
    """Columns [ h .. h ], each for W units of its own."""
    width = (0,) * columns
    return Static(
        ("simple_rnn", activation, str(columns)),
        columns=width, x_columns=width, h_first=COLUMNS_0, h_columns=width, unit_columns=width,
        rows=cells.simple_rnn_rows, row_backward=cells.simple_rnn_row_backward,
        **_ONE_PASS, **activation_members(activation),
    )  # fmt: skip


# --- siblings of the LSTM -------------------------------------------------------------------------------------------


def peephole_lstm_cell(activation: str, recurrent_activation: str) -> Static:
    """Columns as the LSTM's; peepholes behind the slots of c."""
    row = dict(rows=lstm_cells.peephole_rows, row_backward=lstm_cells.peephole_row_backward)
    return lstm_cell(activation, recurrent_activation).but("peephole", **row)


def zoneout_lstm_cell(activation: str, recurrent_activation: str) -> Static:
    """Columns as the LSTM's; what zoneout keeps behind the slots of c."""
    row = dict(rows=lstm_cells.zoneout_rows, row_backward=lstm_cells.zoneout_row_backward)
    return lstm_cell(activation, recurrent_activation).but("zoneout", **row)


def coupled_lstm_cell(activation: str, recurrent_activation: str) -> Static:
    """Columns [ i g o ] for the input and for h."""
    return Static(
        ("coupled_lstm", activation, recurrent_activation),
        columns=COLUMNS_3, x_columns=COLUMNS_3, h_first=COLUMNS_0, h_columns=COLUMNS_3, unit_columns=COLUMNS_1,
        rows=lstm_cells.coupled_rows, row_backward=lstm_cells.coupled_row_backward,
        **_ONE_PASS, **_activations(activation, recurrent_activation),
    )  # fmt: skip


def layer_norm_lstm_cell(activation: str, recurrent_activation: str, epsilon: float) -> Static:
    """Columns [ i f g o ] of x W, of h U, and of the gates; see `layer_norm`."""
    return Static(
        ("layer_norm_lstm", activation, recurrent_activation, repr(epsilon)),
        columns=COLUMNS_4 * 3, x_columns=COLUMNS_4, h_first=COLUMNS_4, h_columns=COLUMNS_4, unit_columns=COLUMNS_1,
        input_product=recurrence.product_now,
        forward_step=layer_norm.layer_norm_step, backward_step=layer_norm.layer_norm_step_backward,
        recurrent_gradient=weight_gradients.recurrent_gradient, two_pass=1, epsilon=epsilon, **dropout.WITHOUT,
        **_activations(activation, recurrent_activation),
    )  # fmt: skip
