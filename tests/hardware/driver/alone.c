/* The driver on a model of the registers: what the machine itself cannot be brought to, and the order of its accesses.
 * Compiled as C and as C++. Prints a line for each expectation that fails, then how many. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t words[16];
static char trace[256]; /* a letter for each access: S start, A abort, c clean, i invalidate, f flush, b barrier */

static void note(char letter) {
    const size_t length = strlen(trace);
    if (length + 1 < sizeof trace) trace[length] = letter;
}

static uint32_t model_read(uint32_t address);
static void model_write(uint32_t address, uint32_t value);

#define CHIPSMITH_READ(device, address) model_read(address)
#define CHIPSMITH_WRITE(device, address, value) model_write(address, value)
#define CHIPSMITH_BARRIER(device) note('b')
#define CHIPSMITH_CLEAN(device, address, bytes) note('c')
#define CHIPSMITH_INVALIDATE(device, address, bytes) note('i')
#define CHIPSMITH_FLUSH(device, address, bytes) note('f')
#define CHIPSMITH_DRAIN_LOOKS 3u
#include "chipsmith.h"

#define REGISTER(name) words[CHIPSMITH_##name##_REGISTER / 4]

static uint32_t model_read(uint32_t address) { return words[address / 4]; }

static void model_write(uint32_t address, uint32_t value) {
    if (address == CHIPSMITH_CONTROL_REGISTER) {
        if (value & CHIPSMITH_CONTROL_START_MASK) note('S'), REGISTER(STATUS) = CHIPSMITH_STATUS_RUNNING_MASK;
        if (value & CHIPSMITH_CONTROL_ABORT_MASK) note('A'), REGISTER(STATUS) = 0;
    }
    if (address == CHIPSMITH_EVENTS_REGISTER)
        words[address / 4] &= ~value;
    else
        words[address / 4] = value;
}

static unsigned failures;
static void expect(int line, unsigned long long wanted, unsigned long long value) {
    if (wanted == value) return;
    printf("line %d: %llu in place of %llu\n", line, value, wanted);
    failures++;
}
#define EXPECT(wanted, value) expect(__LINE__, (unsigned long long)(wanted), (unsigned long long)(value))

static uint8_t external[4096];
static const uint8_t image[3] = {1, 2, 3};
static const uint32_t shape[1] = {4};
static const chipsmith_port inputs[1] = {{"x", 64, 4, CHIPSMITH_INT8, 1, shape, 0.5f, -3}};
static const chipsmith_port outputs[1] = {{"y", 128, 4, CHIPSMITH_INT8, 1, shape, 0.0f, 0}};
static const chipsmith_program network = {"net", "chip", 0x1234, image, 3, 4096, inputs, 1, outputs, 1, 1000, 800};
static chipsmith_device device;

static void open_model(void) {
    memset(words, 0, sizeof words);
    REGISTER(IDENTITY) = CHIPSMITH_IDENTITY_RESET;
    REGISTER(INTERFACE) = CHIPSMITH_INTERFACE_RESET;
    REGISTER(CHIP) = 0x1234;
    EXPECT(CHIPSMITH_OK, chipsmith_open(&device, 0, external, UINT64_C(0x123456000), sizeof external));
    EXPECT(CHIPSMITH_OK, chipsmith_load(&device, &network));
}

static void finish(uint32_t status, uint32_t events) {
    REGISTER(STATUS) = status;
    REGISTER(EVENTS) = events;
}

static void test_open(void) {
    open_model();
    REGISTER(INTERFACE) = CHIPSMITH_INTERFACE_RESET + 1;
    EXPECT(CHIPSMITH_OTHER_INTERFACE, chipsmith_open(&device, 0, external, 0, sizeof external));
    REGISTER(IDENTITY) = 0;
    EXPECT(CHIPSMITH_NO_MACHINE, chipsmith_open(&device, 0, external, 0, sizeof external));
}

