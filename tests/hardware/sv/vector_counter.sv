// Stands in for the VECTOR engine: takes the cycles that o_multiplier of the instruction says.
module vector_engine (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      start,
    input  chip::vector_t             instruction,
    output logic                      busy,
    output logic                      active,
    output chip::read_request_t       a_read,
    input  logic [8*chip::R-1:0]      a_data,
    output chip::read_request_t       b_read,
    input  logic [8*chip::R-1:0]      b_data,
    output chip::write_request_t      o_write,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled
);

  countdown time_left (
      .clock(clock),
      .reset(reset),
      .start(start),
      .cycles(32'(instruction.o_multiplier)),
      .busy(busy)
  );

  assign active = busy;
  assign a_read = '0;
  assign b_read = '0;
  assign o_write = '0;
  assign multiply = '0;

endmodule
