"""What lifelines says of the tables in a folder: python oracle.py FOLDER COUNT"""

import sys
import warnings

import pandas
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test

warnings.simplefilter("ignore")


def tell(table, key, *numbers):
    print(table, key, ":", *(f"{number:.15g}" for number in numbers))


folder, count = sys.argv[1], int(sys.argv[2])
for table in range(count):
    rows = pandas.read_csv(f"{folder}/{table}.csv")
    for group, own in rows.groupby("group"):
        fitter = KaplanMeierFitter().fit(own.exit, own.event, entry=own.entry)
        events = fitter.event_table.query("observed > 0").index
        low, high = fitter.confidence_interval_.T.values
        for at, time in enumerate(fitter.survival_function_.index):
            left = fitter.survival_function_.iloc[at, 0]
            if time in events:
                # The error is not among what it tells.
                interval = (low[at], high[at]) if left > 0 else ()
                tell(table, f"curve {group} {time:.6f}", left, *([float("nan"), *interval] if interval else []))
    if not (rows.entry > 0).any():
        test = multivariate_logrank_test(rows.exit, rows.group, rows.event)
        tell(table, "log_rank", test.test_statistic, test.p_value)
    columns = ["age", "load", "new"]
    plain, robust = (
        CoxPHFitter().fit(
            rows[["entry", "exit", "event", *columns, *cluster]],
            duration_col="exit",
            event_col="event",
            entry_col="entry",
            cluster_col=cluster[0] if cluster else None,
            fit_options={"precision": 1e-12, "r_precision": 1e-14},
        )
        for cluster in ([], ["id"])
    )
    for name in columns:
        tell(table, f"cox {name}", plain.params_[name], plain.standard_errors_[name])
        # Its residuals know neither Efron's ties nor entries, whatever its model does: R's do, and ours.
        if not rows.exit[rows.event == 1].duplicated().any() and not (rows.entry > 0).any():
            tell(table, f"cox {name}", float("nan"), float("nan"), robust.standard_errors_[name])
