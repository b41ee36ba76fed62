# Keras 2.2: classes of sequences, metrics=['acc'], the keys that its history had, predict_classes
# ruff: noqa
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from keras.layers import LSTM, Dense, Masking
from keras.layers.embeddings import Embedding
from keras.models import Sequential, load_model
from keras.preprocessing.sequence import pad_sequences
from keras.utils import np_utils

rng = np.random.RandomState(3)
labels = rng.randint(0, 3, size=60)
sequences = [list(np.full(rng.randint(2, 7), label + 1)) for label in labels]
X = pad_sequences(sequences, maxlen=6)[..., None]
Y = np_utils.to_categorical(labels, nb_classes=3)

model = Sequential([Masking(input_shape=(6, 1)), LSTM(12, activation="relu"), Dense(3, activation="softmax")])
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["acc"])
stop = EarlyStopping(monitor="val_acc", patience=50)
slower = ReduceLROnPlateau(monitor="val_loss", factor=0.2, patience=50, epsilon=0.001, min_lr=1e-5)
history = model.fit(X, Y, epochs=40, batch_size=10, validation_split=0.2, verbose=0, callbacks=[stop, slower])
acc, val_acc = history.history["acc"], history.history["val_acc"]
loss, val_loss = history.history["loss"], history.history["val_loss"]

classes, probabilities = model.predict_classes(X), model.predict_proba(X)
assert len(acc) == len(val_acc) == len(loss) == len(val_loss) == 40 and acc[-1] > acc[0]
assert (classes == probabilities.argmax(axis=-1)).all()
assert abs((classes == labels).mean() - model.evaluate(X, Y, verbose=0)[1]) < 1e-6
WARNS = [
    "minirnn.layers.embeddings", "minirnn.utils.np_utils", "nb_classes=", "epsilon=", "model.predict_classes(x)",
    "model.predict_proba(x)",
]  # fmt: skip
