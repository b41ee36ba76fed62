"""Model files as older Keras versions write them, with what those versions predicted: `fixtures/keras-VERSION.zip`.

`python tests/files/make_fixtures.py FOLDER` runs under the Keras that is installed, Keras 1.2 to 3, and needs nothing
of minirnn. The files of `fixtures/` come from these environments, each thrown away afterwards:

| Keras | Python | what was installed |
|---|---|---|
| 1.2.2 | 3.7 | keras==1.2.2 tensorflow==1.15.5 "h5py<3" "numpy<1.19" "protobuf<3.21" |
| 2.2.4 | 3.7 | keras==2.2.4 tensorflow==1.15.5 "h5py<3" "numpy<1.19" "protobuf<3.21" |
| 2.4.0 (tf.keras) | 3.8 | tensorflow-cpu==2.4.4 "protobuf<3.21" |
| 2.11.0 (tf.keras) | 3.10 | tensorflow-cpu==2.11.1 "numpy<1.24" |
| 2.15.0 (tf.keras) | 3.10 | tensorflow-cpu==2.15.1 "numpy<2" |
| 3.0.5, 3.3.3, 3.6.0 | 3.10 | keras==VERSION "jax[cpu]==0.4.30" "numpy<2" h5py, KERAS_BACKEND=jax |

A zip holds each model as `NAME.h5` or `NAME.keras`, and `NAME.npz`: the inputs `x0`, `x1` .. and the outputs `y0` ..;
of models that were trained also `t0` and `z0`: the targets of one more batch, and the outputs after it. CuDNN's layers
run on GPUs only: their outputs are those of the plain layers that the same Keras loaded the same weights into.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import numpy as np

try:
    import keras
except ImportError:
    from tensorflow import keras
if hasattr(keras, "__version__") and keras.__version__ >= "2.4" and keras.__version__ < "3":
    from tensorflow import keras
VERSION = keras.__version__.replace("-tf", "")
MAJOR = int(VERSION.split(".")[0])
ENDING = ".h5" if MAJOR < 3 else ".keras"
L = keras.layers
Input = L.Input
STEPS, FEATURES = 4, 3

rng = np.random.RandomState(7)
X = rng.normal(size=(8, STEPS, FEATURES)).astype("float32")
X[2, 2:] = 0
X[3, :1] = 0
IDS = rng.randint(0, 6, size=(8, STEPS)).astype("int32")
Y = rng.normal(size=(8, 1)).astype("float32")


def randomized(model):
    """Weights that differ everywhere, biases too."""
    model.set_weights([rng.uniform(-0.9, 0.9, w.shape).astype(w.dtype) + (w.ndim < 2) for w in model.get_weights()])
    return model


def bounded(model):
    """Trained two batches: the optimizer has something to keep."""
    for _ in range(2):
        model.train_on_batch(X, Y)
    return model


# --- Keras 2 and 3 ---


def lstm():
    """Two LSTMs, compiled and trained."""
    chain = [Input(shape=(STEPS, FEATURES))] if MAJOR > 2 else []
    first = {} if MAJOR > 2 else {"input_shape": (STEPS, FEATURES)}
    sigmoid = {"recurrent_activation": "sigmoid"}
    chain += [L.LSTM(3, return_sequences=True, **sigmoid, **first), L.LSTM(2, **sigmoid), L.Dense(1)]
    model = randomized(keras.models.Sequential(chain))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return bounded(model), [X]


def gru():
    """Both conventions of the GRU, a SimpleRNN, and SGD with a momentum."""
    x = Input(shape=(STEPS, FEATURES))
    h = L.GRU(3, return_sequences=True, reset_after=False, recurrent_activation="sigmoid")(x)
    h = L.GRU(2, return_sequences=True, reset_after=True, recurrent_activation="sigmoid")(h)
    h = L.SimpleRNN(3, go_backwards=True)(h)
    model = randomized(keras.models.Model(x, L.Dense(1)(h)))
    model.compile(optimizer=keras.optimizers.SGD(0.01, momentum=0.9), loss="mae")
    return bounded(model), [X]


def bidirectional():
    """Wrappers, and layers that are no RNN."""
    x = Input(shape=(STEPS, FEATURES))
    h = L.Conv1D(4, 2, padding="causal", activation="relu")(x)
    h = L.BatchNormalization()(h)
    h = L.Bidirectional(L.LSTM(2, return_sequences=True))(h)
    h = L.TimeDistributed(L.Dense(3, activation="tanh"))(h)
    h = L.SpatialDropout1D(0.2)(h)
    h = L.Bidirectional(L.SimpleRNN(2), merge_mode="sum")(h)
    model = randomized(keras.models.Model(x, L.Activation("softmax")(h)))
    model.set_weights([abs(w) + 0.1 for w in model.get_weights()])
    return model, [X]


def masked():
    """Embedding and Masking."""
    a, b = Input(shape=(STEPS,), dtype="int32"), Input(shape=(STEPS, FEATURES))
    one = L.LSTM(3)(L.Embedding(6, 2, mask_zero=True)(a))
    two = L.GRU(3, reset_after=False, dropout=0.1)(L.Masking(0.0)(b))
    return randomized(keras.models.Model([a, b], L.concatenate([one, two]))), [IDS, X]


def states():
    """Two inputs, states handed on, two outputs, a model within."""
    a, b = Input(shape=(STEPS, FEATURES)), Input(shape=(STEPS, FEATURES))
    _, h, c = L.LSTM(3, return_state=True)(a)
    y = L.LSTM(3, return_sequences=True)(b, initial_state=[h, c])
    i = Input(shape=(STEPS, 3))
    inner = keras.models.Model(i, L.Dense(2, activation="relu")(L.GRU(2)(i)), name="inner")
    z = L.add([inner(y), inner(b)])
    return randomized(keras.models.Model([a, b], [y, z])), [X, X[::-1].copy()]


def stateful():
    """A batch shape that is fixed; a GRU with its defaults; an Embedding that begins a chain."""
    shape = (2, STEPS)
    if MAJOR > 2:
        chain = [Input(batch_shape=shape), L.Embedding(6, 2)]
    else:
        chain = [L.Embedding(6, 2, batch_input_shape=shape)]
    model = keras.models.Sequential([*chain, L.GRU(3, stateful=True, return_sequences=True), L.Dense(1)])
    return randomized(model), [IDS[:2]]


def hard():
    """Keras 2's hard sigmoid in every place where it may stand."""
    x = Input(shape=(STEPS, FEATURES))
    h = L.LSTM(3, recurrent_activation="hard_sigmoid", return_sequences=True)(x)
    h = L.GRU(3, recurrent_activation="hard_sigmoid", reset_after=True, return_sequences=True)(h)
    gates = {"activation": "hard_sigmoid", "recurrent_activation": "hard_sigmoid"}
    h = L.GRU(3, reset_after=False, return_sequences=True, **gates)(h)
    h = L.Conv1D(3, 2, activation="hard_sigmoid")(h)
    h = L.Bidirectional(L.SimpleRNN(2, activation="hard_sigmoid"))(h)
    return randomized(keras.models.Model(x, L.Dense(2, activation="hard_sigmoid")(h))), [X]


