/* What harness_board.c has of <stdio.h>: lines of text to the emulator's terminal. */
#ifndef BOARD_STDIO_H
#define BOARD_STDIO_H

int puts(const char *text);

#endif
