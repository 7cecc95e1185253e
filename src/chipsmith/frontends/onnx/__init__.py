"""ONNX: a QDQ int8 network keeps its own scales and becomes integer TOSA; a float network is quantised first."""
