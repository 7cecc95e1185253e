// The TENSOR engine (docs/machine.md, section 6).
//
// start       High for one cycle, the cycle s_i of the contract, only while busy is low. `instruction` is valid in
//             that cycle alone: keep what you need. Its first memory request stands in cycle s_i + 1 at the earliest
//             (a request in s_i itself would have to pass from the instruction register through address arithmetic
//             into the memory in one cycle).
// busy        Low in the cycles in which `start` may come. High in cycles s_i + 1 to s_i + engine_cycles - 1 and low
//             in cycle s_i + engine_cycles (when the next start may already come). Comes from registers.
//             The locks of the instruction are freed with it: the last memory request and the last multiply request
//             stand in cycle s_i + engine_cycles - 1 at the latest.
// *_read      A read request in cycle t is answered on *_data in cycle t + chip::READ_LATENCY (and only then). Every
//             port takes a request each cycle; there is no back pressure. Which accesses may share a cycle is the
//             engine's duty: two accesses of one bank group in a cycle are an error (CONFLICT).
//             a_read: stream A. w_read: streams W and P. r_read: stream RES.
// o_write     Stream O.
// multiply    A pass in cycle t is answered on `scaled` in cycle t + chip::MULTIPLY_LATENCY. The engine may drive
//             multiply.valid only for an instruction that names the multipliers.
//
// Requests carry the first and last group of their own stream. Drive a request's other fields with anything while
// valid is low. Reset is synchronous; after it busy is low.
module tensor_engine (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      start,
    input  chip::tensor_t             instruction,
    output logic                      busy,
    output chip::read_request_t       a_read,
    input  logic [8*chip::R-1:0]      a_data,
    output chip::read_request_t       w_read,
    input  logic [8*chip::R-1:0]      w_data,
    output chip::read_request_t       r_read,
    input  logic [8*chip::R-1:0]      r_data,
    output chip::write_request_t      o_write,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled
);

  // Not written yet: the engine takes one cycle and computes nothing.
  assign busy = 1'b0;
  assign a_read = '0;
  assign w_read = '0;
  assign r_read = '0;
  assign o_write = '0;
  assign multiply = '0;
  logic unused = &{1'b0, clock, reset, start, instruction, a_data, w_data, r_data, scaled};

endmodule
