// The machine's RTL with an AXI4 memory that keeps its contract, and a processor's accesses on its AXI4-Lite port.
//
// A read burst is answered from LATENCY - 1 cycles after its request on, one beat a cycle, in order; a write burst so
// long after its last beat. Data is taken at the request of a read and put at the answer of a write.
#include "axi_bus.h"

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <vector>

#include "Vaxi_machine.h"
#include "chipsmith_registers.h"
#include "verilated.h"

namespace {

// Words of the bus are copied from and to the memory as they stand.
static_assert(std::endian::native == std::endian::little, "the simulated bus needs a little-endian computer");

constexpr uint8_t kOkay = 0, kSlaveError = 2, kDecodeError = 3;
constexpr uint64_t kDelay = CHIP_LATENCY_CYCLES > 1 ? CHIP_LATENCY_CYCLES - 1 : 1;
constexpr uint64_t kRelaxCycles = 64, kMostCycles = uint64_t{1} << 32;

using Word = std::vector<uint8_t>;

struct Beat {
    uint64_t due;
    Word data;
    uint8_t response;
    bool last;
};

struct Burst {
    uint64_t address;
    uint32_t beats;
};

struct Write {
    uint64_t address;
    Word data;
    std::vector<bool> lanes;
};

struct Answer {
    uint64_t due;
    uint8_t response;
    std::vector<Write> writes;
};

class Bus {
public:
    std::vector<uint8_t> memory = std::vector<uint8_t>(AXI_MEMORY_BYTES, 0x5a);
    uint32_t fail_read = 0, fail_write = 0, interrupts = 0;
    bool hangs = false;

    Bus() { reset(); }

    void reset() {
        beats_.clear(), bursts_.clear(), words_.clear(), answers_.clear();
        machine_.s_axi_awvalid = machine_.s_axi_wvalid = machine_.s_axi_arvalid = 0;
        machine_.s_axi_bready = machine_.s_axi_rready = 1;
        machine_.m_axi_arready = machine_.m_axi_awready = machine_.m_axi_wready = 1;
        machine_.m_axi_rvalid = machine_.m_axi_bvalid = 0;
        machine_.aresetn = 0;
        for (int cycle = 0; cycle < 4; ++cycle) settle(), rise();
        machine_.aresetn = 1;
    }

    uint32_t read(uint32_t address) {
        machine_.s_axi_araddr = static_cast<uint8_t>(address);
        machine_.s_axi_arvalid = 1;
        for (bool done = false; !done;) {
            clock();
            if (taken_ar_) machine_.s_axi_arvalid = 0;
            done = answered_r_;
        }
        interrupt();
        return read_value_;
    }

    void write(uint32_t address, uint32_t value) {
        machine_.s_axi_awaddr = static_cast<uint8_t>(address);
        machine_.s_axi_wdata = value;
        machine_.s_axi_wstrb = 0xf;
        machine_.s_axi_awvalid = machine_.s_axi_wvalid = 1;
        for (bool done = false; !done;) {
            clock();
            if (taken_aw_) machine_.s_axi_awvalid = 0;
            if (taken_w_) machine_.s_axi_wvalid = 0;
            done = answered_b_;
        }
        if (refused_) std::fprintf(stderr, "register 0x%02x refuses 0x%08x\n", address, value), std::exit(1);
        if (address == CHIPSMITH_INTERRUPT_REGISTER) sleeps_ = value != 0;
        interrupt();
    }

    void relax() {
        const uint64_t end = now_ + (sleeps_ ? kMostCycles : kRelaxCycles);
        do clock();
        while (now_ < end && !machine_.irq);
        if (sleeps_ && !machine_.irq) std::fprintf(stderr, "no interrupt\n"), std::exit(1);
        interrupt();
    }

private:
    void settle() {
        machine_.aclk = 0;
        machine_.eval();
    }

    void rise() {
        machine_.aclk = 1;
        machine_.eval();
        ++now_;
        context_.timeInc(1);
    }

    void clock() {
        drive();
        settle();
        taken_ar_ = machine_.s_axi_arvalid && machine_.s_axi_arready;
        taken_aw_ = machine_.s_axi_awvalid && machine_.s_axi_awready;
        taken_w_ = machine_.s_axi_wvalid && machine_.s_axi_wready;
        answered_r_ = machine_.s_axi_rvalid;
        answered_b_ = machine_.s_axi_bvalid;
        if (answered_r_) read_value_ = machine_.s_axi_rresp == kOkay ? machine_.s_axi_rdata : 0;
        if (answered_b_) refused_ = machine_.s_axi_bresp != kOkay;
        take();
        rise();
    }

    // The memory's answers of this cycle.
    void drive() {
        machine_.m_axi_rvalid = !hangs && !beats_.empty() && beats_.front().due <= now_;
        if (machine_.m_axi_rvalid) {
            const Beat& beat = beats_.front();
            std::memcpy(&machine_.m_axi_rdata, beat.data.data(), CHIP_WORD_BYTES);
            machine_.m_axi_rresp = beat.response;
            machine_.m_axi_rlast = beat.last;
            machine_.m_axi_rid = 0;
        }
        machine_.m_axi_bvalid = !hangs && !answers_.empty() && answers_.front().due <= now_;
        if (machine_.m_axi_bvalid) machine_.m_axi_bresp = answers_.front().response, machine_.m_axi_bid = 0;
    }

