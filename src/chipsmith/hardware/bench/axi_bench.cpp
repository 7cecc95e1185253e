// Runs axi_machine clock by clock between a host on its AXI4-Lite port and a memory behind its AXI4 port; called from
// Python through a C interface.
//
// Every rule of the bus that axi_machine has to keep is checked in every cycle; the first breach is kept as text. No
// output may follow an input within a cycle, so that the outputs behind a clock edge are those of the whole cycle.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Vaxi_machine.h"
#include "verilated.h"

struct Behaviour {
    uint32_t latency_cycles;       // from the request of a burst, or the last word of a write, to the first answer
    uint32_t open_bursts;          // requests of a direction that wait for answers at most
    uint32_t stall_per_1024;       // cycles in which AR, AW or W is not taken
    uint32_t late_per_1024;        // answers that come 1 to 16 cycles late
    uint32_t error_per_1024;       // answers that are SLVERR or DECERR
    uint32_t host_stall_per_1024;  // cycles in which the host hesitates
    uint32_t silent;               // no answer at all
    uint32_t fault_response;       // of the bytes from fault_first to fault_end
    uint64_t fault_first, fault_end;
    uint32_t seed;
};

struct State {
    uint64_t cycle;
    uint64_t breaches;
    uint64_t open_reads, open_writes;  // bursts
    uint64_t most_open;
    uint64_t read_bursts, read_words, write_bursts, write_words;
    uint64_t error_responses;
    uint32_t irq;
    char breach[128];
};

namespace {

// Words of the bus are copied from and to the memory as they stand.
static_assert(std::endian::native == std::endian::little, "the bench needs a little-endian computer");

constexpr uint64_t kPage = 4096, kMostWords = 64, kMostOpen = 255;
constexpr uint32_t kOkay = 0, kSlverr = 2, kDecerr = 3, kIncr = 1;
constexpr uint32_t kNoResponse = ~uint32_t{0};

struct Request {
    uint64_t address, words;
    bool operator==(const Request&) const = default;
};

struct Answer {
    uint64_t due;
    std::vector<uint8_t> data;
    uint32_t response;
    bool last;
};

struct Word {
    std::vector<uint8_t> data, lanes;
    bool last;
    bool operator==(const Word&) const = default;
};

struct Burst {
    uint64_t due;
    Request request;
    std::vector<Word> words;
};

// All that axi_machine drives.
struct Outputs {
    uint64_t irq, awready, wready, bresp, bvalid, arready, rdata, rresp, rvalid;
    uint64_t m_awvalid, m_awaddr, m_awlen, m_wvalid, m_wlast, m_arvalid, m_araddr, m_arlen, m_bready, m_rready;
    Word word;
    bool operator==(const Outputs&) const = default;
};

class Bench {
public:
    Bench(uint32_t seed, uint32_t word_bytes) : word_bytes_(word_bytes) {
        context_.randReset(2);
        context_.randSeed(static_cast<int>(seed));
        machine_ = std::make_unique<Vaxi_machine>(&context_);
        auto& m = *machine_;
        m.aclk = m.aresetn = 0;
        m.s_axi_awvalid = m.s_axi_wvalid = m.s_axi_bready = m.s_axi_arvalid = m.s_axi_rready = 0;
        behave({});
    }

    void attach(uint8_t* bytes, uint64_t size, uint64_t base) {
        bytes_ = bytes;
        size_ = size;
        base_ = base;
    }

    void behave(const Behaviour& behaviour) {
        behaviour_ = behaviour;
        random_.seed(behaviour.seed);
    }

    // Reset of the machine for some cycles; the memory forgets what is open on the bus.
    void reset(uint64_t cycles) {
        answers_.clear(), bursts_.clear(), stray_.clear(), written_.clear();
        state_.open_reads = state_.open_writes = 0;
        read_offered_ = write_offered_ = false;
        machine_->aresetn = 0;
        for (uint64_t i = 0; i < cycles; ++i) clock();
        machine_->aresetn = 1;
    }

