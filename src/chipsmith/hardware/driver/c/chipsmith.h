/* The driver of a Chipsmith machine: C11 and C++, one header, no allocation, no library.
 *
 *     chipsmith_device device;
 *     chipsmith_open(&device, registers, memory, bus_address, memory_bytes);
 *     chipsmith_load(&device, &program_NAME);
 *     chipsmith_set_input(&device, 0, input, sizeof input);
 *     chipsmith_start(&device, CHIPSMITH_COLD);
 *     if (chipsmith_wait(&device) == CHIPSMITH_OK) chipsmith_read_output(&device, 0, output, sizeof output);
 *
 * Each of these returns a chipsmith_status, CHIPSMITH_OK where all is well. A device is used by one thread, beside
 * which an interrupt handler may call chipsmith_handle_interrupt. What the board needs stands in the macros below:
 * define those that differ before this header is included. Each takes a `const chipsmith_device *`.
 */
#ifndef CHIPSMITH_H
#define CHIPSMITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chipsmith_registers.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What a board may define ---- */

/* Read and write of a register by its byte address: device memory, neither cached nor reordered. */
#ifndef CHIPSMITH_READ
#define CHIPSMITH_READ(device, address) (*(volatile uint32_t *)((device)->registers + (address)))
#endif
#ifndef CHIPSMITH_WRITE
#define CHIPSMITH_WRITE(device, address, value) \
    ((void)(*(volatile uint32_t *)((device)->registers + (address)) = (value)))
#endif

/* Orders accesses of the memory and of the registers as the machine sees them. */
#ifndef CHIPSMITH_BARRIER
#if defined(__aarch64__)
#define CHIPSMITH_BARRIER(device) __asm__ __volatile__("dsb sy" ::: "memory")
#elif defined(__ARM_ARCH) && (__ARM_ARCH >= 7 || defined(__ARM_ARCH_6M__))
#define CHIPSMITH_BARRIER(device) __asm__ __volatile__("dsb" ::: "memory")
#elif defined(__riscv)
#define CHIPSMITH_BARRIER(device) __asm__ __volatile__("fence iorw, iorw" ::: "memory")
#elif defined(__GNUC__)
#define CHIPSMITH_BARRIER(device) __sync_synchronize()
#else
#error "define CHIPSMITH_BARRIER(device): a full barrier of memory and device accesses"
#endif
#endif

/* Where the processor's data cache does not see what the machine writes, and the other way round. CLEAN writes the
 * lines of a range of the memory back, INVALIDATE drops them unwritten, FLUSH does both. */
#ifndef CHIPSMITH_CLEAN
#define CHIPSMITH_CLEAN(device, address, bytes) ((void)(device), (void)(address), (void)(bytes))
#endif
#ifndef CHIPSMITH_INVALIDATE
#define CHIPSMITH_INVALIDATE(device, address, bytes) ((void)(device), (void)(address), (void)(bytes))
#endif
#ifndef CHIPSMITH_FLUSH
#define CHIPSMITH_FLUSH(device, address, bytes) ((void)(device), (void)(address), (void)(bytes))
#endif

/* Between two looks of chipsmith_wait at a machine that runs: nothing, a yield, or a sleep until an interrupt. */
#ifndef CHIPSMITH_RELAX
#define CHIPSMITH_RELAX(device) ((void)(device))
#endif

/* After so many looks an abort has not drained: the bus itself does not answer. */
#ifndef CHIPSMITH_DRAIN_LOOKS
#define CHIPSMITH_DRAIN_LOOKS 1000000u
#endif

/* Lines of the data cache up to this size belong to one port. */
#define CHIPSMITH_PORT_ALIGNMENT 64u

/* The watchdog's limit in latencies of the program on a memory that keeps the chip's contract. */
#ifndef CHIPSMITH_WATCHDOG_TIMES
#define CHIPSMITH_WATCHDOG_TIMES 4u
#endif

/* ---- Programs, as `chipsmith rtl` writes them ---- */

typedef enum chipsmith_type { CHIPSMITH_BOOL, CHIPSMITH_INT8, CHIPSMITH_INT16, CHIPSMITH_INT32 } chipsmith_type;

/* An input or output in the memory: dense, row-major, little-endian. Where `scale` is not 0 an element stands for the
 * real number (element - zero_point) * scale. */