    // The machine's requests of this cycle, and the answers that it takes.
    void take() {
        if (machine_.m_axi_rvalid && machine_.m_axi_rready) beats_.pop_front();
        if (machine_.m_axi_bvalid && machine_.m_axi_bready) {
            for (const Write& write : answers_.front().writes) put(write);
            answers_.pop_front();
        }
        if (machine_.m_axi_arvalid) take_read({machine_.m_axi_araddr, machine_.m_axi_arlen + 1u});
        if (machine_.m_axi_awvalid) bursts_.push_back({machine_.m_axi_awaddr, machine_.m_axi_awlen + 1u});
        if (machine_.m_axi_wvalid) take_word();
        while (!bursts_.empty() && words_.size() >= bursts_.front().beats) finish_write();
    }

    void take_read(const Burst& burst) {
        for (uint32_t beat = 0; beat < burst.beats; ++beat) {
            const uint64_t address = burst.address + uint64_t{beat} * CHIP_WORD_BYTES;
            const bool fails = fail_read && !--fail_read;
            beats_.push_back({now_ + kDelay, get(address), fails ? kSlaveError : response_of(address),
                              beat + 1 == burst.beats});
        }
    }

    void take_word() {
        Write word{0, Word(CHIP_WORD_BYTES), std::vector<bool>(CHIP_WORD_BYTES)};
        std::memcpy(word.data.data(), &machine_.m_axi_wdata, CHIP_WORD_BYTES);
        const auto* lanes = reinterpret_cast<const uint8_t*>(&machine_.m_axi_wstrb);
        for (uint32_t i = 0; i < CHIP_WORD_BYTES; ++i) word.lanes[i] = lanes[i / 8] >> (i % 8) & 1;
        words_.push_back(std::move(word));
    }

    void finish_write() {
        const Burst burst = bursts_.front();
        bursts_.pop_front();
        Answer answer{now_ + kDelay, fail_write && !--fail_write ? kSlaveError : kOkay, {}};
        for (uint32_t beat = 0; beat < burst.beats; ++beat) {
            words_.front().address = burst.address + uint64_t{beat} * CHIP_WORD_BYTES;
            if (response_of(words_.front().address) != kOkay) answer.response = kDecodeError;
            answer.writes.push_back(std::move(words_.front()));
            words_.pop_front();
        }
        answers_.push_back(std::move(answer));
    }

    static bool inside(uint64_t address) {
        return address >= AXI_BUS_ADDRESS && address - AXI_BUS_ADDRESS + CHIP_WORD_BYTES <= AXI_MEMORY_BYTES;
    }

    static uint8_t response_of(uint64_t address) { return inside(address) ? kOkay : kDecodeError; }

    Word get(uint64_t address) const {
        Word data(CHIP_WORD_BYTES);
        if (inside(address)) std::memcpy(data.data(), &memory[address - AXI_BUS_ADDRESS], CHIP_WORD_BYTES);
        return data;
    }

    void put(const Write& word) {
        for (uint32_t i = 0; i < CHIP_WORD_BYTES; ++i)
            if (word.lanes[i] && inside(word.address)) memory[word.address - AXI_BUS_ADDRESS + i] = word.data[i];
    }

    // Calls the handler as a processor does between two of its instructions.
    void interrupt() {
        if (!machine_.irq || handling_) return;
        handling_ = true;
        ++interrupts;
        machine_interrupt();
        handling_ = false;
        if (machine_.irq) std::fprintf(stderr, "the handler leaves the interrupt up\n"), std::exit(1);
    }

    VerilatedContext context_;
    Vaxi_machine machine_{&context_};
    uint64_t now_ = 0;
    bool sleeps_ = false, handling_ = false, refused_ = false;
    bool taken_ar_ = false, taken_aw_ = false, taken_w_ = false, answered_r_ = false, answered_b_ = false;
    uint32_t read_value_ = 0;
    std::deque<Beat> beats_;
    std::deque<Burst> bursts_;
    std::deque<Write> words_;
    std::deque<Answer> answers_;
};

Bus& bus() {
    static Bus bus;
    return bus;
}

}  // namespace

extern "C" {

uint8_t* axi_memory(void) { return bus().memory.data(); }
uint32_t axi_read(uint32_t address) { return bus().read(address - AXI_REGISTERS); }
void axi_write(uint32_t address, uint32_t value) { bus().write(address - AXI_REGISTERS, value); }
void axi_relax(void) { bus().relax(); }
void axi_fail_read(uint32_t beats) { bus().fail_read = beats; }
void axi_fail_write(uint32_t bursts) { bus().fail_write = bursts; }
void axi_hang(int hangs) { bus().hangs = hangs != 0; }
void axi_reset(void) { bus().reset(); }
uint32_t axi_interrupts(void) { return bus().interrupts; }

}
