"""scikit-learn with its defaults, beside the model file that `yamlgrad new` writes.

`tables_peer.py ROW FOLDER…` reads train.csv and test.csv of each folder, and prints a line of JSON: the
scores, and how many rows each file has. Numbers without a value get the median, other columns the most
frequent value; numbers are standardised, and other columns one-hot. HistGradientBoosting takes the table
as it is, with categories.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import ensemble, linear_model
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

CLASSES = {
    "linear": linear_model.LogisticRegression(max_iter=1000),
    "gradient boosting": ensemble.GradientBoostingClassifier(random_state=0),
    "boosting of histograms": ensemble.HistGradientBoostingClassifier(
        categorical_features="from_dtype", random_state=0),
}
NUMBERS = {
    "linear": TransformedTargetRegressor(linear_model.Ridge(), transformer=StandardScaler()),
    "gradient boosting": ensemble.GradientBoostingRegressor(random_state=0),
    "boosting of histograms": ensemble.HistGradientBoostingRegressor(
        categorical_features="from_dtype", random_state=0),
}


def encoder():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    others = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    return make_column_transformer((numbers, make_column_selector(dtype_include=np.number)),
                                   (others, make_column_selector(dtype_exclude=np.number)))


def score_of(name, model, train, test, task):
    target = task["target"]
    x, x_test = train.drop(columns=target), test.drop(columns=target)
    if name == "boosting of histograms":
        for column in x.select_dtypes(exclude=np.number):
            known = pd.CategoricalDtype(sorted(x[column].dropna().unique()))
            x[column], x_test[column] = x[column].astype(known), x_test[column].astype(known)
    else:
        model = make_pipeline(encoder(), model)
    answers = model.fit(x, train[target]).predict(x_test)
    hits = answers == test[target] if task["score"] == "accuracy" else abs(answers - test[target])
    return float(hits.mean()) * task["factor"]


def main():
    for folder in map(Path, sys.argv[2:]):
        task = json.loads((folder / "task.json").read_text())
        train, test = (pd.read_csv(folder / f"{part}.csv") for part in ("train", "test"))
        models = CLASSES if task["score"] == "accuracy" else NUMBERS
        scores = {name: score_of(name, model, train, test, task) for name, model in models.items()}
        print(json.dumps({"scores": scores, "parts": {"train": len(train), "test": len(test)}}), flush=True)


if __name__ == "__main__":
    main()