typedef struct chipsmith_port {
    const char *name;
    uint32_t address;
    uint32_t bytes;
    chipsmith_type type;
    uint32_t rank;
    const uint32_t *shape;
    float scale;
    int32_t zero_point;
} chipsmith_port;

/* A network compiled for a chip. The first `image_bytes` of `memory_bytes` are the image. */
typedef struct chipsmith_program {
    const char *name;
    const char *chip_name;
    uint32_t chip;
    const uint8_t *image;
    uint32_t image_bytes;
    uint32_t memory_bytes;
    const chipsmith_port *inputs;
    uint32_t input_count;
    const chipsmith_port *outputs;
    uint32_t output_count;
    uint32_t cold_cycles; /* latency of an inference on a memory that keeps the chip's contract */
    uint32_t warm_cycles; /* the same of a warm one */
} chipsmith_program;

/* ---- The device ---- */

typedef enum chipsmith_status {
    CHIPSMITH_OK,
    CHIPSMITH_RUNNING,          /* no error: the inference is not complete */
    CHIPSMITH_NO_MACHINE,       /* no machine stands at this address */
    CHIPSMITH_OTHER_INTERFACE,  /* the machine has other registers than this driver */
    CHIPSMITH_OTHER_CHIP,       /* the program was compiled for another chip */
    CHIPSMITH_UNALIGNED,        /* the bus address is no multiple of CHIPSMITH_PAGE_BYTES */
    CHIPSMITH_MEMORY_TOO_SMALL, /* the memory has fewer bytes than the program needs */
    CHIPSMITH_NO_PROGRAM,       /* no program is loaded */
    CHIPSMITH_NO_PORT,          /* the program has no port of this number */
    CHIPSMITH_WRONG_SIZE,       /* the port has another number of bytes */
    CHIPSMITH_BUSY,             /* an inference runs, or an abort drains */
    CHIPSMITH_STOPPED,          /* an error stands; chipsmith_abort clears it */
    CHIPSMITH_NOT_WARM,         /* no inference of this program came before, or an abort or error came between */
    CHIPSMITH_NOT_STARTED,      /* there is no inference to wait for, or none that was completed */
    CHIPSMITH_FAULT,            /* the machine refuses the program; see the device's `fault` */
    CHIPSMITH_BUS_ERROR,        /* the bus answered an access with an error; see `fault` */
    CHIPSMITH_TOO_LONG,         /* the watchdog stopped the inference; see `fault` */
    CHIPSMITH_ABORTED,          /* the inference was aborted */
    CHIPSMITH_LOST,             /* the machine was reset: the inference is lost */
    CHIPSMITH_NOT_DRAINED       /* an abort waits for a bus that does not answer */
} chipsmith_status;

typedef enum chipsmith_start_mode {
    CHIPSMITH_COLD, /* load all constants */
    CHIPSMITH_WARM  /* the constants of the last inference of this program are on the chip */
} chipsmith_start_mode;

/* What the machine said as it stopped. */
typedef struct chipsmith_fault {
    chipsmith_error error;
    uint32_t index;        /* the instruction that stands in error */
    uint32_t cycles;       /* since the start */
    uint32_t bus_response; /* 2 SLVERR, 3 DECERR, 0 none */
    bool bus_write;        /* whether it answered a write */
} chipsmith_fault;

typedef struct chipsmith_device {
    uintptr_t registers;  /* address of the registers as the processor sees them */
    uint8_t *memory;      /* the machine's external memory as the processor sees it */
    uint64_t bus_address; /* the same as the machine sees it */
    size_t memory_bytes;
    const chipsmith_program *program;
    uint32_t watchdog_cycles;
    volatile uint32_t events; /* EVENTS that the interrupt handler took: it alone adds to them */
    uint32_t taken_events;    /* those that chipsmith_enable_interrupt took */
    chipsmith_status outcome; /* of the last start */
    bool warm;                /* the program's constants are on the chip */
    chipsmith_fault fault;
} chipsmith_device;


/* ---- Inside ---- */

static inline uint32_t chipsmith_read_register(const chipsmith_device *device, uint32_t address) {
    (void)device;
    return CHIPSMITH_READ(device, address);
}

static inline void chipsmith_write_register(const chipsmith_device *device, uint32_t address, uint32_t value) {
    (void)device;
    CHIPSMITH_WRITE(device, address, value);
}

