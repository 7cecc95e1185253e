// The rows of GATHER and SCATTER (docs/machine.md, section 7): from the index of a beat to the place of its row.
//
// `index` stands on the values of stream B; `offset` and `present` follow two cycles later, so that a beat whose index
// is
// read in cycle t may read its row from t + chip::INDEX_PIPE on. They are kept for the write of the same beat.
module vector_rows (
    input  logic          clock,
    input  logic          restart,
    input  chip::vector_t fields,
    input  logic [31:0]   index,
    input  logic          opens,          // the READ of a beat begins in the next cycle
    output logic [23:0]   offset,         // of that beat: bytes from the first row to its row
    output logic          present,        // and whether its row is there
    input  logic          take,           // the results of a beat come to the writer
    output logic [23:0]   taken_offset,   // of that beat
    output logic          taken_present
);

  // Beats between their READ and their WRITE: with a beat each cycle at most four stages and the cycles of the pipe.
  localparam int ROWS = 16;
  localparam int PLACE_BITS = $clog2(ROWS);

  logic [31:0] number;
  logic [23:0] row;
  logic there;
  logic [ROWS-1:0][24:0] kept;
  logic [PLACE_BITS-1:0] next_in, next_out;

  assign number = index - fields.b_immediate;

  always_ff @(posedge clock) begin
    row <= number[23:0];
    there <= number < 32'(fields.rows);
    offset <= 24'(row * fields.row_pitch);
    present <= there;
  end

  always_ff @(posedge clock) begin
    for (int i = 0; i < ROWS; i++) if (opens && i == 32'(next_in)) kept[i] <= {present, offset};
    if (opens) next_in <= next_in + 1'b1;
    if (take) next_out <= next_out + 1'b1;
    if (restart) begin
      next_in <= '0;
      next_out <= '0;
    end
  end

  assign {taken_present, taken_offset} = kept[next_out];

  // The other fields have no part in this.
  wire unused = &{1'b0, fields};

endmodule
