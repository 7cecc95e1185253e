// The array of R x C multipliers of 9 x 9 bits, its operands and its adder trees (docs/machine.md, section 6).
//
// Each multiplier has an operand register and two weight registers. CONV gives all columns of a row the same
// activation. DEPTHWISE makes each column a shift register along the rows: row k holds the channel's activation of k
// pixels ago; weights stand in the rows of their taps, zeros in the others.
// The next phase's weights gather in `loaded` and move to `weights` as its first activations arrive.
//
// The sums of an access that stands on `data` in cycle t are on `sums` in cycle t + 3.
module tensor_array #(
    localparam int INDEX_BITS = $clog2(chip::R > chip::C ? chip::R : chip::C),
    localparam int SEGMENTS = (chip::C + chip::R - 1) / chip::R,
    localparam int SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1,
    localparam int SUM_BITS = 17 + $clog2(chip::R)
) (
    input  logic                              clock,
    input  logic                              depthwise,
    input  logic                              by_column,       // a line of weights is a column of the array, not a row
    input  logic signed [8:0]                 zero_point,      // of the activations
    input  logic signed [8:0]                 weight_zero_point,
    input  logic                              valid,           // activations: see tensor_activations.sv
    input  logic                              begins,
    input  logic                              complete,
    input  logic [SEGMENT_BITS-1:0]           segment,
    input  logic [chip::R-1:0]                lanes,
    input  logic [8*chip::R-1:0]              data,
    input  logic                              weight_valid,    // weights: see tensor_loads.sv
    input  logic [chip::R-1:0]                weight_lanes,
    input  logic                              weight_first,
    input  logic [INDEX_BITS-1:0]             weight_index,
    input  logic [SEGMENT_BITS-1:0]           weight_segment,
    input  logic [8*chip::R-1:0]              weight_data,
    output logic [chip::C-1:0][SUM_BITS-1:0]  sums
);

  localparam int FOURS = chip::R / 4;  // the trees are cut after the sums of four rows

  (* mem2reg *) logic signed [8:0] operands[chip::R][chip::C];
  (* mem2reg *) logic signed [8:0] loaded[chip::R][chip::C];
  (* mem2reg *) logic signed [8:0] weights[chip::R][chip::C];
  (* mem2reg *) logic signed [18:0] fours[FOURS][chip::C];
  (* mem2reg *) logic signed [8:0] activation[chip::R];
  (* mem2reg *) logic signed [8:0] weight[chip::R];
  logic multiply, add;

  always_comb begin
    for (int l = 0; l < chip::R; l++) begin
      activation[l] = lanes[l] ? 9'($signed(data[8*l+:8])) - zero_point : '0;
      weight[l] = weight_lanes[l] ? 9'($signed(weight_data[8*l+:8])) - weight_zero_point : '0;
    end
  end

  always_ff @(posedge clock) begin
    if (weight_valid) begin
      for (int r = 0; r < chip::R; r++) begin
        for (int c = 0; c < chip::C; c++) begin
          if (by_column) begin
            if (32'(weight_index) == c) loaded[r][c] <= weight[r];
            else if (weight_first) loaded[r][c] <= '0;
          end else begin
            if (32'(weight_index) == r && 32'(weight_segment) == c / chip::R) loaded[r][c] <= weight[c%chip::R];
            else if (weight_first) loaded[r][c] <= '0;
          end
        end
      end
    end
  end

  always_ff @(posedge clock) begin
    if (valid && begins) begin
      for (int r = 0; r < chip::R; r++) begin
        for (int c = 0; c < chip::C; c++) weights[r][c] <= loaded[r][c];
      end
    end
  end

  always_ff @(posedge clock) begin
    if (valid) begin
      for (int c = 0; c < chip::C; c++) begin
        if (!depthwise || 32'(segment) == c / chip::R) begin
          operands[0][c] <= activation[depthwise ? c % chip::R : 0];
          for (int r = 1; r < chip::R; r++) operands[r][c] <= depthwise ? operands[r-1][c] : activation[r];
        end
      end
    end
  end

  for (genvar c = 0; c < chip::C; c++) begin : g_column
    for (genvar f = 0; f < FOURS; f++) begin : g_four
      tensor_dot dot (
          .clock(clock),
          .enable(multiply),
          .operands({operands[4*f+3][c], operands[4*f+2][c], operands[4*f+1][c], operands[4*f][c]}),
          .weights({weights[4*f+3][c], weights[4*f+2][c], weights[4*f+1][c], weights[4*f][c]}),
          .sum(fours[f][c])
      );
    end
  end

  always_ff @(posedge clock) begin
    multiply <= valid && complete;
    add <= multiply;
    if (add) begin
      for (int c = 0; c < chip::C; c++) begin
        logic signed [SUM_BITS-1:0] sum;
        sum = '0;
        for (int f = 0; f < FOURS; f++) sum = sum + SUM_BITS'(fours[f][c]);
        sums[c] <= sum;
      end
    end
  end

endmodule
