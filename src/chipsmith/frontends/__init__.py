"""From the files and modules that people have to a Graph: `.tosa`, int8 `.tflite`, PyTorch."""