static void test_order(void) {
    uint8_t bytes[4] = {9, 8, 7, 6};
    open_model();
    EXPECT(0, memcmp(external, image, sizeof image));
    memset(trace, 0, sizeof trace);
    EXPECT(CHIPSMITH_OK, chipsmith_load(&device, &network));
    EXPECT(CHIPSMITH_OK, chipsmith_set_input(&device, 0, bytes, sizeof bytes));
    EXPECT(0, memcmp(external + 64, bytes, sizeof bytes));
    EXPECT(CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_COLD));
    EXPECT(CHIPSMITH_RUNNING, chipsmith_poll(&device));
    finish(0, CHIPSMITH_EVENTS_DONE_MASK);
    EXPECT(CHIPSMITH_OK, chipsmith_wait(&device));
    EXPECT(CHIPSMITH_OK, chipsmith_read_output(&device, 0, bytes, sizeof bytes));
    EXPECT(0, strcmp(trace, "fccbSbi"));
    EXPECT(0x23456000, REGISTER(BASE_LOW));
    EXPECT(1, REGISTER(BASE_HIGH));
    EXPECT(4000, REGISTER(WATCHDOG));
    EXPECT(CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_WARM));
    EXPECT(CHIPSMITH_CONTROL_START_MASK | CHIPSMITH_CONTROL_WARM_MASK, REGISTER(CONTROL));
}

static void test_watchdog_ends(void) {
    chipsmith_program slow = network;
    open_model();
    slow.cold_cycles = 0x50000000;
    EXPECT(CHIPSMITH_OK, chipsmith_load(&device, &slow));
    EXPECT(UINT32_MAX, device.watchdog_cycles);
}

static void test_handler_before_poll(void) {
    open_model();
    chipsmith_enable_interrupt(&device);
    EXPECT(CHIPSMITH_EVENTS_MASK, REGISTER(INTERRUPT));
    EXPECT(CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_COLD));
    finish(0, CHIPSMITH_EVENTS_DONE_MASK);
    EXPECT(CHIPSMITH_EVENTS_DONE_MASK, chipsmith_handle_interrupt(&device));
    EXPECT(0, REGISTER(EVENTS));
    EXPECT(CHIPSMITH_OK, chipsmith_poll(&device));
    EXPECT(CHIPSMITH_OK, chipsmith_poll(&device));
    chipsmith_disable_interrupt(&device);
    EXPECT(0, REGISTER(INTERRUPT));
}

/* What has happened is told although no interrupt says it, and the handler's events are left to the handler. */
static void test_enable_while_it_runs(void) {
    open_model();
    EXPECT(CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_COLD));
    finish(0, CHIPSMITH_EVENTS_DONE_MASK);
    chipsmith_enable_interrupt(&device);
    EXPECT(0, REGISTER(EVENTS));
    EXPECT(0, device.events);
    EXPECT(CHIPSMITH_OK, chipsmith_poll(&device));
    EXPECT(CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_COLD));
    finish(0, 0);
    EXPECT(CHIPSMITH_LOST, chipsmith_poll(&device));
}

static void test_endings(void) {
    static const struct {
        uint32_t status, events;
        chipsmith_status outcome;
    } endings[] = {
        {CHIPSMITH_ERROR_OPCODE << CHIPSMITH_STATUS_ERROR_SHIFT, CHIPSMITH_EVENTS_ERROR_MASK, CHIPSMITH_FAULT},
        {CHIPSMITH_ERROR_BUS << CHIPSMITH_STATUS_ERROR_SHIFT, CHIPSMITH_EVENTS_ERROR_MASK, CHIPSMITH_BUS_ERROR},
        {CHIPSMITH_ERROR_WATCHDOG << CHIPSMITH_STATUS_ERROR_SHIFT, CHIPSMITH_EVENTS_ERROR_MASK, CHIPSMITH_TOO_LONG},
        {0, CHIPSMITH_EVENTS_ABORTED_MASK, CHIPSMITH_ABORTED},
        {0, 0, CHIPSMITH_LOST},
    };
    uint8_t byte = 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        open_model();
        EXPECT(CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_COLD));
        REGISTER(INDEX) = 17;
        REGISTER(BUS_ERROR) = 3u << CHIPSMITH_BUS_ERROR_RESPONSE_SHIFT | CHIPSMITH_BUS_ERROR_WRITE_MASK;
        finish(endings[i].status, endings[i].events);
        EXPECT(endings[i].outcome, chipsmith_wait(&device));
        EXPECT(endings[i].status != 0 ? 17 : 0, device.fault.index);
        EXPECT(endings[i].status != 0 ? 3 : 0, device.fault.bus_response);
        EXPECT(endings[i].status != 0, device.fault.bus_write);
        EXPECT(CHIPSMITH_NOT_STARTED, chipsmith_read_output(&device, 0, &byte, 1));
        EXPECT(CHIPSMITH_NOT_WARM, chipsmith_start(&device, CHIPSMITH_WARM));
        EXPECT(endings[i].status != 0 ? CHIPSMITH_STOPPED : CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_COLD));
    }
}