    // A write of a register; its response, or kNoResponse after `most_cycles`.
    uint32_t write(uint32_t address, uint32_t value, uint32_t lanes, uint64_t most_cycles) {
        auto& m = *machine_;
        bool address_sent = false, data_sent = false;
        for (uint64_t i = 0; i < most_cycles; ++i) {
            if (!address_sent && (m.s_axi_awvalid || !hesitates())) m.s_axi_awvalid = 1, m.s_axi_awaddr = address;
            if (!data_sent && (m.s_axi_wvalid || !hesitates()))
                m.s_axi_wvalid = 1, m.s_axi_wdata = value, m.s_axi_wstrb = lanes;
            m.s_axi_bready = !hesitates();
            const bool address_taken = m.s_axi_awvalid && m.s_axi_awready;
            const bool data_taken = m.s_axi_wvalid && m.s_axi_wready;
            const bool answered = m.s_axi_bvalid && m.s_axi_bready;
            if (m.s_axi_bvalid && !(address_sent && data_sent)) breach("BVALID before its write");
            const uint32_t response = m.s_axi_bresp;
            clock();
            if (address_taken) address_sent = true, m.s_axi_awvalid = 0;
            if (data_taken) data_sent = true, m.s_axi_wvalid = 0;
            if (answered) {
                m.s_axi_bready = 0;
                return response;
            }
        }
        return kNoResponse;
    }

    uint32_t read(uint32_t address, uint32_t* value, uint64_t most_cycles) {
        auto& m = *machine_;
        bool sent = false;
        for (uint64_t i = 0; i < most_cycles; ++i) {
            if (!sent && (m.s_axi_arvalid || !hesitates())) m.s_axi_arvalid = 1, m.s_axi_araddr = address;
            m.s_axi_rready = !hesitates();
            const bool taken = m.s_axi_arvalid && m.s_axi_arready, answered = m.s_axi_rvalid && m.s_axi_rready;
            if (m.s_axi_rvalid && !sent) breach("RVALID before its request");
            const uint32_t response = m.s_axi_rresp;
            *value = m.s_axi_rdata;
            clock();
            if (taken) sent = true, m.s_axi_arvalid = 0;
            if (answered) {
                m.s_axi_rready = 0;
                return response;
            }
        }
        return kNoResponse;
    }

    // Clocks until irq is high, `cycles` at most; the number of cycles.
    uint64_t until_interrupt(uint64_t cycles) {
        uint64_t passed = 0;
        for (; passed < cycles && !machine_->irq; ++passed) clock();
        return passed;
    }

    void clock() {
        const Outputs before = outputs();
        drive();
        machine_->aclk = 0;
        machine_->eval();
        if (seen_reset_ && !(outputs() == before)) breach("an output follows an input within a cycle");
        if (machine_->aresetn && seen_reset_) {
            check_stable(before);
            take(before);
        } else if (seen_reset_ && !last_counts_ && any_valid(before)) {
            breach("a VALID is high in reset");
        }
        remember(before);
        machine_->aclk = 1;
        machine_->eval();
        seen_reset_ = seen_reset_ || !machine_->aresetn;
        ++state_.cycle;
    }

    const State& state() {
        state_.irq = machine_->irq;
        return state_;
    }

private:
    bool happens(uint32_t per_1024) { return per_1024 && (random_() >> 8 & 1023) < per_1024; }
    bool hesitates() { return happens(behaviour_.host_stall_per_1024); }

    void breach(const char* text) {
        if (!state_.breaches++) std::strncpy(state_.breach, text, sizeof state_.breach - 1);
    }

    static bool any_valid(const Outputs& now) {
        return now.m_arvalid || now.m_awvalid || now.m_wvalid || now.bvalid || now.rvalid;
    }

    Outputs outputs() const {
        const auto& m = *machine_;
        const auto* data = reinterpret_cast<const uint8_t*>(&m.m_axi_wdata);
        const auto* lanes = reinterpret_cast<const uint8_t*>(&m.m_axi_wstrb);
        return {m.irq, m.s_axi_awready, m.s_axi_wready, m.s_axi_bresp, m.s_axi_bvalid, m.s_axi_arready, m.s_axi_rdata,
                m.s_axi_rresp, m.s_axi_rvalid, m.m_axi_awvalid, m.m_axi_awaddr, m.m_axi_awlen, m.m_axi_wvalid,
                m.m_axi_wlast, m.m_axi_arvalid, m.m_axi_araddr, m.m_axi_arlen, m.m_axi_bready, m.m_axi_rready,
                {{data, data + word_bytes_}, {lanes, lanes + (word_bytes_ + 7) / 8}, m.m_axi_wlast != 0}};
    }

    // The memory's inputs to the machine in this cycle. What is offered stays until it is taken.
    void drive() {
        auto& m = *machine_;
        m.m_axi_arready = state_.open_reads < limit() && !happens(behaviour_.stall_per_1024);
        m.m_axi_awready = state_.open_writes < limit() && !happens(behaviour_.stall_per_1024);
        m.m_axi_wready = !happens(behaviour_.stall_per_1024);
        if (!read_offered_) read_offered_ = is_due(answers_);
        m.m_axi_rvalid = read_offered_;
        if (read_offered_) {
            const Answer& answer = answers_.front();
            std::memcpy(&m.m_axi_rdata, answer.data.data(), word_bytes_);
            m.m_axi_rresp = answer.response;
            m.m_axi_rlast = answer.last;
            m.m_axi_rid = 0;
        } else {
            std::memset(&m.m_axi_rdata, static_cast<int>(random_()), word_bytes_);
            m.m_axi_rresp = random_() & 3, m.m_axi_rlast = random_() >> 4 & 1;
        }
        if (!write_offered_ && is_due(written_)) {
            write_offered_ = true;
            write_response_ = put(written_.front());
        }
        m.m_axi_bvalid = write_offered_;
        m.m_axi_bresp = write_offered_ ? write_response_ : random_() & 3;
        m.m_axi_bid = 0;
    }

