/* What a program asks of an emulated board: files and text by semihosting, executed instructions, the stack in use. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

enum board_mode { BOARD_READ = 1, BOARD_WRITE = 5 };

/* Opens a file of the emulator's folder; less than 0 where it cannot. */
int32_t board_open(const char *name, enum board_mode mode);

/* Reads or writes so many bytes; 0 where all of them went over. */
uint32_t board_read(int32_t file, void *bytes, uint32_t count);
uint32_t board_write(int32_t file, const void *bytes, uint32_t count);

/* Starts the counter of instructions; board_ticks reads it. A board's row says how many ticks an instruction takes. */
void board_start_counter(void);
uint64_t board_ticks(void);

/* Paints the stack that is free; board_stack_bytes then says how much of it was used since, to some words. */
void board_paint_stack(void);
uint32_t board_stack_bytes(void);

/* Ends the program: 0 is success. */
_Noreturn void board_exit(int status);

#endif
