/* Start, files and the painted stack of an emulated board. Semihosting: the emulator does what the program asks for. */
#include "board.h"
#include "semihosting.h"

#include <stdio.h>
#include <string.h>

enum { OPEN = 0x01, WRITE = 0x05, READ = 0x06, WRITE_TEXT = 0x04, EXIT_EXTENDED = 0x20, EXITED = 0x20026 };

#define PAINT 0xa5c35a3cu
#define MOST_STACK 0x10000u

extern uint32_t data_start[], data_end[], bss_start[], bss_end[], stack_top[];
extern const uint32_t data_load[];

int main(void);

int32_t board_open(const char *name, enum board_mode mode)
{
    const uintptr_t block[3] = {(uintptr_t)name, (uintptr_t)mode, strlen(name)};
    return (int32_t)semihosting(OPEN, block);
}

uint32_t board_read(int32_t file, void *bytes, uint32_t count)
{
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)bytes, count};
    return (uint32_t)semihosting(READ, block);
}

uint32_t board_write(int32_t file, const void *bytes, uint32_t count)
{
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)bytes, count};
    return (uint32_t)semihosting(WRITE, block);
}

int puts(const char *text)
{
    semihosting(WRITE_TEXT, text);
    semihosting(WRITE_TEXT, "\n");
    return 0;
}

void board_exit(int status)
{
    const uintptr_t block[2] = {EXITED, (uintptr_t)status};
    for (;;) {
        semihosting(EXIT_EXTENDED, block);
    }
}

/* The lowest word that is painted: as far below the top as a stack may reach, or where the static data end. */
static uint32_t *lowest_word(void)
{
    const uintptr_t top = (uintptr_t)stack_top, end = (uintptr_t)bss_end;
    return top - end > MOST_STACK ? stack_top - MOST_STACK / sizeof *stack_top : bss_end;
}

/* Where the caller of board_paint_stack had its stack, or a few words above. */
static const uint32_t *painted_end;

__attribute__((noinline)) void board_paint_stack(void)
{
    /* Below this function's own frame, of four words at most, nothing is in use. */
    uint32_t *const frame = __builtin_frame_address(0);
    for (volatile uint32_t *word = lowest_word(); word < frame - 4; word++) {
        *word = PAINT;
    }
    painted_end = frame + 4;
}

uint32_t board_stack_bytes(void)
{
    const uint32_t *word = lowest_word();
    while (word < painted_end && *word == PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)painted_end - (uintptr_t)word);
}

/* What runs first, with the stack pointer set. */
_Noreturn void board_start(void)
{
    const uint32_t *from = data_load;
    for (uint32_t *to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    board_exit(main());
}
