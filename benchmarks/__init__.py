"""The numbers of docs/benchmarks.md: ours, a naive baseline and the limits, measured in one run on one machine."""
