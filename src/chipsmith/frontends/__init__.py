"""From the networks that people have to a QuantizedNetwork: `.tosa`, `.tflite`, `.onnx` and PyTorch modules.

Each front end is a folder here, whose `__init__` holds its row FRONT_END; `registry` finds the rows and is the one door
to all of them.
"""