/* After an error, and while an abort drains, writes of the machine may still come: the memory is left alone. */
static void test_memory_waits_for_the_machine(void) {
    const uint8_t bytes[4] = {9, 8, 7, 6};
    open_model();
    EXPECT(CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_COLD));
    finish(CHIPSMITH_ERROR_BUS << CHIPSMITH_STATUS_ERROR_SHIFT, CHIPSMITH_EVENTS_ERROR_MASK);
    EXPECT(CHIPSMITH_BUS_ERROR, chipsmith_wait(&device));
    EXPECT(CHIPSMITH_STOPPED, chipsmith_load(&device, &network));
    EXPECT(CHIPSMITH_STOPPED, chipsmith_set_input(&device, 0, bytes, sizeof bytes));
    EXPECT(CHIPSMITH_OK, chipsmith_abort(&device));
    REGISTER(STATUS) = CHIPSMITH_STATUS_DRAINING_MASK;
    EXPECT(CHIPSMITH_BUSY, chipsmith_load(&device, &network));
    EXPECT(CHIPSMITH_BUSY, chipsmith_set_input(&device, 0, bytes, sizeof bytes));
    REGISTER(STATUS) = 0;
    EXPECT(CHIPSMITH_OK, chipsmith_set_input(&device, 0, bytes, sizeof bytes));
}

static void test_other_program_is_cold(void) {
    open_model();
    EXPECT(CHIPSMITH_OK, chipsmith_start(&device, CHIPSMITH_COLD));
    finish(0, CHIPSMITH_EVENTS_DONE_MASK);
    EXPECT(CHIPSMITH_OK, chipsmith_wait(&device));
    EXPECT(CHIPSMITH_OK, chipsmith_use(&device, &network));
    EXPECT(CHIPSMITH_NOT_WARM, chipsmith_start(&device, CHIPSMITH_WARM));
}

static void test_elements(void) {
    static const uint8_t data[8] = {0xff, 0x7f, 0x00, 0x80, 0xfe, 0xff, 0xff, 0xff};
    chipsmith_port port = outputs[0];
    port.bytes = 8;
    EXPECT(-1, chipsmith_element(&port, data, 0));
    EXPECT(127, chipsmith_element(&port, data, 1));
    EXPECT(-128, chipsmith_element(&port, data, 3));
    EXPECT(1, chipsmith_greatest(&port, data));
    EXPECT(8, chipsmith_elements(&port));
    port.type = CHIPSMITH_INT16;
    EXPECT(32767, chipsmith_element(&port, data, 0));
    EXPECT(-32768, chipsmith_element(&port, data, 1));
    EXPECT(4, chipsmith_elements(&port));
    port.type = CHIPSMITH_INT32;
    EXPECT((int32_t)(0x80007fffu - 0x100000000), chipsmith_element(&port, data, 0));
    EXPECT(-2, chipsmith_element(&port, data, 1));
    EXPECT(2, chipsmith_elements(&port));
    port.type = CHIPSMITH_BOOL;
    EXPECT(1, chipsmith_element(&port, data, 0));
    EXPECT(0, chipsmith_element(&port, data, 2));
}

static void test_texts(void) {
    for (int i = CHIPSMITH_OK; i <= CHIPSMITH_NOT_DRAINED; i++)
        for (int k = CHIPSMITH_OK; k < i; k++)
            EXPECT(1, strcmp(chipsmith_text((chipsmith_status)i), chipsmith_text((chipsmith_status)k)) != 0);
    EXPECT(0, strcmp(chipsmith_error_text(CHIPSMITH_ERROR_NONE), "no error"));
}

int main(void) {
    test_open();
    test_order();
    test_watchdog_ends();
    test_handler_before_poll();
    test_enable_while_it_runs();
    test_endings();
    test_memory_waits_for_the_machine();
    test_other_program_is_cold();
    test_elements();
    test_texts();
    printf("%u expectations fail\n", failures);
    return failures != 0;
}
