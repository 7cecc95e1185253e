// Runs the machine clock by clock beside a model of its external memory; called from Python through a C interface.
//
// The memory keeps the machine's contract (docs/machine.md, section 2) unless `late_per_1024` or `stall_per_1024` tell
// it to break it; what it breaks is counted. Data is taken at the request of a read and put at the acknowledgement of a
// write, so that a program which does not lock what it shares shows.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "Vmachine.h"
#include "verilated.h"
#if VM_SAVABLE
#include "contents.h"
#endif
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

struct Options {
    uint64_t most_cycles;
    uint32_t latency_cycles;
    uint32_t word_bytes;
    uint32_t atom_bytes;
    uint32_t burst_words;  // at most
    uint32_t page_bytes;   // no burst crosses a border of so many
    uint32_t warm;
    uint32_t late_per_1024;   // answers and acknowledgements that come 1 to 16 cycles late
    uint32_t stall_per_1024;  // cycles in which a channel is not ready
    uint32_t seed;
    uint32_t halt;         // an error from outside, or 0
    uint64_t halt_cycle;   // when it comes; the run then takes most_cycles
    const char* wave;  // path of a waveform, or null
};

struct Result {
    uint64_t latency_cycles;  // start of END; the last cycle where it never came
    uint64_t issued;
    uint64_t late;
    uint64_t stalls;
    uint64_t read_bursts;
    uint64_t write_bursts;
    uint64_t out_of_range;  // words beyond the external memory
    uint32_t finished;
    uint32_t error;
    uint32_t error_index;
    uint32_t breach_cycle;
    const char* breach;  // the first rule of bursts that was broken, or null
};

namespace {

constexpr int kEngines = 4, kLoad = 0, kStore = 1, kRegions = 6;
constexpr uint64_t kNobody = ~uint64_t{0};

struct Answer {
    uint64_t due;
    std::vector<uint8_t> data;
};

struct Written {
    uint64_t address;
    std::vector<uint8_t> lanes, data;
};

struct WrittenBurst {
    uint64_t due;
    std::vector<Written> words;
};

// What a channel says of a word in a cycle.
struct Word {
    bool valid, ready;
    uint64_t address;
    bool first;
    uint32_t beats;
    bool last;  // of a write
};

// The rules of bursts on one channel, from reset on: the first one that is broken, or null.
class BurstRules {
public:
    explicit BurstRules(bool writes) : writes_(writes) {}

    const char* observe(const Word& word, const Options& options) {
        broken_ = nullptr;
        require(!waiting_.valid || same(word), "a word that is not accepted yet stays as it is");
        waiting_ = word.valid && !word.ready ? word : Word{};
        if (word.valid && word.ready) take(word, options);
        return broken_;
    }

    const char* end() {
        broken_ = nullptr;
        require(!left_ && !waiting_.valid, "a burst is complete at the end");
        return broken_;
    }

private:
    void take(const Word& word, const Options& options) {
        require(word.first == !left_, "a burst begins where the one before it ends");
        if (word.first) begin(word, options);
        require(word.address == expected_, "the words of a burst follow one another");
        expected_ = word.address + options.word_bytes;
        if (left_) --left_;
        require(!writes_ || word.last == !left_, "the last word of a burst is marked as such, and no other one");
    }

    void begin(const Word& word, const Options& options) {
        left_ = word.beats + 1;
        expected_ = word.address;
        const uint64_t bytes = uint64_t{left_} * options.word_bytes;
        require(left_ <= options.burst_words, "a burst is not too long");
        require(!(word.address % options.atom_bytes || bytes % options.atom_bytes), "a burst moves whole atoms");
        require(word.address / options.page_bytes == (word.address + bytes - 1) / options.page_bytes,
                "a burst crosses no border of a page");
    }

    bool same(const Word& word) const {
        return word.valid && word.address == waiting_.address && word.first == waiting_.first &&
               (!word.first || word.beats == waiting_.beats) && word.last == waiting_.last;
    }

    void require(bool kept, const char* rule) {
        if (!kept && !broken_) broken_ = rule;
    }

    bool writes_;
    const char* broken_ = nullptr;
    Word waiting_{};
    uint64_t expected_ = 0;
    uint32_t left_ = 0;
};

struct Rules {
    BurstRules reads{false}, writes{true};
};

// Who holds what, to tell the end of each instruction: the cycle in which all that it held is free again.
class Ends {
public:
    Ends(uint64_t* starts, uint64_t* ends, uint64_t capacity) : starts_(starts), ends_(ends), capacity_(capacity) {}

