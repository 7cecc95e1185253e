/* The machine's RTL in Verilator as the platform of the driver. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "axi_bus.h"

#define CHIPSMITH_READ(device, address) axi_read((uint32_t)(device)->registers + (address))
#define CHIPSMITH_WRITE(device, address, value) axi_write((uint32_t)(device)->registers + (address), value)
#define CHIPSMITH_RELAX(device) axi_relax()
#define CHIPSMITH_DRAIN_LOOKS 10000u

#include "chipsmith.h"

static inline chipsmith_status platform_open(chipsmith_device *device) {
    return chipsmith_open(device, AXI_REGISTERS, axi_memory(), AXI_BUS_ADDRESS, AXI_MEMORY_BYTES);
}

#endif
