// Walks the runs of a LOAD or STORE word by word (docs/machine.md, section 4): one external word a step.
//
// `take` captures an instruction at the end of the cycle; from the next cycle on `active` is high and the outputs
// describe the first word. `step` goes on to the next one; after the step on the last word `active` is low, unless
// `take` comes in the same cycle. EXTERNAL_BITS low bits of the external address are kept.
module word_walk #(
    parameter int EXTERNAL_BITS = 32
) (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      take,
    input  chip::load_t               transfer,   // a STORE has the same fields
    input  logic                      step,
    output logic                      active,
    output logic                      last,       // the last word of the instruction
    output logic [EXTERNAL_BITS-1:0]  external,   // external address of the first byte
    output logic [23:0]               line,       // on-chip address that belongs to byte 0 of the word
    output logic [chip::R-1:0]        lanes       // bytes of the word that belong to the run
);

  logic [15:0] outer_left, inner_left, inner_count;
  logic [23:0] run_left, run_bytes;
  logic [EXTERNAL_BITS-1:0] external_run, external_outer, external_outer_stride, external_inner_stride;
  logic [23:0] local_address, local_run, local_outer, local_outer_stride, local_inner_stride;
  logic [7:0] offset, room, size;
  logic run_ends, inner_ends;

  assign offset = 8'(external) & 8'(chip::W - 1);
  assign room = 8'(chip::W) - offset;
  assign run_ends = run_left <= 24'(room);
  assign size = run_ends ? run_left[7:0] : room;
  assign inner_ends = inner_left == 16'd1;
  assign last = run_ends && inner_ends && outer_left == 16'd1;
  assign line = local_address - 24'(offset);
  assign lanes = ~({chip::R{1'b1}} << size) << offset;

  always_ff @(posedge clock) begin
    if (take) begin
      outer_left <= transfer.outer_count;
      inner_left <= transfer.inner_count;
      inner_count <= transfer.inner_count;
      run_left <= transfer.run_bytes;
      run_bytes <= transfer.run_bytes;
      external <= EXTERNAL_BITS'(transfer.external_address);
      external_run <= EXTERNAL_BITS'(transfer.external_address);
      external_outer <= EXTERNAL_BITS'(transfer.external_address);
      external_outer_stride <= EXTERNAL_BITS'(transfer.external_outer_stride);
      external_inner_stride <= EXTERNAL_BITS'(transfer.external_inner_stride);
      local_address <= transfer.local_address;
      local_run <= transfer.local_address;
      local_outer <= transfer.local_address;
      local_outer_stride <= transfer.local_outer_stride;
      local_inner_stride <= transfer.local_inner_stride;
    end else if (step) begin
      run_left <= run_ends ? run_bytes : run_left - 24'(room);
      if (!run_ends) begin
        external <= external + EXTERNAL_BITS'(room);
        local_address <= local_address + 24'(room);
      end else if (!inner_ends) begin
        inner_left <= inner_left - 1'b1;
        external <= external_run + external_inner_stride;
        external_run <= external_run + external_inner_stride;
        local_address <= local_run + local_inner_stride;
        local_run <= local_run + local_inner_stride;
      end else begin
        inner_left <= inner_count;
        outer_left <= outer_left - 1'b1;
        external <= external_outer + external_outer_stride;
        external_run <= external_outer + external_outer_stride;
        external_outer <= external_outer + external_outer_stride;
        local_address <= local_outer + local_outer_stride;
        local_run <= local_outer + local_outer_stride;
        local_outer <= local_outer + local_outer_stride;
      end
    end
    if (reset) active <= 1'b0;
    else if (take) active <= 1'b1;
    else if (step && last) active <= 1'b0;
  end

  // The walk needs the shape of the transfer alone.
  wire unused = &{1'b0, transfer};

endmodule
