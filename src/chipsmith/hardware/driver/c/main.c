/* Example: an inference of @NETWORK@ by polling, and a second by interrupt, on the constants that the first left. */
#include <stdio.h>

#include "platform.h"
#include "program_@NAME@.h"
#include "vector.h"

extern const chipsmith_vector vector_@NAME@;

#define OUTPUT_BYTES @OUTPUT_BYTES@u

static chipsmith_device device;

/* The processor's interrupt vector for the machine's `irq` leads here. */
void machine_interrupt(void) { chipsmith_handle_interrupt(&device); }

static int check(chipsmith_status status) {
    if (status == CHIPSMITH_OK) return 1;
    printf("%s", chipsmith_text(status));
    if (device.fault.error != CHIPSMITH_ERROR_NONE) printf(": %s", chipsmith_error_text(device.fault.error));
    printf("\n");
    return 0;
}

static int infer(const char *way, chipsmith_start_mode mode) {
    const chipsmith_port *port = &program_@NAME@.outputs[0];
    static uint8_t output[OUTPUT_BYTES];
    for (uint32_t i = 0; i < program_@NAME@.input_count; i++)
        if (!check(chipsmith_set_input(&device, i, vector_@NAME@.inputs[i], program_@NAME@.inputs[i].bytes))) return 0;
    if (!check(chipsmith_start(&device, mode))) return 0;
    if (!check(chipsmith_wait(&device))) return 0;
    if (!check(chipsmith_read_output(&device, 0, output, sizeof output))) return 0;
    printf("%s: @ANSWER@ %u, %u cycles\n", way, (unsigned)chipsmith_greatest(port, output),
           (unsigned)chipsmith_cycles(&device));
    return 1;
}

int main(void) {
    if (!check(platform_open(&device))) return 1;
    if (!check(chipsmith_load(&device, &program_@NAME@))) return 1;
    if (!infer("polling", CHIPSMITH_COLD)) return 1;
    chipsmith_enable_interrupt(&device);
    return infer("interrupt", CHIPSMITH_WARM) ? 0 : 1;
}
