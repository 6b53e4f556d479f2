"""Proofs that take longer than a test: each is a program with a bound, `.ci/run` runs all of them with a smaller one."""
