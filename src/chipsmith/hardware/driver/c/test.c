/* The driver on the machine's RTL: each golden vector cold and warm, by polling and by interrupt, to the byte and the
 * cycle; then what can go wrong, each followed by an inference that must be right. Prints PASS, or what differs. */
#include <stdio.h>
#include <stdlib.h>

#include "platform.h"
#include "vector.h"

static chipsmith_device device;

void machine_interrupt(void) { chipsmith_handle_interrupt(&device); }

static const char *test_name;

static void fail(const char *what) {
    printf("FAIL %s: %s\n", test_name, what);
    exit(1);
}

static void expect(chipsmith_status wanted, chipsmith_status status) {
    if (status == wanted) return;
    printf("FAIL %s: \"%s\" in place of \"%s\"\n", test_name, chipsmith_text(status), chipsmith_text(wanted));
    exit(1);
}

static void set_inputs(const chipsmith_vector *vector) {
    const chipsmith_program *program = vector->program;
    for (uint32_t i = 0; i < program->input_count; i++)
        expect(CHIPSMITH_OK, chipsmith_set_input(&device, i, vector->inputs[i], program->inputs[i].bytes));
}

static void check_output(const chipsmith_port *port, uint32_t number, const uint8_t *wanted) {
    uint8_t *output = malloc(port->bytes);
    if (output == NULL) fail("no memory");
    expect(CHIPSMITH_OK, chipsmith_read_output(&device, number, output, port->bytes));
    for (uint32_t i = 0; i < port->bytes; i++)
        if (output[i] != wanted[i]) {
            printf("output %s, byte %u: %u in place of %u\n", port->name, (unsigned)i, output[i], wanted[i]);
            fail("an output differs");
        }
    free(output);
}

static void infer(const chipsmith_vector *vector, chipsmith_start_mode mode) {
    const chipsmith_program *program = vector->program;
    const uint32_t cycles = mode == CHIPSMITH_WARM ? program->warm_cycles : program->cold_cycles;
    set_inputs(vector);
    expect(CHIPSMITH_OK, chipsmith_start(&device, mode));
    expect(CHIPSMITH_OK, chipsmith_wait(&device));
    for (uint32_t i = 0; i < program->output_count; i++) check_output(&program->outputs[i], i, vector->outputs[i]);
    if (chipsmith_cycles(&device) == cycles) return;
    printf("%u cycles in place of %u\n", (unsigned)chipsmith_cycles(&device), (unsigned)cycles);
    fail("the cycles differ");
}

static void open_with(const chipsmith_vector *vector) {
    expect(CHIPSMITH_OK, platform_open(&device));
    expect(CHIPSMITH_OK, chipsmith_load(&device, vector->program));
}

static void test_vector(const chipsmith_vector *vector) {
    test_name = vector->program->name;
    open_with(vector);
    infer(vector, CHIPSMITH_COLD);
    infer(vector, CHIPSMITH_WARM);
    const uint32_t before = axi_interrupts();
    chipsmith_enable_interrupt(&device);
    infer(vector, CHIPSMITH_COLD);
    infer(vector, CHIPSMITH_WARM);
    if (axi_interrupts() - before != 2) fail("two inferences are two interrupts");
    chipsmith_disable_interrupt(&device);
    printf("PASS %s: %u cycles cold, %u warm\n", test_name, (unsigned)vector->program->cold_cycles,
           (unsigned)vector->program->warm_cycles);
}

static void start(const chipsmith_vector *vector) {
    set_inputs(vector);
    expect(CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_COLD));
}

/* After an error: only an abort lets the machine start again, and then it is right. */
static void recover(const chipsmith_vector *vector) {
    expect(CHIPSMITH_STOPPED, chipsmith_start(&device, CHIPSMITH_COLD));
    expect(CHIPSMITH_OK, chipsmith_abort(&device));
    expect(CHIPSMITH_NOT_WARM, chipsmith_start(&device, CHIPSMITH_WARM));
    infer(vector, CHIPSMITH_COLD);
}

