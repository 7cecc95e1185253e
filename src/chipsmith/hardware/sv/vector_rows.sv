// The rows of GATHER and SCATTER (docs/machine.md, section 7): from the index of a beat to the place of its row.
//
// `index` stands on the values of stream B; its row is known three cycles later, so that a beat whose index is read in
// cycle t may read its row from t + chip::INDEX_PIPE on. It is kept for the write of the same beat.
module vector_rows (
    input  logic          clock,
    input  logic          restart,
    input  chip::vector_t fields,
    input  logic [31:0]   index,
    input  logic          opens,          // the READ of a beat begins in this cycle
    output logic [23:0]   offset,         // of that beat, until the next opens: bytes from the first row to its row
    output logic          present,        // and whether its row is there
    input  logic          take,           // the results of a beat come to the writer
    output logic [23:0]   taken_offset,   // of that beat
    output logic          taken_present
);

  localparam int ROWS = chip::ROWS_ON_THEIR_WAY;
  localparam int PLACE_BITS = $clog2(ROWS);

  logic [31:0] number;
  logic [23:0] row, low;
  logic [15:0] middle;
  logic [7:0] high;
  logic there, known_there;
  logic [24:0] known, shown;
  logic [ROWS-1:0][24:0] kept;
  logic [PLACE_BITS-1:0] next_in, next_out;

  function automatic logic [PLACE_BITS-1:0] after(logic [PLACE_BITS-1:0] place);
    after = 32'(place) == ROWS - 1 ? '0 : place + 1'b1;
  endfunction

  assign number = index - fields.b_immediate;

  always_ff @(posedge clock) begin
    row <= number[23:0];
    there <= number < 32'(fields.rows);
    low <= 24'(row * fields.row_pitch[7:0]);
    middle <= 16'(row * fields.row_pitch[15:8]);
    high <= 8'(row * fields.row_pitch[23:16]);
    known_there <= there;
    known <= {known_there, low + {middle, 8'b0} + {high, 16'b0}};
  end

  assign {present, offset} = opens ? known : shown;

  always_ff @(posedge clock) begin
    for (int i = 0; i < ROWS; i++) if (opens && i == 32'(next_in)) kept[i] <= known;
    if (opens) shown <= known;
    if (restart) next_in <= '0;
    else if (opens) next_in <= after(next_in);
    if (restart) next_out <= '0;
    else if (take) next_out <= after(next_out);
  end

  assign {taken_present, taken_offset} = kept[next_out];

  // The other fields have no part in this.
  wire unused = &{1'b0, fields};

endmodule
