// The results of stage OP, reduced over r0, r1 and the lanes (docs/machine.md, section 7).
//
// Each lane accumulates its own values, over blocks of lanes too where the lanes are reduced; after a reduction's last
// beat a tree joins the lanes. There are two sets of accumulators: one fills while the other is read.
module vector_reduction #(
    localparam int COUNT_BITS = $clog2(chip::V) + 1
) (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      restart,
    input  logic [2:0]                reduce,        // chip::REDUCE_*
    input  logic                      lane_reduce,
    input  logic [chip::V-1:0]        valid,         // lanes of x that stand in this cycle
    input  logic [chip::V-1:0][31:0]  x,
    input  logic [COUNT_BITS-1:0]     lanes,         // of the beat; the others count for nothing
    input  logic                      first,         // the beat is the reduction's first
    input  logic                      finishes,      // the reduction's last values stand in this cycle
    output logic                      results_ready, // two cycles later
    output logic                      results_set,   // the set that holds them
    input  logic                      read_set,
    output logic [chip::V-1:0][31:0]  results        // of the set `read_set`; lane 0: the tree's in a reduction
);

  localparam int V = chip::V;

  function automatic logic [31:0] combine(logic [31:0] left, logic [31:0] right, logic [2:0] how);
    logic below;
    below = $signed(left) < $signed(right);
    case (how)
      chip::REDUCE_SUM: combine = left + right;
      chip::REDUCE_MAX: combine = below ? right : left;
      chip::REDUCE_MIN: combine = below ? left : right;
      chip::REDUCE_AND: combine = left & right;
      chip::REDUCE_OR: combine = left | right;
      default: combine = right;
    endcase
  endfunction

  // What changes nothing: the value of lanes that a reduction never reaches.
  logic [31:0] neutral;
  always_comb begin
    case (reduce)
      chip::REDUCE_MAX: neutral = 32'h8000_0000;
      chip::REDUCE_MIN: neutral = 32'h7fff_ffff;
      chip::REDUCE_AND: neutral = '1;
      default: neutral = '0;
    endcase
  end

  logic fill_set, finished, finished_set;
  logic [V-1:0][31:0] sums, other_sums;  // sets 0 and 1
  logic [31:0] tree;

  for (genvar l = 0; l < V; l++) begin : g_lane
    logic [31:0] kept, next;
    logic here;
    assign kept = fill_set ? other_sums[l] : sums[l];
    always_comb begin
      if (l >= 32'(lanes)) next = first ? neutral : kept;
      else next = first ? x[l] : combine(kept, x[l], reduce);
    end
    // Lane 0 stands in every beat; lanes that the beat does not have need not.
    assign here = valid[l] || (valid[0] && l >= 32'(lanes));
    always_ff @(posedge clock) begin
      if (here && !fill_set) sums[l] <= next;
      if (here && fill_set) other_sums[l] <= next;
    end
  end

  logic [V-1:0][31:0] joined;
  always_comb begin
    joined = finished_set ? other_sums : sums;
    for (int level = $clog2(V) - 1; level >= 0; level--) begin
      for (int i = 0; i < V / 2; i++) begin
        if (i < 1 << level) joined[i] = combine(joined[i], joined[i+(1<<level)], reduce);
      end
    end
  end

  always_ff @(posedge clock) begin
    finished <= finishes;
    finished_set <= fill_set;
    if (finishes) fill_set <= !fill_set;
    if (finished) tree <= joined[0];
    results_ready <= finished;
    results_set <= finished_set;
    if (reset || restart) fill_set <= 1'b0;
    if (reset) begin
      finished <= 1'b0;
      results_ready <= 1'b0;
    end
  end

  always_comb begin
    results = read_set ? other_sums : sums;
    if (lane_reduce) results[0] = tree;
  end

endmodule
