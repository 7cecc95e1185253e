// The three sets of drain registers (docs/machine.md, sections 2 and 6): the records of a channel block as they lie in
// memory. One set computes (its biases start the sums), one drains (its multipliers and shifts scale), one loads.
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
    input  logic [LINE_BITS-1:0]     write_line,
    input  logic [8*chip::R-1:0]     write_data,
    input  logic [1:0]               bias_set,
    output logic [chip::C-1:0][31:0] bias,
    input  logic [1:0]               scale_set,
    input  logic [GROUP_BITS-1:0]    scale_group,  // LANES channels at once
    output logic [LANES-1:0][31:0]   multiplier,
    output logic [LANES-1:0][5:0]    shift
);

  localparam int BYTES = LINES * chip::R;

  logic [2:0][8*BYTES-1:0] sets;
  logic [8*BYTES-1:0] bias_bytes, scale_bytes;
  logic by_channel, by_bias;

  assign by_channel = fields.parameters == chip::CHANNEL_RECORD_PER_CHANNEL;
  assign by_bias = fields.parameters == chip::CHANNEL_RECORD_BIAS;
  assign bias_bytes = sets[bias_set];
  assign scale_bytes = sets[scale_set];

  for (genvar s = 0; s < 3; s++) begin : g_set
    always_ff @(posedge clock) begin
      for (int k = 0; k < LINES; k++) begin
        if (write && 32'(write_set) == s && 32'(write_line) == k) sets[s][8*chip::R*k+:8*chip::R] <= write_data;
      end
    end
  end

  always_comb begin
    for (int c = 0; c < chip::C; c++) begin
      bias[c] = by_channel ? bias_bytes[72*c+:32] : by_bias ? bias_bytes[32*c+:32] : '0;
    end
  end

  logic [chip::C-1:0][31:0] multipliers;
  logic [chip::C-1:0][5:0] shifts;

  always_comb begin
    for (int c = 0; c < chip::C; c++) begin
      multipliers[c] = scale_bytes[72*c+32+:32];
      shifts[c] = scale_bytes[72*c+64+:6];
    end
    for (int l = 0; l < LANES; l++) begin
      multiplier[l] = by_channel ? multipliers[32'(scale_group)*LANES+l] : fields.multiplier;
      shift[l] = by_channel ? shifts[32'(scale_group)*LANES+l] : fields.shift;
    end
  end

  wire unused = &{1'b0, fields, bias_bytes, scale_bytes};

endmodule