    uint64_t limit() const { return behaviour_.open_bursts ? behaviour_.open_bursts : ~uint64_t{0}; }

    template <typename Answers>
    bool is_due(const Answers& queue) const {
        return !behaviour_.silent && !queue.empty() && queue.front().due <= state_.cycle;
    }

    void check_stable(const Outputs& now) {
        const Outputs& old = last_;
        if (!last_counts_) return;
        if (ar_waits_ && !(now.m_arvalid && now.m_araddr == old.m_araddr && now.m_arlen == old.m_arlen))
            breach("AR changes before it is taken");
        if (aw_waits_ && !(now.m_awvalid && now.m_awaddr == old.m_awaddr && now.m_awlen == old.m_awlen))
            breach("AW changes before it is taken");
        if (w_waits_ && !(now.m_wvalid && now.word == old.word)) breach("W changes before it is taken");
        if (b_waits_ && !(now.bvalid && now.bresp == old.bresp)) breach("B changes before it is taken");
        if (r_waits_ && !(now.rvalid && now.rdata == old.rdata && now.rresp == old.rresp))
            breach("R changes before it is taken");
    }

    void remember(const Outputs& now) {
        const auto& m = *machine_;
        last_ = now;
        last_counts_ = m.aresetn;
        ar_waits_ = now.m_arvalid && !m.m_axi_arready;
        aw_waits_ = now.m_awvalid && !m.m_axi_awready;
        w_waits_ = now.m_wvalid && !m.m_axi_wready;
        b_waits_ = now.bvalid && !m.s_axi_bready;
        r_waits_ = now.rvalid && !m.s_axi_rready;
    }

    // What goes over the bus in this cycle.
    void take(const Outputs& now) {
        const auto& m = *machine_;
        if (now.m_arvalid && m.m_axi_arready) take_read(request(now.m_araddr, now.m_arlen));
        if (now.m_awvalid && m.m_axi_awready) {
            check_constants(m.m_axi_awid, m.m_axi_awsize, m.m_axi_awburst, m.m_axi_awlock);
            bursts_.push_back({0, request(now.m_awaddr, now.m_awlen), {}});
            ++state_.open_writes, ++state_.write_bursts;
        }
        if (now.m_wvalid && m.m_axi_wready) stray_.push_back(now.word), ++state_.write_words;
        state_.most_open = std::max({state_.most_open, state_.open_reads, state_.open_writes});
        if (state_.open_reads > kMostOpen || state_.open_writes > kMostOpen) breach("too many open bursts");
        if (m.m_axi_rvalid && now.m_rready) {
            state_.open_reads -= answers_.front().last;
            answers_.pop_front();
            read_offered_ = false;
        }
        if (m.m_axi_bvalid && now.m_bready) {
            --state_.open_writes;
            written_.pop_front();
            write_offered_ = false;
        }
        join_writes();
    }

    Request request(uint64_t address, uint64_t length) {
        const Request burst{address, length + 1};
        if (burst.words > kMostWords) breach("a burst is too long");
        if (address % word_bytes_) breach("a burst does not start with a word");
        if (address % kPage + burst.words * word_bytes_ > kPage) breach("a burst crosses a border of 4 KiB");
        return burst;
    }

    void check_constants(uint64_t id, uint64_t size, uint64_t burst, uint64_t lock) {
        const bool right = !id && !lock && burst == kIncr && uint64_t{1} << size == word_bytes_;
        if (!right) breach("a constant of a burst is wrong");
    }

    void take_read(const Request& burst) {
        const auto& m = *machine_;
        check_constants(m.m_axi_arid, m.m_axi_arsize, m.m_axi_arburst, m.m_axi_arlock);
        ++state_.open_reads, ++state_.read_bursts;
        state_.read_words += burst.words;
        for (uint64_t word = 0; word < burst.words; ++word) {
            const uint64_t address = burst.address + word * word_bytes_;
            const uint32_t response = response_of(address);
            last_answer_ = due(state_.cycle + word, last_answer_);
            answers_.push_back({last_answer_, get(address, response), response, word + 1 == burst.words});
        }
    }

