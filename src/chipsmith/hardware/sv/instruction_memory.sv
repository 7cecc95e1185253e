// The two pages of instructions (docs/machine.md, section 3).
//
// Words of a page arrive in order. Two of them make a lane of the memory's line, so that a word waits in a register for
// the other one alone. The next instruction is read as a line, and stays on the memory's output until it has started:
// there is no other register of it. An instruction whose last word stands on page_valid in cycle t stands in the memory
// in t + 1, on `instruction` from t + 2 on, late in that cycle, and is there in t + 3: the cycle between is for those
// who decode it.
//
// The memory has one port, and a write goes before a read. That costs no cycle: a read that follows a start in cycle s
// may go in s + 2 as well as in s + 1 and the instruction still starts in s + chip::ISSUE, and no two writes of a bank
// follow each other: a lane takes two cycles to arrive, and where an instruction is one word, two banks take turns.
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
    input  logic           consume,      // the instruction starts in this cycle
    output logic           arriving,     // the first cycle in which the wanted instruction stands on `instruction`
    output logic           there,        // it does, and did in the cycle before
    output logic [8*chip::INSTRUCTION_BYTES-1:0] instruction
);

  localparam int BITS = 8 * chip::INSTRUCTION_BYTES;
  localparam int WORDS = chip::INSTRUCTION_BYTES / chip::W;
  localparam int LANE_BYTES = WORDS == 1 ? chip::W : 2 * chip::W;
  localparam int LANES = chip::INSTRUCTION_BYTES / LANE_BYTES;
  localparam int BANKS = WORDS == 1 ? 2 : 1;
  localparam int LINES = 2 * chip::PI / BANKS;

  logic [1:0][INDEX_BITS:0] complete;  // instructions of each slot that are in the memory
  logic [INDEX_BITS-1:0] place;
  logic [7:0] words;  // of the instruction that arrives, before this one
  logic [8*LANE_BYTES-1:0] lane;
  logic [LANES-1:0] lanes;
  logic whole_valid, read, collides;
  logic [BANKS-1:0] write_banks, read_banks;
  logic [BANKS-1:0][BITS-1:0] lines;

  assign whole_valid = page_valid && 32'(words) == WORDS - 1;
  assign place = INDEX_BITS'(complete[page_slot]);
  assign collides = (write_banks & read_banks) != '0;
  assign read = wanted && !there && !arriving && complete[want_slot] > {1'b0, want_index} && !collides;

  if (WORDS == 1) begin : g_whole
    assign lane = page_data;
    assign lanes = 1'b1;
    assign write_banks = {whole_valid && place[0], whole_valid && !place[0]};
    assign read_banks = {want_index[0], !want_index[0]};
    assign instruction = want_index[0] ? lines[1] : lines[0];
  end else begin : g_lanes
    logic [8*chip::W-1:0] first_word;  // of the lane

    always_ff @(posedge clock) if (page_valid && !words[0]) first_word <= page_data;

    assign lane = {page_data, first_word};
    assign lanes = LANES'(1'b1) << words[7:1];
    assign write_banks = page_valid && words[0];
    assign read_banks = 1'b1;
    assign instruction = lines[0];
  end

  always_ff @(posedge clock) begin
    if (page_valid) words <= whole_valid ? 8'd0 : words + 1'b1;
    if (whole_valid) complete[page_slot] <= complete[page_slot] + 1'b1;
    if (page_start) complete[page_start_slot] <= '0;
    arriving <= read;
    if (consume) there <= 1'b0;
    else if (arriving) there <= 1'b1;
    if (reset) begin
      complete <= '0;
      words <= 8'd0;
      arriving <= 1'b0;
      there <= 1'b0;
    end
  end

  for (genvar b = 0; b < BANKS; b++) begin : g_bank
    logic [$clog2(LINES)-1:0] address;

    assign address = $clog2(LINES)'((write_banks[b] ? {page_slot, place} : {want_slot, want_index}) >> (BANKS - 1));

    sram_bank #(
        .LINES(LINES),
        .LINE_BYTES(chip::INSTRUCTION_BYTES),
        .LANE_BYTES(LANE_BYTES)
    ) pages (
        .clock(clock),
        .enable(write_banks[b] || (read && read_banks[b])),
        .address(address),
        .write_lanes(write_banks[b] ? lanes : '0),
        .write_data({LANES{lane}}),
        .read_data(lines[b])
    );
  end

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_reset, was_wanting, was_consumed, was_here, slot_before;
  logic [INDEX_BITS-1:0] index_before;
  logic [BITS-1:0] instruction_before;
  logic [BANKS-1:0] written_banks;
  logic was_page, was_start, start_slot_before, page_slot_before;
  logic [2:0] waiting;  // cycles in which the wanted instruction stands in the memory and is not there

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    was_wanting <= !reset && wanted && !there;
    was_consumed <= consume;
    was_here <= arriving || (there && !consume);
    slot_before <= want_slot;
    index_before <= want_index;
    instruction_before <= instruction;
    written_banks <= write_banks;
    was_page <= page_valid;
    was_start <= page_start;
    start_slot_before <= page_start_slot;
    page_slot_before <= page_slot;
    waiting <= reset || there || !wanted || complete[want_slot] <= {1'b0, want_index}
        || want_slot != slot_before || want_index != index_before ? 3'd0 : waiting + 3'(waiting != '1);
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // An instruction starts only if it is there: sequencer.starts_what_is_there.
    consumes_what_is_there: assume (!consume || there);
    // What is wanted stays so until it starts, or while nothing is there or on its way: sequencer.wants_in_order.
    wants_in_order: assume (was_reset || was_consumed || (want_slot == slot_before && want_index == index_before)
        || !(there || arriving));
    // A page is not loaded over the wanted one: sequencer.page_into_other_slot, doorbell_only_idle.
    page_into_other_slot: assume (!page_start || page_start_slot != want_slot || !(wanted || there || arriving));
    // A page LOAD brings the instructions of one page: word_walk.
    page_fits: assume (!page_valid || 32'(complete[page_slot]) < chip::PI);
    // A page LOAD starts after the last word of the one before it into its slot: sequencer.locks_are_free.
    page_ends_before_next: assume (!page_start || !page_valid || page_slot != page_start_slot);
    // The words of a page come after the last one of the page before: load_engine answers in order.
    pages_in_order: assume (was_reset || !page_valid || !was_page || page_slot == page_slot_before
        || (words == '0 && complete[page_slot] == '0 && 32'(complete[page_slot_before]) == chip::PI));
    // The first word of a page does not come in the cycle after its LOAD starts: chip::LOAD_PIPE.
    starts_before_words: assume (was_reset || !page_valid || !was_start || page_slot != start_slot_before);

    // An instruction is there only if all its words have come since the LOAD of its page started.
    there_is_loaded: assert (!(there || arriving) || complete[want_slot] > {1'b0, want_index});
    // What stands on the output is there in the next cycle, and stays there, unchanged, until it starts.
    there_stays: assert (was_reset || there == was_here && (!there || instruction == instruction_before));
    // Nothing arrives but what was wanted and not there.
    arrives_when_wanted: assert (!arriving || (!there && was_wanting));
    // A wanted instruction that stands in the memory is there in three cycles: before it can start after another.
    arrives: assert (32'(waiting) < chip::ISSUE);
    // No bank of the memory is read in the cycle in which it is written.
    one_port: assert (!read || (read_banks & write_banks) == '0);
    // No bank is written in two cycles that follow each other: a read waits for a write once.
    writes_apart: assert (was_reset || (write_banks & written_banks) == '0);
  end
`endif

endmodule
