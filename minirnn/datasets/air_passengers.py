"""International airline passengers, monthly totals in thousands, January 1949 to December 1960.

Box, Jenkins & Reinsel, "Time Series Analysis: Forecasting and Control", Series G (3rd edition 1994; Series G of
Box & Jenkins, Holden-Day, 1976).
"""

import csv
from pathlib import Path

import numpy as np

CSV_PATH = Path(__file__).with_name("air_passengers.csv")


def load_air_passengers() -> tuple[list[str], np.ndarray]:
    """Months and passengers.

    Returns (months, passengers): 144 strings "1949-01" ... "1960-12" and a float64 array of shape (144,), thousands of
    passengers a month.

    >>> months, passengers = load_air_passengers()
    >>> months[0], float(passengers[0])
    ('1949-01', 112.0)
    """
    with CSV_PATH.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["month"] for row in rows], np.array([float(row["passengers"]) for row in rows])
