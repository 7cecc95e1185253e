// What a model of Verilator holds, each variable by its name: memories, registers, and the nets between them.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "verilated_save.h"

class Contents : public VerilatedSerialize {
public:
    // One variable after the other: its name, a byte 0, its size as uint32, its bytes.
    std::vector<uint8_t> named;

    // What has no name is dropped.
    void flush() override { m_cp = m_bufp; }

    void add(const char* name, const void* value, uint32_t size) {
        append(name, std::strlen(name) + 1);
        append(&size, sizeof size);
        append(value, size);
    }

private:
    void append(const void* data, size_t size) {
        const auto* bytes = static_cast<const uint8_t*>(data);
        named.insert(named.end(), bytes, bytes + size);
    }
};

// Stands in the model's code in the place of `os << value`.
template <class Value>
void save_named(VerilatedSerialize& os, const char* name, const Value& value) {
    static_cast<Contents&>(os).add(name, &value, sizeof value);
}
