// Collects the elements of one beat of a stream from the answers to its accesses, each extended to 32 bits.
//
// A dense stream (lane stride = element size) packs chip::R bytes of lanes into an access, a strided one has a lane in
// each, and a broadcast one has a single access for all lanes. A strided or broadcast element stands at byte 0.
module vector_gather #(
    localparam int COUNT_BITS = $clog2(chip::V) + 1
) (
    input  logic                      clock,
    input  logic                      valid,
    input  logic [COUNT_BITS-1:0]     index,      // number of the access within its beat
    input  logic [2:0]                kind,       // chip::TYPE_*
    input  logic                      dense,
    input  logic                      broadcast,
    input  logic [8*chip::R-1:0]      data,
    output logic [chip::V-1:0][31:0]  values
);

  for (genvar l = 0; l < chip::V; l++) begin : g_lane
    localparam int PLACE_8 = l % chip::R, PLACE_16 = 2 * l % chip::R, PLACE_32 = 4 * l % chip::R;
    localparam int ACCESS_8 = l / chip::R, ACCESS_16 = 2 * l / chip::R, ACCESS_32 = 4 * l / chip::R;
    logic [7:0] element_8;
    logic [15:0] element_16;
    logic [31:0] element_32, extended;
    logic [COUNT_BITS-1:0] access;

    assign element_8 = dense ? data[8*PLACE_8+:8] : data[7:0];
    assign element_16 = dense ? data[8*PLACE_16+:16] : data[15:0];
    assign element_32 = dense ? data[8*PLACE_32+:32] : data[31:0];

    always_comb begin
      case (kind)
        chip::TYPE_INT8: extended = 32'($signed(element_8));
        chip::TYPE_UINT8: extended = 32'(element_8);
        chip::TYPE_INT16: extended = 32'($signed(element_16));
        chip::TYPE_UINT16: extended = 32'(element_16);
        default: extended = element_32;
      endcase
      case (kind)
        chip::TYPE_INT8, chip::TYPE_UINT8: access = COUNT_BITS'(ACCESS_8);
        chip::TYPE_INT16, chip::TYPE_UINT16: access = COUNT_BITS'(ACCESS_16);
        default: access = COUNT_BITS'(ACCESS_32);
      endcase
      if (!dense) access = COUNT_BITS'(l);
    end

    always_ff @(posedge clock) if (valid && (broadcast || index == access)) values[l] <= extended;
  end

  // Where chip::R is beyond the bytes of a beat, the rest of an answer is empty.
  wire unused = &{1'b0, data};

endmodule
