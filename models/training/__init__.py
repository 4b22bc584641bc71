"""How the shipped models were made, as modules to run: data, train, export, judge. Needs the `train` extra."""
