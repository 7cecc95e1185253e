/* A processor's side of the simulated machine: its registers, its interrupt, the external memory on its bus. */
#ifndef AXI_BUS_H
#define AXI_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "chip_parameters.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the registers stand for the processor. */
#define AXI_REGISTERS 0x40010000u

/* Where the external memory stands on the machine's bus: its register BASE needs both halves. */
#define AXI_BUS_ADDRESS UINT64_C(0x180000000)
#define AXI_MEMORY_BYTES ((size_t)MEMORY_BYTES)

uint8_t *axi_memory(void);

/* An access of a register by AXI4-Lite; what the machine refuses reads 0. The interrupt handler is called after it
 * where `irq` is up. */
uint32_t axi_read(uint32_t address);
void axi_write(uint32_t address, uint32_t value);

/* Some cycles; many where a processor would sleep until its interrupt. */
void axi_relax(void);

/* What goes wrong on the bus. */
void axi_fail_read(uint32_t beats);   /* so many beats from now a read is answered by SLVERR; 0: none */
void axi_fail_write(uint32_t bursts); /* so many bursts from now a write is answered by SLVERR; 0: none */
void axi_hang(int hangs);             /* whether the memory answers nothing */
void axi_reset(void);                 /* resets the machine and the bus */

/* How often the interrupt handler was called. */
uint32_t axi_interrupts(void);

/* The application's handler. */
void machine_interrupt(void);

#ifdef __cplusplus
}
#endif

#endif
