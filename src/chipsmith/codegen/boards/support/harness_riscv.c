/* RISC-V: the first instructions, and instructions counted by the processor itself. */
#include "board.h"

#include <stdio.h>

/* Compilers that know the registers of counters and traps as an extension take it here, without another library. */
#define WITH_REGISTERS(instructions) ".option push\n.option arch, +zicsr\n" instructions "\n.option pop"

void reset(void);
_Noreturn void board_start(void);
_Noreturn __attribute__((used, aligned(4))) void fault(void);

__attribute__((naked, section(".vectors"), used)) void reset(void)
{
    __asm__ volatile(WITH_REGISTERS("la sp, stack_top\nla t0, fault\ncsrw mtvec, t0\ncall board_start"));
}

_Noreturn void fault(void)
{
    puts("the processor stops: a trap");
    board_exit(2);
}

void board_start_counter(void)
{
}

uint64_t board_ticks(void)
{
    uint32_t high, low, again;
    do {
        __asm__ volatile(WITH_REGISTERS("rdinstreth %0\nrdinstret %1\nrdinstreth %2")
                         : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
}