static inline void chipsmith_copy(uint8_t *target, const uint8_t *source, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) target[i] = source[i];
}

static inline uint32_t chipsmith_times_saturated(uint32_t value, uint32_t times) {
    const uint64_t product = (uint64_t)value * times;
    return product > UINT32_MAX ? UINT32_MAX : (uint32_t)product;
}

/* The last start came to this; only a completed inference leaves constants that a warm one may use. */
static inline chipsmith_status chipsmith_settle(chipsmith_device *device, chipsmith_status outcome) {
    device->outcome = outcome;
    device->warm = outcome == CHIPSMITH_OK;
    return outcome;
}

static inline void chipsmith_take_no_fault(chipsmith_device *device) {
    device->fault.error = CHIPSMITH_ERROR_NONE;
    device->fault.index = 0;
    device->fault.cycles = 0;
    device->fault.bus_response = 0;
    device->fault.bus_write = false;
}

static inline void chipsmith_take_fault(chipsmith_device *device, uint32_t status) {
    const uint32_t bus = chipsmith_read_register(device, CHIPSMITH_BUS_ERROR_REGISTER);
    device->fault.error = (chipsmith_error)((status & CHIPSMITH_STATUS_ERROR_MASK) >> CHIPSMITH_STATUS_ERROR_SHIFT);
    device->fault.index = chipsmith_read_register(device, CHIPSMITH_INDEX_REGISTER);
    device->fault.cycles = chipsmith_read_register(device, CHIPSMITH_CYCLES_REGISTER);
    device->fault.bus_response = (bus & CHIPSMITH_BUS_ERROR_RESPONSE_MASK) >> CHIPSMITH_BUS_ERROR_RESPONSE_SHIFT;
    device->fault.bus_write = (bus & CHIPSMITH_BUS_ERROR_WRITE_MASK) != 0;
}

static inline chipsmith_status chipsmith_status_of(chipsmith_error error) {
    switch (error) {
        case CHIPSMITH_ERROR_BUS: return CHIPSMITH_BUS_ERROR;
        case CHIPSMITH_ERROR_WATCHDOG: return CHIPSMITH_TOO_LONG;
        default: return CHIPSMITH_FAULT;
    }
}

/* No event stands, and none was taken. */
static inline void chipsmith_forget_events(chipsmith_device *device) {
    chipsmith_write_register(device, CHIPSMITH_EVENTS_REGISTER, CHIPSMITH_EVENTS_MASK);
    device->events = 0;
    device->taken_events = 0;
}

/* The memory is the driver's: no inference runs, and no write of one that has failed or was aborted is on its way. */
static inline chipsmith_status chipsmith_check_idle(const chipsmith_device *device) {
    const uint32_t status = chipsmith_read_register(device, CHIPSMITH_STATUS_REGISTER);
    if ((status & CHIPSMITH_STATUS_ERROR_MASK) != 0) return CHIPSMITH_STOPPED;
    return status != 0 || device->outcome == CHIPSMITH_RUNNING ? CHIPSMITH_BUSY : CHIPSMITH_OK;
}

/* ---- Set up ---- */

/* Stop what runs, drain the bus, clear an error. The next start is a cold one. CHIPSMITH_NOT_DRAINED where the bus
 * does not answer: look again later, or reset machine and bus together. */
static inline chipsmith_status chipsmith_abort(chipsmith_device *device) {
    chipsmith_settle(device, device->outcome == CHIPSMITH_RUNNING ? CHIPSMITH_ABORTED : CHIPSMITH_NOT_STARTED);
    chipsmith_write_register(device, CHIPSMITH_CONTROL_REGISTER, CHIPSMITH_CONTROL_ABORT_MASK);
    for (uint32_t look = 0; look < CHIPSMITH_DRAIN_LOOKS; look++)
        if (chipsmith_read_register(device, CHIPSMITH_STATUS_REGISTER) == 0) {
            chipsmith_forget_events(device);
            return CHIPSMITH_OK;
        }
    return CHIPSMITH_NOT_DRAINED;
}

/* Take a machine, in whatever state it is, with its external memory. `bus_address` is the machine's address of
 * `memory`. Interrupts are off. */