# --- CuDNN's layers, and the same network without them ---


def cudnn():
    """Layers that only a GPU runs, and a twin that this machine runs."""

    def make(fast):
        lstm_, gru_ = (
            (_cudnn_class("CuDNNLSTM"), _cudnn_class("CuDNNGRU"))
            if fast
            else (
                lambda units, **k: L.LSTM(units, recurrent_activation="sigmoid", **k),
                lambda units, **k: L.GRU(units, recurrent_activation="sigmoid", reset_after=True, **k),
            )
        )
        x = Input(shape=(STEPS, FEATURES))
        h = lstm_(3, return_sequences=True)(x)
        h = gru_(2, return_sequences=True)(h)
        h = L.Bidirectional(lstm_(2))(h)
        return keras.models.Model(x, L.Dense(1)(h))

    return randomized(make(True)), make(False), [X]


def _cudnn_class(name):
    """The layer, its weights and configuration as they are; a graph with its operation cannot even be drawn here."""
    home = L
    if not hasattr(L, name):
        from tensorflow.compat.v1.keras import layers as home

    def drawable(self, inputs, initial_state):
        y = keras.backend.dot(inputs, self.kernel[:, : self.units])
        return y if self.return_sequences else y[:, -1], [y[:, -1]] * len(initial_state)

    layer = getattr(home, name)
    layer._process_batch = drawable
    return layer


