/* Cortex-M on MPS2: the vector table, and instructions counted by the dual timer. */
#include "board.h"

#include <stdio.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define COPROCESSORS REGISTER(0xe000ed88u)
#define TIMER(number, offset) REGISTER(0x40002000u + 0x20u * (number) + (offset))
enum { LOAD = 0x0, VALUE = 0x4, CONTROL = 0x8 };
enum { ENABLED_32_BITS = 0x82, BY_256 = 0x8 };

extern uint32_t stack_top[];
_Noreturn void board_start(void);
_Noreturn void reset(void);

void board_start_counter(void)
{
    for (uint32_t number = 0; number < 2; number++) {
        TIMER(number, LOAD) = UINT32_MAX;
    }
    TIMER(0, CONTROL) = ENABLED_32_BITS;
    TIMER(1, CONTROL) = ENABLED_32_BITS | BY_256;
}

/* Both timers count down; the second, 256 times slower, says how often the first has gone round. */
uint64_t board_ticks(void)
{
    const uint32_t fast = ~TIMER(0, VALUE);
    const uint64_t slow = (uint64_t)~TIMER(1, VALUE) << 8;
    const uint64_t rounds = (slow - fast + (UINT64_C(1) << 31)) >> 32;
    return (rounds << 32) + fast;
}

_Noreturn void reset(void)
{
    COPROCESSORS |= 0xfu << 20; /* The floating-point unit may be used. */
    __asm__ volatile("dsb\nisb");
    board_start();
}

static _Noreturn void fault(void)
{
    puts("the processor stops: a fault");
    board_exit(2);
}

typedef void (*handler)(void);

struct vectors {
    const void *stack;
    handler handlers[15];
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    stack_top, {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault}};