static inline chipsmith_status chipsmith_open(chipsmith_device *device, uintptr_t registers, void *memory,
                                              uint64_t bus_address, size_t memory_bytes) {
    device->registers = registers;
    device->memory = (uint8_t *)memory;
    device->bus_address = bus_address;
    device->memory_bytes = memory_bytes;
    device->program = NULL;
    device->watchdog_cycles = 0;
    device->events = 0;
    device->taken_events = 0;
    chipsmith_settle(device, CHIPSMITH_NOT_STARTED);
    chipsmith_take_no_fault(device);
    if (bus_address % CHIPSMITH_PAGE_BYTES != 0) return CHIPSMITH_UNALIGNED;
    if (chipsmith_read_register(device, CHIPSMITH_IDENTITY_REGISTER) != CHIPSMITH_IDENTITY_RESET)
        return CHIPSMITH_NO_MACHINE;
    if (chipsmith_read_register(device, CHIPSMITH_INTERFACE_REGISTER) != CHIPSMITH_INTERFACE_RESET)
        return CHIPSMITH_OTHER_INTERFACE;
    chipsmith_write_register(device, CHIPSMITH_INTERRUPT_REGISTER, 0);
    return chipsmith_abort(device);
}

/* Cycles after which an inference is stopped; 0: never. chipsmith_load and chipsmith_use set
 * CHIPSMITH_WATCHDOG_TIMES the program's own latency: more is needed where the memory is that much slower than the
 * chip's contract. */
static inline void chipsmith_set_watchdog(chipsmith_device *device, uint32_t cycles) {
    device->watchdog_cycles = cycles;
}

/* Take a program whose image stands in the memory already. */
static inline chipsmith_status chipsmith_use(chipsmith_device *device, const chipsmith_program *program) {
    const chipsmith_status idle = chipsmith_check_idle(device);
    if (idle != CHIPSMITH_OK) return idle;
    if (chipsmith_read_register(device, CHIPSMITH_CHIP_REGISTER) != program->chip) return CHIPSMITH_OTHER_CHIP;
    if (device->memory_bytes < program->memory_bytes) return CHIPSMITH_MEMORY_TOO_SMALL;
    chipsmith_settle(device, CHIPSMITH_NOT_STARTED);
    device->program = program;
    chipsmith_set_watchdog(device, chipsmith_times_saturated(program->cold_cycles, CHIPSMITH_WATCHDOG_TIMES));
    CHIPSMITH_FLUSH(device, device->memory, (size_t)program->memory_bytes);
    return CHIPSMITH_OK;
}

/* Copy a program's image into the memory and take it. */
static inline chipsmith_status chipsmith_load(chipsmith_device *device, const chipsmith_program *program) {
    const chipsmith_status status = chipsmith_use(device, program);
    if (status != CHIPSMITH_OK) return status;
    chipsmith_copy(device->memory, program->image, program->image_bytes);
    CHIPSMITH_CLEAN(device, device->memory, (size_t)program->image_bytes);
    return CHIPSMITH_OK;
}

/* ---- An inference ---- */

/* Copy an input of the next inference into the memory. */
static inline chipsmith_status chipsmith_set_input(chipsmith_device *device, uint32_t number, const void *data,
                                                   size_t bytes) {
    if (device->program == NULL) return CHIPSMITH_NO_PROGRAM;
    const chipsmith_status idle = chipsmith_check_idle(device);
    if (idle != CHIPSMITH_OK) return idle;
    if (number >= device->program->input_count) return CHIPSMITH_NO_PORT;
    const chipsmith_port *port = &device->program->inputs[number];
    if (bytes != port->bytes) return CHIPSMITH_WRONG_SIZE;
    chipsmith_copy(device->memory + port->address, (const uint8_t *)data, bytes);
    CHIPSMITH_CLEAN(device, device->memory + port->address, bytes);
    return CHIPSMITH_OK;
}