    void observe(const Vmachine& machine, uint64_t cycle) {
        for (int engine = 0; engine < kEngines; ++engine)
            if (occupant_[engine] != kNobody && !(machine.engines_busy >> engine & 1)) {
                end(occupant_[engine], cycle);
                occupant_[engine] = kNobody;
            }
        if (machine.load_release) release(loads_, cycle);
        if (machine.store_release) release(stores_, cycle);
        for (int region = 0; region < kRegions; ++region)
            if (machine.store_release_external >> region & 1) end(holder_[region], cycle + 1);
        for (int engine = 0; engine < kEngines; ++engine)
            if (machine.starts >> engine & 1) start(machine, engine);
        if (machine.issued) {
            if (next_ < capacity_) starts_[next_] = cycle;
            end(next_++, cycle);
        }
    }

    uint64_t issued() const { return next_; }

private:
    void start(const Vmachine& machine, int engine) {
        const uint64_t index = machine.issued ? next_ : kNobody;  // the doorbell's own LOAD is no instruction
        occupant_[engine] = index;
        if (engine == kLoad) loads_.push_back(index);
        if (engine != kStore) return;
        stores_.push_back(index);
        for (int region = 0; region < kRegions; ++region)
            if (machine.issued_external >> region & 1) holder_[region] = index;
    }

    void release(std::deque<uint64_t>& queue, uint64_t cycle) {
        end(queue.front(), cycle + 1);
        queue.pop_front();
    }

    void end(uint64_t index, uint64_t cycle) {
        if (index < capacity_ && ends_[index] < cycle) ends_[index] = cycle;
    }

    uint64_t* starts_;
    uint64_t* ends_;
    uint64_t capacity_, next_ = 0;
    uint64_t occupant_[kEngines] = {kNobody, kNobody, kNobody, kNobody};
    uint64_t holder_[kRegions] = {kNobody, kNobody, kNobody, kNobody, kNobody, kNobody};
    std::deque<uint64_t> loads_, stores_;
};

// The external memory with its two channels.
class Memory {
public:
    Memory(uint8_t* bytes, uint64_t size, const Options& options, Result& result, Rules& rules)
        : bytes_(bytes),
          size_(size),
          options_(options),
          result_(result),
          random_(options.seed),
          rules_(rules) {}

    // Drives the machine's inputs of this cycle.
    void drive(Vmachine& machine, uint64_t cycle) {
        machine.read_ready = !happens(options_.stall_per_1024);
        machine.write_ready = !happens(options_.stall_per_1024);
        machine.answer_valid = !answers_.empty() && answers_.front().due <= cycle;
        if (machine.answer_valid) {
            std::memcpy(&machine.answer_data, answers_.front().data.data(), options_.word_bytes);
            answers_.pop_front();
        }
        machine.acknowledged = !written_.empty() && written_.front().due <= cycle;
        if (machine.acknowledged) {
            for (const Written& word : written_.front().words) put(word);
            written_.pop_front();
        }
    }

    // Takes the machine's requests of this cycle.
    void take(const Vmachine& machine, uint64_t cycle) {
        observe(machine, cycle);
        result_.stalls += (machine.read_valid && !machine.read_ready) + (machine.write_valid && !machine.write_ready);
        if (machine.read_valid && machine.read_ready) {
            result_.read_bursts += machine.read_first;
            last_answer_ = due(cycle, last_answer_);
            answers_.push_back({last_answer_, get(machine.read_address)});
        }
        if (machine.write_valid && machine.write_ready) {
            result_.write_bursts += machine.write_first;
            Written word{machine.write_address, {}, {}};
            const auto* data = reinterpret_cast<const uint8_t*>(&machine.write_data);
            const auto* lanes = reinterpret_cast<const uint8_t*>(&machine.write_lanes);
            word.data.assign(data, data + options_.word_bytes);
            word.lanes.assign(lanes, lanes + (options_.word_bytes + 7) / 8);
            open_.push_back(std::move(word));
            if (machine.write_last) {
                last_written_ = due(cycle, last_written_);
                written_.push_back({last_written_, std::move(open_)});
                open_.clear();
            }
        }
    }

    bool idle() const { return answers_.empty() && written_.empty() && open_.empty(); }

    void end(uint64_t cycle) {
        note(rules_.reads.end(), cycle);
        note(rules_.writes.end(), cycle);
    }

private:
    void observe(const Vmachine& machine, uint64_t cycle) {
        const Word read{bool(machine.read_valid), bool(machine.read_ready), machine.read_address,
                        bool(machine.read_first), machine.read_beats,       false};
        const Word write{bool(machine.write_valid), bool(machine.write_ready), machine.write_address,
                         bool(machine.write_first), machine.write_beats,       bool(machine.write_last)};
        note(rules_.reads.observe(read, options_), cycle);
        note(rules_.writes.observe(write, options_), cycle);
    }

    void note(const char* broken, uint64_t cycle) {
        if (!broken || result_.breach) return;
        result_.breach = broken;
        result_.breach_cycle = cycle;
    }

