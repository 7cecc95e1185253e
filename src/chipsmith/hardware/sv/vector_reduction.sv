// The results of stage OP, reduced over r0, r1 and the lanes (docs/machine.md, section 7).
//
// Each lane accumulates its own values, over blocks of lanes too where the lanes are reduced; after a reduction's last
// beat a tree of a level a cycle joins the lanes.
module vector_reduction #(
    localparam int COUNT_BITS = $clog2(chip::V) + 1
) (
    input  logic                      clock,
    input  logic                      reset,
    input  logic [2:0]                reduce,        // chip::REDUCE_*
    input  logic                      lane_reduce,
    input  logic [chip::V-1:0]        valid,         // lanes of x that are new in this cycle
    input  logic [chip::V-1:0][31:0]  x,
    input  logic [COUNT_BITS-1:0]     lanes,         // of the beat; the others count for nothing
    input  logic                      first,         // the beat is the reduction's first
    input  logic                      finishes,      // the reduction's last values stand in this cycle
    output logic                      comes,         // the results stand from the next cycle on
    output logic                      ready,         // the cycle after `comes`
    output logic [chip::V-1:0][31:0]  results        // lane 0: the tree's in a reduction of the lanes
);

  localparam int V = chip::V;
  localparam int LEVELS = $clog2(V);

  function automatic logic computes(logic [2:0] kind);
    computes = kind == chip::REDUCE_SUM || kind == chip::REDUCE_MAX || kind == chip::REDUCE_MIN;
  endfunction

  // Decoded long before a beat comes.
  typedef struct packed {
    logic sums;
    logic subtracts;
    logic takes_larger;
    logic takes_smaller;
    logic ands;
    logic ors;
  } how_t;
  how_t how;

  always_ff @(posedge clock) begin
    how.sums <= reduce == chip::REDUCE_SUM;
    how.subtracts <= reduce != chip::REDUCE_SUM;
    how.takes_larger <= reduce == chip::REDUCE_MAX;
    how.takes_smaller <= reduce == chip::REDUCE_MIN;
    how.ands <= !computes(reduce);
    how.ors <= !computes(reduce) && reduce != chip::REDUCE_AND;
  end

  // One adder sums and compares.
  function automatic logic [31:0] combine(logic [31:0] left, logic [31:0] right, how_t kind);
    logic below, from_left, from_right;
    logic [31:0] sum;
    sum = left + (right ^ {32{kind.subtracts}}) + 32'(kind.subtracts);
    below = left[31] != right[31] ? left[31] : sum[31];
    from_left = below ? kind.takes_smaller : kind.takes_larger;
    from_right = below ? kind.takes_larger : kind.takes_smaller;
    combine = ({32{kind.sums}} & sum) | ({32{from_left}} & left) | ({32{from_right}} & right)
        | ({32{kind.ands}} & left & right) | ({32{kind.ors}} & (left ^ right));
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

  logic [V-1:0][31:0] sums;

  for (genvar l = 0; l < V; l++) begin : g_lane
    logic [31:0] next;
    logic beyond;
    assign beyond = l >= 32'(lanes);
    always_comb begin
      if (first) next = beyond ? neutral : x[l];
      else next = combine(sums[l], x[l], how);
    end
    // Lane 0 stands in every beat; lanes that the beat does not have need not.
    always_ff @(posedge clock) if (beyond ? valid[0] && first : valid[l]) sums[l] <= next;
  end

  // The tree: node 1 is its root, the nodes below node i are 2*i and 2*i + 1, the sums are the nodes from V on.
  // joining[k]: the nodes of the level k above the sums stand. Without lane_reduce nothing climbs, so that nothing is
  // left in the tree when the next instruction starts.
  logic [LEVELS:0] joining;
  logic [2*V-1:1][31:0] nodes;

  assign nodes[2*V-1:V] = sums;
  always_ff @(posedge clock) joining <= reset ? '0 : {joining[LEVELS-1:0] & {LEVELS{lane_reduce}}, finishes};

  for (genvar i = 1; i < V; i++) begin : g_node
    localparam int BELOW = LEVELS - $clog2(i + 1);  // the level of the two
    always_ff @(posedge clock)
      if (lane_reduce && joining[BELOW]) nodes[i] <= combine(nodes[2*i], nodes[2*i+1], how);
  end

  assign comes = lane_reduce ? joining[LEVELS-1] : finishes;
  assign ready = lane_reduce ? joining[LEVELS] : joining[0];

  always_comb begin
    results = sums;
    if (lane_reduce) results[0] = nodes[1];
  end

endmodule
