"""Where cells run. One module an executor, each with the `run` of `bench.execute.Executor`."""