    bool happens(uint32_t per_1024) { return per_1024 && (random_() & 1023) < per_1024; }

    // Answers come in order, one a cycle; so do acknowledgements.
    uint64_t due(uint64_t cycle, uint64_t before) {
        uint64_t wanted = cycle + options_.latency_cycles;
        if (happens(options_.late_per_1024)) wanted += 1 + (random_() & 15);
        if (wanted <= before) wanted = before + 1;
        result_.late += wanted != cycle + options_.latency_cycles;
        return wanted;
    }

    std::vector<uint8_t> get(uint64_t address) {
        std::vector<uint8_t> data(options_.word_bytes, 0);
        for (uint32_t i = 0; i < options_.word_bytes; ++i)
            if (address + i < size_) data[i] = bytes_[address + i];
        result_.out_of_range += address >= size_;
        return data;
    }

    void put(const Written& word) {
        for (uint32_t i = 0; i < options_.word_bytes; ++i) {
            if (!(word.lanes[i / 8] >> (i % 8) & 1)) continue;
            if (word.address + i < size_) bytes_[word.address + i] = word.data[i];
            else ++result_.out_of_range;
        }
    }

    uint8_t* bytes_;
    uint64_t size_;
    const Options& options_;
    Result& result_;
    std::minstd_rand random_;
    std::deque<Answer> answers_;
    std::vector<Written> open_;  // the burst that is not sent whole yet
    std::deque<WrittenBurst> written_;
    uint64_t last_answer_ = 0, last_written_ = 0;
    Rules& rules_;
};

struct Bench {
    VerilatedContext context;
    Vmachine machine{&context};
    Rules rules;
    uint64_t time = 0;
#if VM_TRACE
    std::unique_ptr<VerilatedVcdC> wave;
#endif

    void settle() {
        machine.clock = 0;
        machine.eval();
        dump();
    }

    void tick() {
        machine.clock = 1;
        machine.eval();
        dump();
    }

    void dump() {
#if VM_TRACE
        if (wave) wave->dump(time);
#endif
        ++time;
    }

    void reset() {
        machine.doorbell = 0;
        machine.answer_valid = 0;
        machine.acknowledged = 0;
        machine.halt = 0;
        machine.reset = 1;
        for (int i = 0; i < 4; ++i) settle(), tick();
        machine.reset = 0;
        rules = Rules{};
    }

    void open(const char* path) {
#if VM_TRACE
        context.traceEverOn(true);
        wave = std::make_unique<VerilatedVcdC>();
        machine.trace(wave.get(), 99);
        wave->open(path);
#else
        (void)path;
#endif
    }

    void close() {
#if VM_TRACE
        if (wave) wave->close();
        wave.reset();
#endif
    }
};

}  // namespace

extern "C" {

void* bench_create() {
    auto* bench = new Bench;
    bench->reset();
    return bench;
}

void bench_destroy(void* handle) { delete static_cast<Bench*>(handle); }

void bench_reset(void* handle) { static_cast<Bench*>(handle)->reset(); }

// One inference. `starts` and `ends` have room for `capacity` instructions and are zero.
void bench_run(void* handle, uint8_t* bytes, uint64_t size, const Options* options, uint64_t* starts, uint64_t* ends,
               uint64_t capacity, Result* result) {
    auto& bench = *static_cast<Bench*>(handle);
    auto& machine = bench.machine;
    *result = Result{};
    Memory memory(bytes, size, *options, *result, bench.rules);
    Ends trace(starts, ends, capacity);
    if (options->wave) bench.open(options->wave);
    for (uint64_t cycle = 0; cycle < options->most_cycles; ++cycle) {
        machine.doorbell = cycle == 0;
        machine.warm = options->warm != 0;
        machine.halt = cycle == options->halt_cycle ? options->halt : 0;
        memory.drive(machine, cycle);
        bench.settle();
        memory.take(machine, cycle);
        trace.observe(machine, cycle);
        if (machine.done) {
            result->finished = 1;
            result->latency_cycles = machine.cycle;
        }
        bench.tick();
        if (!result->finished) result->latency_cycles = cycle;
        if (!options->halt && (machine.error || (result->finished && memory.idle()))) break;
    }
    if (result->finished) memory.end(result->latency_cycles);
    result->issued = trace.issued();
    result->error = machine.error;
    result->error_index = machine.index;
    bench.close();
}

#if VM_SAVABLE
// The length of the model's contents; the first `room` bytes of them are written to `target`.
uint64_t bench_contents(void* handle, uint8_t* target, uint64_t room) {
    Contents contents;
    contents << static_cast<Bench*>(handle)->machine;
    std::memcpy(target, contents.named.data(), std::min<uint64_t>(room, contents.named.size()));
    return contents.named.size();
}
#endif

}