static void test_refusals(const chipsmith_vector *vector) {
    chipsmith_program other = *vector->program;
    uint8_t byte = 0;
    expect(CHIPSMITH_UNALIGNED,
           chipsmith_open(&device, AXI_REGISTERS, axi_memory(), AXI_BUS_ADDRESS + 64, AXI_MEMORY_BYTES));
    expect(CHIPSMITH_NO_MACHINE,
           chipsmith_open(&device, AXI_REGISTERS + 128, axi_memory(), AXI_BUS_ADDRESS, AXI_MEMORY_BYTES));
    expect(CHIPSMITH_OK, platform_open(&device));
    expect(CHIPSMITH_NO_PROGRAM, chipsmith_start(&device, CHIPSMITH_COLD));
    other.chip = vector->program->chip ^ 1u;
    expect(CHIPSMITH_OTHER_CHIP, chipsmith_load(&device, &other));
    device.memory_bytes = vector->program->memory_bytes - 1u;
    expect(CHIPSMITH_MEMORY_TOO_SMALL, chipsmith_load(&device, vector->program));
    open_with(vector);
    expect(CHIPSMITH_NOT_STARTED, chipsmith_wait(&device));
    expect(CHIPSMITH_NO_PORT, chipsmith_set_input(&device, vector->program->input_count, &byte, 1));
    expect(CHIPSMITH_NOT_WARM, chipsmith_start(&device, CHIPSMITH_WARM));
    start(vector);
    expect(CHIPSMITH_BUSY, chipsmith_start(&device, CHIPSMITH_COLD));
    expect(CHIPSMITH_BUSY, chipsmith_load(&device, vector->program));
    expect(CHIPSMITH_NOT_STARTED, chipsmith_read_output(&device, 0, &byte, 1));
    expect(CHIPSMITH_OK, chipsmith_wait(&device));
    expect(CHIPSMITH_WRONG_SIZE,
           chipsmith_read_output(&device, 0, &byte, (size_t)vector->program->outputs[0].bytes + 1));
    infer(vector, CHIPSMITH_WARM);
}

static void test_watchdog(const chipsmith_vector *vector) {
    open_with(vector);
    chipsmith_set_watchdog(&device, vector->program->cold_cycles / 2);
    start(vector);
    expect(CHIPSMITH_TOO_LONG, chipsmith_wait(&device));
    if (device.fault.error != CHIPSMITH_ERROR_WATCHDOG) fail("the fault is of the watchdog");
    chipsmith_set_watchdog(&device, 0);
    recover(vector);
}

static void test_bus_errors(const chipsmith_vector *vector) {
    open_with(vector);
    start(vector);
    axi_fail_read(5);
    expect(CHIPSMITH_BUS_ERROR, chipsmith_wait(&device));
    if (device.fault.bus_response != 2 || device.fault.bus_write) fail("the fault is of a read");
    recover(vector);
    start(vector);
    axi_fail_write(1);
    expect(CHIPSMITH_BUS_ERROR, chipsmith_wait(&device));
    if (device.fault.bus_response != 2 || !device.fault.bus_write) fail("the fault is of a write");
    recover(vector);
}

static void test_abort(const chipsmith_vector *vector) {
    open_with(vector);
    start(vector);
    axi_relax();
    expect(CHIPSMITH_OK, chipsmith_abort(&device));
    expect(CHIPSMITH_ABORTED, chipsmith_wait(&device));
    infer(vector, CHIPSMITH_COLD);
}

static void test_silent_bus(const chipsmith_vector *vector) {
    open_with(vector);
    start(vector);
    axi_hang(1);
    expect(CHIPSMITH_TOO_LONG, chipsmith_wait(&device));
    expect(CHIPSMITH_NOT_DRAINED, chipsmith_abort(&device));
    axi_hang(0);
    expect(CHIPSMITH_OK, chipsmith_abort(&device));
    infer(vector, CHIPSMITH_COLD);
}

static void test_reset(const chipsmith_vector *vector) {
    open_with(vector);
    start(vector);
    axi_relax();
    axi_reset();
    expect(CHIPSMITH_LOST, chipsmith_wait(&device));
    infer(vector, CHIPSMITH_COLD);
}

typedef struct {
    const char *name;
    void (*run)(const chipsmith_vector *vector);
} test;

static const test tests[] = {
    {"refusals", test_refusals},     {"watchdog", test_watchdog},
    {"bus errors", test_bus_errors}, {"abort", test_abort},
    {"silent bus", test_silent_bus}, {"reset", test_reset},
};

int main(void) {
    for (uint32_t i = 0; i < vector_count; i++) test_vector(vectors[i]);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        test_name = tests[i].name;
        tests[i].run(vectors[0]);
        printf("PASS %s\n", test_name);
    }
    return 0;
}
