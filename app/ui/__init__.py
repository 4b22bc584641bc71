"""The officer's window. Qt is used in this package and nowhere else."""
