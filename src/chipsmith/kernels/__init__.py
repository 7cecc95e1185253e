"""Single kernels as networks: conv2d, matmul, softmax, attention, a cell, each as an integer graph of its own"""
