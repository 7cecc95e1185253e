"""Runs told to other people's tools while they happen: TensorBoard's event files, MLflow's store."""
