// The VECTOR engine (docs/machine.md, section 7).
//
// start, instruction, busy, reads, writes and the multipliers: as of the tensor engine (tensor_engine.sv).
// a_read      Stream A; before the first beat also stream TABLE (with its own group range).
// b_read      Stream B.
// o_write     Stream O.
// The table memory (chip::TL copies of 512 entries) and the divider are parts of this engine.
module vector_engine (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      start,
    input  chip::vector_t             instruction,
    output logic                      busy,
    output chip::read_request_t       a_read,
    input  logic [8*chip::R-1:0]      a_data,
    output chip::read_request_t       b_read,
    input  logic [8*chip::R-1:0]      b_data,
    output chip::write_request_t      o_write,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled
);

  // Not written yet: the engine takes one cycle and computes nothing.
  assign busy = 1'b0;
  assign a_read = '0;
  assign b_read = '0;
  assign o_write = '0;
  assign multiply = '0;
  logic unused = &{1'b0, clock, reset, start, instruction, a_data, b_data, scaled};

endmodule
