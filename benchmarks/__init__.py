"""The race: one registry of cases, run against every contender that is installed.

`python -m benchmarks --help` says how. What is compared, and how:

- `cases` holds what is timed, `data` the arrays, the same for everybody, `layouts` each library's layout of weights.
- `contenders` has one file for each library. A contender at work is a `worker` process of its own.
- `runner` asks the workers in turn, round after round, so that what disturbs the machine disturbs all of them alike;
  `results` compares times of the same round only. Results are compared before anything is timed.
- `machine` measures the peak of the processor on the spot; `coldstart` and `overhead` look at what a median hides.
- `report` and `plot` show it.

Seconds depend on the machine and on its day. Ratios within one run are what can be claimed.
"""
