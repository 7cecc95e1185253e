"""The formats: for each its small real files, how they are changed, read and used."""
