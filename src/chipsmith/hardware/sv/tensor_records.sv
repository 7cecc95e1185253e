// The drain registers (docs/machine.md, sections 2 and 6). Three sets of multipliers and shifts: those of a channel
// block wait while it computes and scale while it drains; the third loads. Two sets of biases: one starts the sums, the
// other loads.
module tensor_records #(
    localparam int LINES = (9 * chip::C + chip::R - 1) / chip::R,
    localparam int LINE_BITS = $clog2(LINES + 1),
    parameter int LANES = 1,
    parameter int GROUP_BITS = 1
) (
    input  logic                     clock,
    input  chip::tensor_t            fields,
    input  logic                     write,
    input  logic [1:0]               write_set,
    input  logic                     write_half,
    input  logic [LINE_BITS-1:0]     write_line,
    input  logic [8*chip::R-1:0]     write_data,
    input  logic                     bias_half,
    output logic [chip::C-1:0][31:0] bias,
    input  logic [1:0]               scale_set,
    input  logic [GROUP_BITS-1:0]    scale_group,  // LANES channels at once
    output logic [LANES-1:0][31:0]   multiplier,
    output logic [LANES-1:0][5:0]    shift
);

  localparam int BIAS_BYTES = 4;
  localparam int RECORD_BYTES = 9;
  localparam int SCALE_BITS = 38;  // multiplier and shift, of 40 in the record
  localparam int GROUPS = chip::C / LANES;

  logic by_bias, has_bias;
  logic [LINES-1:0] writes;
  logic [1:0][chip::C-1:0][31:0] biases;
  logic [2:0][chip::C-1:0][39:0] scales;
  logic [2:0][GROUPS-1:0][LANES-1:0][39:0] scale_groups;

  assign by_bias = fields.parameters == chip::CHANNEL_RECORD_BIAS;
  assign has_bias = fields.parameters != chip::CHANNEL_RECORD_NONE;
  assign bias = has_bias ? biases[bias_half] : '0;
  assign scale_groups = scales;

  always_comb begin
    for (int k = 0; k < LINES; k++) writes[k] = write && 32'(write_line) == k;
  end

  for (genvar c = 0; c < chip::C; c++) begin : g_channel
    for (genvar b = 0; b < BIAS_BYTES; b++) begin : g_bias
      localparam int ALONE = BIAS_BYTES * c + b;    // byte of the records in BIAS ...
      localparam int BESIDE = RECORD_BYTES * c + b; // ... and in PER_CHANNEL
      logic taken;
      logic [7:0] value;

      assign taken = by_bias ? writes[ALONE/chip::R] : writes[BESIDE/chip::R];
      assign value = by_bias ? write_data[8*(ALONE%chip::R)+:8] : write_data[8*(BESIDE%chip::R)+:8];

      always_ff @(posedge clock) begin
        if (taken && !write_half) biases[0][c][8*b+:8] <= value;
        if (taken && write_half) biases[1][c][8*b+:8] <= value;
      end
    end

    for (genvar b = BIAS_BYTES; b < RECORD_BYTES; b++) begin : g_scale
      localparam int BYTE = RECORD_BYTES * c + b;

      for (genvar s = 0; s < 3; s++) begin : g_set
        always_ff @(posedge clock) begin
          if (writes[BYTE/chip::R] && 32'(write_set) == s)
            scales[s][c][8*(b-BIAS_BYTES)+:8] <= write_data[8*(BYTE%chip::R)+:8];
        end
      end
    end
  end

  always_comb begin
    for (int l = 0; l < LANES; l++) begin
      {shift[l], multiplier[l]} = SCALE_BITS'(scale_groups[scale_set][scale_group][l]);
    end
  end

  // A line of more bytes than the records of all columns has bytes of no record.
  wire unused = &{1'b0, fields, scales, write_data};

endmodule
