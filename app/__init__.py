"""The station: workflow, window, store, messages and command line."""