/* Start an inference. */
static inline chipsmith_status chipsmith_start(chipsmith_device *device, chipsmith_start_mode mode) {
    if (device->program == NULL) return CHIPSMITH_NO_PROGRAM;
    if (mode == CHIPSMITH_WARM && !device->warm) return CHIPSMITH_NOT_WARM;
    const chipsmith_status idle = chipsmith_check_idle(device);
    if (idle != CHIPSMITH_OK) return idle;
    chipsmith_write_register(device, CHIPSMITH_BASE_LOW_REGISTER, (uint32_t)(device->bus_address & UINT32_MAX));
    chipsmith_write_register(device, CHIPSMITH_BASE_HIGH_REGISTER, (uint32_t)(device->bus_address >> 32));
    chipsmith_write_register(device, CHIPSMITH_WATCHDOG_REGISTER, device->watchdog_cycles);
    chipsmith_forget_events(device);
    device->outcome = CHIPSMITH_RUNNING;
    CHIPSMITH_BARRIER(device);
    chipsmith_write_register(device, CHIPSMITH_CONTROL_REGISTER,
                             mode == CHIPSMITH_WARM ? CHIPSMITH_CONTROL_START_MASK | CHIPSMITH_CONTROL_WARM_MASK
                                                    : CHIPSMITH_CONTROL_START_MASK);
    return CHIPSMITH_OK;
}

/* What has become of the inference: CHIPSMITH_RUNNING, CHIPSMITH_OK where its outputs can be read, or an error. */
static inline chipsmith_status chipsmith_poll(chipsmith_device *device) {
    if (device->outcome != CHIPSMITH_RUNNING) return device->outcome;
    const uint32_t status = chipsmith_read_register(device, CHIPSMITH_STATUS_REGISTER);
    if ((status & CHIPSMITH_STATUS_ERROR_MASK) != 0) {
        chipsmith_take_fault(device, status);
        return chipsmith_settle(device, chipsmith_status_of(device->fault.error));
    }
    if (status != 0) return CHIPSMITH_RUNNING;
    /* The register first: a handler that empties it in between has told the device before. */
    const uint32_t standing = chipsmith_read_register(device, CHIPSMITH_EVENTS_REGISTER);
    const uint32_t events = standing | device->events | device->taken_events;
    if ((events & CHIPSMITH_EVENTS_ABORTED_MASK) != 0) return chipsmith_settle(device, CHIPSMITH_ABORTED);
    if ((events & CHIPSMITH_EVENTS_DONE_MASK) == 0) return chipsmith_settle(device, CHIPSMITH_LOST);
    CHIPSMITH_BARRIER(device);
    return chipsmith_settle(device, CHIPSMITH_OK);
}

/* Wait until the inference is complete or has failed; the watchdog bounds it. */
static inline chipsmith_status chipsmith_wait(chipsmith_device *device) {
    chipsmith_status status = chipsmith_poll(device);
    while (status == CHIPSMITH_RUNNING) {
        CHIPSMITH_RELAX(device);
        status = chipsmith_poll(device);
    }
    return status;
}

/* Copy an output of the completed inference. */
static inline chipsmith_status chipsmith_read_output(const chipsmith_device *device, uint32_t number, void *data,
                                                     size_t bytes) {
    if (device->outcome != CHIPSMITH_OK) return CHIPSMITH_NOT_STARTED;
    if (number >= device->program->output_count) return CHIPSMITH_NO_PORT;
    const chipsmith_port *port = &device->program->outputs[number];
    if (bytes != port->bytes) return CHIPSMITH_WRONG_SIZE;
    CHIPSMITH_INVALIDATE(device, device->memory + port->address, bytes);
    chipsmith_copy((uint8_t *)data, device->memory + port->address, bytes);
    return CHIPSMITH_OK;
}

/* Cycles since the start; of a completed inference its latency. */
static inline uint32_t chipsmith_cycles(const chipsmith_device *device) {
    return chipsmith_read_register(device, CHIPSMITH_CYCLES_REGISTER);
}

/* ---- Interrupts ---- */

/* Let the end of an inference, an error and the end of an abort raise the interrupt. What has happened already raises
 * none: chipsmith_poll tells it. An inference may run, and the interrupt may be on: the handler does not write what is
 * written here. */
static inline void chipsmith_enable_interrupt(chipsmith_device *device) {
    const uint32_t standing = chipsmith_read_register(device, CHIPSMITH_EVENTS_REGISTER);
    device->taken_events |= standing;
    chipsmith_write_register(device, CHIPSMITH_EVENTS_REGISTER, standing);
    chipsmith_write_register(device, CHIPSMITH_INTERRUPT_REGISTER, CHIPSMITH_EVENTS_MASK);
}

static inline void chipsmith_disable_interrupt(const chipsmith_device *device) {
    chipsmith_write_register(device, CHIPSMITH_INTERRUPT_REGISTER, 0);
}

