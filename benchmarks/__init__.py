"""The race: one registry of cases, run against every contender that is installed.

`python -m benchmarks --help` says how. What is compared, and how:

- `cases` holds the registry of what is timed, `work` its operations and bytes, `data` the arrays, the same for
  everybody, `layouts` each library's layout of weights.
- `contenders` has one file for each library. A contender at work is a `worker` process of its own; `process` is that
  process, seen from here.
- `runner` asks the workers in turn, round after round, so that what disturbs the machine disturbs all of them alike;
  `results` compares times of the same round only. Results are compared before anything is timed.
- `targets` is what is promised, `check` holds it against a run, `history` holds an earlier run against it.
- `machine` measures the peak and the bandwidth of the processor on the spot; `coldstart`, `footprint`, `overhead`,
  `stream_command`, `long_sequence` and `curves` are the `parts` beside the cases: what a median hides.
- `report` has the tables; `plot`, `roofline` and `curves` draw the `pictures`; `page` puts all of them into one file.

Seconds depend on the machine and on its day. Ratios within one run are what can be claimed.
"""
