# Keras 1: letters as one-hot rows, text from a temperature, RMSprop(lr=)
# ruff: noqa
import random

import numpy as np
from keras.layers.core import Activation, Dense, Dropout
from keras.layers.recurrent import LSTM
from keras.models import Sequential
from keras.optimizers import RMSprop

text = "the quick brown fox jumps over the lazy dog and the dog sleeps on. " * 4
chars = sorted(list(set(text)))
char_indices = dict((c, i) for i, c in enumerate(chars))
indices_char = dict((i, c) for i, c in enumerate(chars))
maxlen, step = 10, 3
sentences, next_chars = [], []
for i in range(0, len(text) - maxlen, step):
    sentences.append(text[i : i + maxlen])
    next_chars.append(text[i + maxlen])
X = np.zeros((len(sentences), maxlen, len(chars)), dtype=bool)
y = np.zeros((len(sentences), len(chars)), dtype=bool)
for i, sentence in enumerate(sentences):
    for t, char in enumerate(sentence):
        X[i, t, char_indices[char]] = 1
    y[i, char_indices[next_chars[i]]] = 1

model = Sequential()
model.add(LSTM(16, return_sequences=True, input_shape=(maxlen, len(chars))))
model.add(Dropout(p=0.2))
model.add(LSTM(16))
model.add(Dense(len(chars)))
model.add(Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=0.01))


def sample(preds, temperature=1.0):
    preds = np.log(np.asarray(preds).astype("float64")) / temperature
    exp_preds = np.exp(preds)
    probas = np.random.multinomial(1, exp_preds / np.sum(exp_preds), 1)
    return np.argmax(probas)


for iteration in range(1, 3):
    model.fit(X, y, batch_size=16, nb_epoch=1, verbose=0)
    start_index = random.randint(0, len(text) - maxlen - 1)
    generated = text[start_index : start_index + maxlen]
    for i in range(5):
        x = np.zeros((1, maxlen, len(chars)))
        for t, char in enumerate(generated[-maxlen:]):
            x[0, t, char_indices[char]] = 1.0
        generated += indices_char[sample(model.predict(x, verbose=0)[0], 0.5)]
assert len(generated) == maxlen + 5
WARNS = ["minirnn.layers.core", "minirnn.layers.recurrent", "p=", "lr=", "nb_epoch="]
