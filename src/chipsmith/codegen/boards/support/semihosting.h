/* One request to the emulator: its number and its argument; gives the answer. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

static inline intptr_t semihosting(uintptr_t request, const void *argument)
{
#if defined(__arm__)
    register uintptr_t answer __asm__("r0") = request;
    register const void *block __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(answer) : "r"(block) : "memory");
#else
    register uintptr_t answer __asm__("a0") = request;
    register const void *block __asm__("a1") = argument;
    /* These three instructions, none of them compressed and all on one page, are the request. */
    __asm__ volatile(".balign 16\n.option push\n.option norvc\nslli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                     : "+r"(answer)
                     : "r"(block)
                     : "memory");
#endif
    return (intptr_t)answer;
}

#endif
