"""What is inside of the figures that are made here, by how they are made."""

CHIP_BOUNDARY = (
    "Latency: a cold inference, its weights and inputs read from external memory, its outputs written there. Energy: "
    "the chip and the transfers of its external memory, without what that uses while it is idle and all outside."
)
COMPUTER_BOUNDARY = (
    "Latency: arrays in, arrays out, in warm caches, with what the library does around the network. Energy: the whole "
    "package of the processor, what it draws when idle included."
)
DEVICE_BOUNDARY = (
    "Latency: arrays in the host's memory, copied to the device, and its outputs copied back, in warm caches. Energy "
    "is not measured."
)
C_BOUNDARY = "Latency: the C function of the network alone, integers in, integers out, in warm caches."
EMULATED_BOUNDARY = "Instructions: the C function of the network alone; an emulator has no time."
QUANTUM_BOUNDARY = "Accuracy on the test part of the task, simulated; no time stands beside the others'."
CLASSICAL_BOUNDARY = "Accuracy on the test part of the task, on the features that the circuits have."