# --- Keras 1 ---


def old_lstm():
    """Keras 1: an LSTM in either layout of its weights, a GRU, a SimpleRNN."""
    model = keras.models.Sequential(
        [
            L.LSTM(3, return_sequences=True, input_shape=(STEPS, FEATURES)),
            L.LSTM(4, return_sequences=True, consume_less="gpu", inner_activation="sigmoid"),
            L.GRU(3, return_sequences=True, dropout_W=0.1),
            L.SimpleRNN(2, return_sequences=True),
            L.TimeDistributed(L.Dense(3, activation="tanh")),
            L.Dropout(0.5),
            L.Flatten(),
            L.Dense(1, W_regularizer="l2"),
        ]
    )
    model = randomized(model)
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return bounded(model), [X]


def old_embedding():
    """Keras 1: words, a mask, both directions."""
    a, b = Input(shape=(STEPS,), dtype="int32"), Input(shape=(STEPS, FEATURES))
    one = L.Bidirectional(L.LSTM(2))(L.Embedding(6, 2, mask_zero=True)(a))
    two = L.GRU(3)(L.Masking(0.0)(b))
    return randomized(keras.models.Model(input=[a, b], output=[one, L.Dense(2)(two)])), [IDS, X]


# --- files ---


def outputs_of(model, x):
    found = model.predict(x if len(x) > 1 else x[0], batch_size=len(x[0]))
    return found if isinstance(found, list) else [found]


def put(folder, name, model, x, y, save=None, ending=ENDING):
    path = os.path.join(folder, name + ending)
    (save or model.save)(path)
    arrays = {f"x{n}": value for n, value in enumerate(x)}
    arrays.update({f"y{n}": value for n, value in enumerate(y)})
    if getattr(model, "optimizer", None) is not None:
        targets = 3 - 2 * Y  # others than before: what the optimizer kept pulls another way
        model.train_on_batch(X, targets)
        arrays.update({"t0": targets, "z0": outputs_of(model, x)[0]})
    np.savez_compressed(os.path.join(folder, name + ".npz"), **arrays)


def main(target):
    """Write the zip of this Keras."""
    folder = tempfile.mkdtemp()
    if MAJOR == 1:
        makers = [old_lstm, old_embedding]
    else:
        makers = [lstm, gru, bidirectional, masked, states, stateful] + [hard] * (MAJOR == 2)
    for make in makers:
        keras.backend.clear_session()
        model, x = make()
        put(folder, make.__name__, model, x, outputs_of(model, x))
    for make in [masked, states, hard] if VERSION == "2.15.0" else []:  # which knew the later format, too
        keras.backend.clear_session()
        model, x = make()
        put(folder, make.__name__ + "_zip", model, x, outputs_of(model, x), ending=".keras")
    keras.backend.clear_session()
    model, x = makers[0]()
    if MAJOR < 3:
        put(folder, "weights_only", model, x, outputs_of(model, x), model.save_weights)
    else:
        model.save_weights(os.path.join(folder, "weights_only.weights.h5"))
        model.save(os.path.join(folder, "legacy.h5"))
        for name in ("weights_only", "legacy"):
            np.savez_compressed(os.path.join(folder, name + ".npz"), x0=x[0], y0=outputs_of(model, x)[0])
    if MAJOR == 2:
        if VERSION > "2.4":
            import tensorflow

            tensorflow.compat.v1.disable_eager_execution()
        keras.backend.clear_session()
        fast, slow, x = cudnn()
        fast.save_weights(os.path.join(folder, "w.h5"))
        slow.load_weights(os.path.join(folder, "w.h5"))
        os.remove(os.path.join(folder, "w.h5"))
        put(folder, "cudnn", fast, x, outputs_of(slow, x))
    path = os.path.join(target, f"keras-{VERSION}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(os.listdir(folder)):
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            with open(os.path.join(folder, name), "rb") as file:
                archive.writestr(info, file.read(), zipfile.ZIP_DEFLATED, 9)
    shutil.rmtree(folder)
    print(path, os.path.getsize(path))


if __name__ == "__main__":
    main(sys.argv[1])
