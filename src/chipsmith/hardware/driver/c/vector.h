/* Golden vectors: a program, the bytes of its inputs, and the bytes that its outputs must be. */
#ifndef VECTOR_H
#define VECTOR_H

#include "chipsmith.h"

typedef struct chipsmith_vector {
    const chipsmith_program *program;
    const uint8_t *const *inputs;
    const uint8_t *const *outputs;
} chipsmith_vector;

extern const chipsmith_vector *const vectors[];
extern const uint32_t vector_count;

#endif
