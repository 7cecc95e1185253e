// The two pages of instructions and the register of the next instruction (docs/machine.md, section 3).
//
// Words of a page arrive in order and are gathered to an instruction, which is then written as one line. The next
// instruction comes from the memory, or on the way into it where the sequencer waits for it: an instruction whose last
// word stands on page_valid in cycle t is in the register in cycle t + 1.
module instruction_memory #(
    localparam int INDEX_BITS = $clog2(chip::PI)
) (
    input  logic           clock,
    input  logic           reset,
    input  logic           page_start,   // a LOAD of a page starts in this cycle: the slot is empty
    input  logic           page_start_slot,
    input  logic           page_valid,
    input  logic           page_slot,
    input  logic [8*chip::W-1:0] page_data,
    input  logic           wanted,       // the sequencer wants the instruction of want_slot, want_index
    input  logic           want_slot,
    input  logic [INDEX_BITS-1:0] want_index,
    input  logic           consume,      // the instruction in the register starts in this cycle
    output logic           there,        // the register holds the wanted instruction
    output logic [8*chip::INSTRUCTION_BYTES-1:0] instruction
);

  localparam int BITS = 8 * chip::INSTRUCTION_BYTES;
  localparam int WORDS = chip::INSTRUCTION_BYTES / chip::W;
  localparam int WORD_BITS = 8 * chip::W;

  logic [1:0][INDEX_BITS:0] complete;  // instructions of each slot that are in the memory
  logic [INDEX_BITS-1:0] place;
  logic [BITS-1:0] gathered, whole, line;
  logic [7:0] words;
  logic whole_valid, here, reading, read;

  assign whole_valid = page_valid && 32'(words) == WORDS - 1;
  assign place = INDEX_BITS'(complete[page_slot]);
  assign here = whole_valid && page_slot == want_slot && place == want_index;
  assign read = wanted && !there && !reading && complete[want_slot] > {1'b0, want_index};

  if (WORDS == 1) begin : g_whole
    assign whole = page_data;
  end else begin : g_gather
    assign whole = {page_data, gathered[BITS-1:WORD_BITS]};
  end

  always_ff @(posedge clock) begin
    if (page_valid) begin
      gathered <= whole;
      words <= whole_valid ? 8'd0 : words + 1'b1;
    end
    if (whole_valid) complete[page_slot] <= complete[page_slot] + 1'b1;
    if (page_start) complete[page_start_slot] <= '0;
    reading <= read;
    if (consume) there <= 1'b0;
    else if (wanted && !there && !reading && here) begin
      there <= 1'b1;
      instruction <= whole;
    end else if (reading) begin
      there <= 1'b1;
      instruction <= line;
    end
    if (reset) begin
      complete <= '0;
      words <= 8'd0;
      reading <= 1'b0;
      there <= 1'b0;
    end
  end

  // The oldest word has left when the last one comes.
  wire unused = &{1'b0, gathered};

  sram_two_port #(.LINES(2 * chip::PI), .LINE_BITS(BITS)) pages (
      .clock(clock),
      .write_enable(whole_valid),
      .write_address({page_slot, place}),
      .write_data(whole),
      .read_enable(read),
      .read_address({want_slot, want_index}),
      .read_data(line)
  );

endmodule