    // Words belong to the oldest burst whose words are not all there.
    void join_writes() {
        while (!bursts_.empty() && !stray_.empty()) {
            Burst& burst = bursts_.front();
            burst.words.push_back(stray_.front());
            stray_.pop_front();
            const bool complete = burst.words.size() == burst.request.words;
            if (burst.words.back().last != complete) breach("WLAST is wrong");
            if (!complete) continue;
            burst.due = last_acknowledgement_ = due(state_.cycle, last_acknowledgement_);
            written_.push_back(std::move(burst));
            bursts_.pop_front();
        }
    }

    uint64_t due(uint64_t cycle, uint64_t before) {
        uint64_t wanted = cycle + std::max(behaviour_.latency_cycles, 1u);
        if (happens(behaviour_.late_per_1024)) wanted += 1 + (random_() >> 8 & 15);
        return std::max(wanted, before + 1);
    }

    uint32_t response_of(uint64_t address) {
        uint32_t response = kOkay;
        if (address < base_ || address - base_ >= size_) response = kDecerr;
        else if (address - base_ < behaviour_.fault_end && address - base_ + word_bytes_ > behaviour_.fault_first)
            response = behaviour_.fault_response;
        else if (happens(behaviour_.error_per_1024)) response = random_() >> 8 & 1 ? kSlverr : kDecerr;
        state_.error_responses += response != kOkay;
        return response;
    }

    std::vector<uint8_t> get(uint64_t address, uint32_t response) const {
        std::vector<uint8_t> data(word_bytes_, 0xEE);
        for (uint32_t i = 0; response == kOkay && i < word_bytes_; ++i)
            data[i] = address - base_ + i < size_ ? bytes_[address - base_ + i] : 0;
        return data;
    }

    uint32_t put(const Burst& burst) {
        uint32_t worst = kOkay;
        for (uint64_t word = 0; word < burst.words.size(); ++word) {
            const uint64_t address = burst.request.address + word * word_bytes_;
            const uint32_t response = response_of(address);
            worst = std::max(worst, response);
            for (uint32_t i = 0; response == kOkay && i < word_bytes_; ++i) {
                const bool written = burst.words[word].lanes[i / 8] >> (i % 8) & 1;
                if (written && address - base_ + i < size_) bytes_[address - base_ + i] = burst.words[word].data[i];
            }
        }
        return worst;
    }

    VerilatedContext context_;
    std::unique_ptr<Vaxi_machine> machine_;
    uint32_t word_bytes_;
    uint8_t* bytes_ = nullptr;
    uint64_t size_ = 0, base_ = 0;
    Behaviour behaviour_{};
    State state_{};
    std::mt19937 random_;
    std::deque<Answer> answers_;
    std::deque<Burst> bursts_, written_;  // not all words taken, not acknowledged
    std::deque<Word> stray_;
    uint64_t last_answer_ = 0, last_acknowledgement_ = 0;
    bool read_offered_ = false, write_offered_ = false, seen_reset_ = false, last_counts_ = false;
    bool ar_waits_ = false, aw_waits_ = false, w_waits_ = false, b_waits_ = false, r_waits_ = false;
    uint32_t write_response_ = 0;
    Outputs last_{};
};

Bench& bench_of(void* handle) { return *static_cast<Bench*>(handle); }

}  // namespace

extern "C" {

void* bench_create(uint32_t seed, uint32_t word_bytes) { return new Bench(seed, word_bytes); }

void bench_destroy(void* handle) { delete static_cast<Bench*>(handle); }

void bench_attach(void* handle, uint8_t* bytes, uint64_t size, uint64_t base) {
    bench_of(handle).attach(bytes, size, base);
}

void bench_behave(void* handle, const Behaviour* behaviour) { bench_of(handle).behave(*behaviour); }

void bench_reset(void* handle, uint64_t cycles) { bench_of(handle).reset(cycles); }

uint32_t bench_write(void* handle, uint32_t address, uint32_t value, uint32_t lanes, uint64_t most_cycles) {
    return bench_of(handle).write(address, value, lanes, most_cycles);
}

uint32_t bench_read(void* handle, uint32_t address, uint32_t* value, uint64_t most_cycles) {
    return bench_of(handle).read(address, value, most_cycles);
}

void bench_clock(void* handle, uint64_t cycles) {
    for (uint64_t i = 0; i < cycles; ++i) bench_of(handle).clock();
}

uint64_t bench_until_interrupt(void* handle, uint64_t cycles) { return bench_of(handle).until_interrupt(cycles); }

void bench_state(void* handle, State* state) { *state = bench_of(handle).state(); }

}
