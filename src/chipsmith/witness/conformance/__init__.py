"""TOSA's official conformance cases on the targets."""
