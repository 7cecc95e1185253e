// Runs the instructions of one engine alone, beside a plain memory behind its ports; called from Python.
//
// What a port does not promise is random: bytes of lanes that were not asked for, and data in the cycles between.
#include <cstdint>
#include <cstring>
#include <set>

#include "Vengine_bench.h"
#include "verilated.h"

struct Outcome {
    uint64_t cycles;     // from start until the next one may come
    uint32_t fault;      // 0, or the first fault below
    uint64_t fault_cycle;
    uint32_t fault_address;
};

namespace {

enum Fault : uint32_t { kNone, kConflict, kOutside, kIdle, kEndless, kMultipliers };
constexpr int kReads = 3;

class Bench {
public:
    Bench(uint8_t* memory, uint32_t groups, uint32_t group_bytes, uint32_t line_bytes)
        : memory_(memory), groups_(groups), group_bytes_(group_bytes), line_bytes_(line_bytes) {
        model_.reset = 1;
        model_.start = 0;
        clock();
        clock();
        model_.reset = 0;
        settle();
    }

    Outcome run(const uint8_t* instruction, bool names_multipliers, uint64_t most_cycles) {
        outcome_ = {};
        names_multipliers_ = names_multipliers;
        if (model_.busy) fault(kIdle, 0);
        model_.start = 1;
        std::memcpy(&model_.instruction[0], instruction, 128);
        cycle_ = 0;
        do {
            settle();
            if (cycle_ == 0 && any_request()) fault(kIdle, 0);
            serve();
            clock();
            model_.start = 0;
            for (int word = 0; word < 32; word++) model_.instruction[word] = random();
            cycle_++;
            settle();
        } while (model_.busy && cycle_ < most_cycles);
        if (model_.busy) fault(kEndless, 0);
        if (any_request()) fault(kIdle, 0);
        outcome_.cycles = cycle_;
        return outcome_;
    }

private:
    void fault(Fault kind, uint32_t address) {
        if (outcome_.fault != kNone) return;
        outcome_.fault = kind;
        outcome_.fault_cycle = cycle_;
        outcome_.fault_address = address;
    }

    bool any_request() const { return model_.read_valid || model_.write_valid || model_.multiplies; }

    void settle() {
        for (int port = 0; port < kReads; port++) {
            for (uint32_t lane = 0; lane < line_bytes_; lane++) set_byte(port * line_bytes_ + lane, due_[0][port][lane]);
        }
        model_.eval();
    }

    void set_byte(uint32_t place, uint8_t value) {
        reinterpret_cast<uint8_t*>(&model_.read_data[0])[place] = value;
    }

    void clock() {
        model_.clock = 1;
        model_.eval();
        model_.clock = 0;
        model_.eval();
        std::memcpy(due_[0], due_[1], sizeof due_[0]);
        std::memcpy(due_[1], due_[2], sizeof due_[1]);
        for (auto& port : due_[2]) {
            for (auto& byte : port) byte = static_cast<uint8_t>(random());
        }
    }

    // Reads stand on the ports two cycles later; a write is seen in the next cycle.
    void serve() {
        std::set<uint32_t> used;
        for (int port = 0; port < kReads; port++) {
            if (!(model_.read_valid >> port & 1)) continue;
            const uint32_t base = model_.read_address[port];
            std::set<uint32_t> own;
            for (uint32_t lane = 0; lane < line_bytes_; lane++) {
                if (!(model_.read_lanes[4 * port + lane / 32] >> lane % 32 & 1)) continue;
                const uint32_t address = touch(base + lane, model_.read_first >> 8 * port & 255,
                                               model_.read_last >> 8 * port & 255, own);
                due_[2][port][lane] = memory_[address];
            }
            claim(own, used, base);
        }
        if (model_.write_valid) {
            const uint32_t base = model_.write_address;
            std::set<uint32_t> own;
            for (uint32_t lane = 0; lane < line_bytes_; lane++) {
                if (!(model_.write_lanes[lane / 32] >> lane % 32 & 1)) continue;
                const uint32_t address = touch(base + lane, model_.write_first, model_.write_last, own);
                memory_[address] = reinterpret_cast<const uint8_t*>(&model_.write_data[0])[lane];
            }
            claim(own, used, base);
        }
        if (model_.multiplies && !names_multipliers_) fault(kMultipliers, 0);
    }

    uint32_t touch(uint32_t wide, uint32_t first, uint32_t last, std::set<uint32_t>& own) {
        const uint32_t address = wide & 0xFFFFFF, group = address / group_bytes_;
        own.insert(group);
        if (group >= first && group <= last && group < groups_) return address;
        fault(kOutside, address);
        return 0;
    }

    void claim(const std::set<uint32_t>& own, std::set<uint32_t>& used, uint32_t address) {
        for (const uint32_t group : own) {
            if (!used.insert(group).second) fault(kConflict, address);
        }
    }

    uint32_t random() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<uint32_t>(state_ >> 16);
    }

    Vengine_bench model_;
    uint8_t* memory_;
    uint32_t groups_, group_bytes_, line_bytes_;
    uint8_t due_[3][kReads][128] = {};
    uint64_t state_ = 0x9E3779B97F4A7C15u;
    uint64_t cycle_ = 0;
    bool names_multipliers_ = true;
    Outcome outcome_ = {};
};

}  // namespace

extern "C" {

void* bench_open(uint8_t* memory, uint32_t groups, uint32_t group_bytes, uint32_t line_bytes) {
    return new Bench(memory, groups, group_bytes, line_bytes);
}

void bench_run(void* bench, const uint8_t* instruction, uint32_t names_multipliers, uint64_t most_cycles,
               Outcome* outcome) {
    *outcome = static_cast<Bench*>(bench)->run(instruction, names_multipliers != 0, most_cycles);
}

void bench_close(void* bench) { delete static_cast<Bench*>(bench); }

}
