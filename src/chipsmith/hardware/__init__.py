"""The machine as synthesizable SystemVerilog, its simulation with Verilator, and its synthesis."""