/* The interrupt handler's part, which nobody else calls: takes the events, which lowers the interrupt, and returns them
 * (bits CHIPSMITH_EVENTS_*_MASK), so that the handler can wake who waits. chipsmith_poll then tells the outcome. */
static inline uint32_t chipsmith_handle_interrupt(chipsmith_device *device) {
    const uint32_t events = chipsmith_read_register(device, CHIPSMITH_EVENTS_REGISTER);
    /* The device gets them before the register loses them: nobody misses one. */
    device->events = device->events | events;
    chipsmith_write_register(device, CHIPSMITH_EVENTS_REGISTER, events);
    CHIPSMITH_BARRIER(device);
    return events;
}

/* ---- Texts and values ---- */

/* A status in words. */
static inline const char *chipsmith_text(chipsmith_status status) {
    switch (status) {
        case CHIPSMITH_OK: return "ok";
        case CHIPSMITH_RUNNING: return "the inference is not complete";
        case CHIPSMITH_NO_MACHINE: return "no machine stands at this address";
        case CHIPSMITH_OTHER_INTERFACE: return "the machine has other registers than this driver";
        case CHIPSMITH_OTHER_CHIP: return "the program was compiled for another chip";
        case CHIPSMITH_UNALIGNED: return "the bus address is no multiple of CHIPSMITH_PAGE_BYTES";
        case CHIPSMITH_MEMORY_TOO_SMALL: return "the memory has fewer bytes than the program needs";
        case CHIPSMITH_NO_PROGRAM: return "no program is loaded";
        case CHIPSMITH_NO_PORT: return "the program has no port of this number";
        case CHIPSMITH_WRONG_SIZE: return "the port has another number of bytes";
        case CHIPSMITH_BUSY: return "an inference runs, or an abort drains";
        case CHIPSMITH_STOPPED: return "an error stands: abort clears it";
        case CHIPSMITH_NOT_WARM: return "a warm start needs a completed inference of the same program before it";
        case CHIPSMITH_NOT_STARTED: return "no inference was started, or none was completed";
        case CHIPSMITH_FAULT: return "the machine refuses the program";
        case CHIPSMITH_BUS_ERROR: return "the bus answered an access of the machine with an error";
        case CHIPSMITH_TOO_LONG: return "the watchdog stopped the inference";
        case CHIPSMITH_ABORTED: return "the inference was aborted";
        case CHIPSMITH_LOST: return "the machine was reset: the inference is lost";
        case CHIPSMITH_NOT_DRAINED: return "an abort waits for a bus that does not answer";
    }
    return "unknown status";
}

/* Elements of a port. */
static inline uint32_t chipsmith_elements(const chipsmith_port *port) {
    static const uint32_t sizes[] = {1, 1, 2, 4};
    return port->bytes / sizes[port->type];
}

/* An element of what chipsmith_read_output gave, whatever its type. */
static inline int32_t chipsmith_element(const chipsmith_port *port, const void *data, uint32_t number) {
    const uint8_t *bytes = (const uint8_t *)data;
    switch (port->type) {
        case CHIPSMITH_BOOL: return bytes[number] != 0;
        case CHIPSMITH_INT8: return (int32_t)bytes[number] - 2 * (int32_t)(bytes[number] & 0x80u);
        case CHIPSMITH_INT16: {
            const uint32_t low = bytes[2 * number], high = bytes[2 * number + 1];
            return (int32_t)(low | high << 8) - (int32_t)((high & 0x80u) << 9);
        }
        case CHIPSMITH_INT32: break;
    }
    const uint32_t word = bytes[4 * number] | (uint32_t)bytes[4 * number + 1] << 8 |
                          (uint32_t)bytes[4 * number + 2] << 16 | (uint32_t)bytes[4 * number + 3] << 24;
    return (int32_t)word;
}

/* The number of the greatest element, the first of equal ones: the class of a classifier. */
static inline uint32_t chipsmith_greatest(const chipsmith_port *port, const void *data) {
    uint32_t greatest = 0;
    for (uint32_t i = 1; i < chipsmith_elements(port); i++)
        if (chipsmith_element(port, data, i) > chipsmith_element(port, data, greatest)) greatest = i;
    return greatest;
}

#ifdef __cplusplus
}
#endif

#endif
