// Takes note of the first property of the RTL that a simulation violates. Verilator calls vl_stop for it, whose own
// version would end the process.
#include <cstdio>

#include "verilated.h"

namespace {
char violation[256];
}

void vl_stop(const char* file, int line, const char*) VL_MT_UNSAFE {
    if (!violation[0]) std::snprintf(violation, sizeof violation, "%s:%d", file, line);
}

extern "C" {

// The file and the line of the first violated property, or nothing.
const char* bench_violation() { return violation; }

void bench_forget_violation() { violation[0] = 0; }

}
