/* A system on chip: copy this file, and set the addresses and hooks of yours. */
#ifndef PLATFORM_H
#define PLATFORM_H

/* Where the registers and the external memory are. */
#define PLATFORM_REGISTERS 0x40010000u /* as the processor sees the port s_axi */
#define PLATFORM_MEMORY 0x80000000u    /* as the processor sees the machine's external memory */
#define PLATFORM_BUS_ADDRESS UINT64_C(0x80000000) /* as the machine's port m_axi sees it: a multiple of 4096 */
#define PLATFORM_MEMORY_BYTES 0x1000000u

/* With a data cache between processor and memory, for example by CMSIS:
 *     #define CHIPSMITH_CLEAN(device, address, bytes) SCB_CleanDCache_by_Addr(address, (int32_t)(bytes))
 *     #define CHIPSMITH_INVALIDATE(device, address, bytes) SCB_InvalidateDCache_by_Addr(address, (int32_t)(bytes))
 *     #define CHIPSMITH_FLUSH(device, address, bytes) SCB_CleanInvalidateDCache_by_Addr(address, (int32_t)(bytes))
 *
 * To sleep until the interrupt. It is masked between look and sleep, so that its handler cannot run there, after which
 * nothing would wake the processor; WFI wakes on a masked one all the same, and the handler runs with __enable_irq. So
 * do WFI and mstatus.MIE on RISC-V. It needs chipsmith_enable_interrupt before, and the interrupt enabled in the
 * processor's controller: without them WFI sleeps on. Only where interrupts are not masked already:
 *     #define CHIPSMITH_RELAX(device) \
 *         do { __disable_irq(); if ((device)->events == 0) __WFI(); __enable_irq(); } while (0)
 */
#include "chipsmith.h"

void machine_interrupt(void);

static inline chipsmith_status platform_open(chipsmith_device *device) {
    return chipsmith_open(device, PLATFORM_REGISTERS, (void *)(uintptr_t)PLATFORM_MEMORY, PLATFORM_BUS_ADDRESS,
                          PLATFORM_MEMORY_BYTES);
}

#endif
