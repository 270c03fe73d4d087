"""What lifelines says of a table of boots: python survival_lifelines.py TABLE"""

import sys
import warnings

import pandas
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test

warnings.simplefilter("ignore")
boots = pandas.read_csv(sys.argv[1])
groups = [own for _, own in boots.groupby("old_qemu")]
for own in groups:
    KaplanMeierFitter().fit(own.exit, own.froze, entry=own.entry)
# It takes no entries.
logrank_test(*(own.exit for own in groups), *(own.froze for own in groups))
boots = pandas.get_dummies(boots, columns=["scheduler"], prefix_sep="=", drop_first=True, dtype=int)
model = CoxPHFitter().fit(
    boots, duration_col="exit", event_col="froze", entry_col="entry", cluster_col="appliance"
)
for name, coef in model.params_.items():
    print(name, f"{coef:.12g}")
