"""Networks as ONNX files for runtimes: in float32, with roundings to int8 (QDQ), and from integer graphs"""
