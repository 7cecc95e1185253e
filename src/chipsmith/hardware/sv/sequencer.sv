// The sequencer: issues instructions in program order (docs/machine.md, section 3).
//
// Cycle 0 is the cycle in which `doorbell` is high. An instruction starts in the first cycle in which it is there,
// chip::ISSUE cycles lie behind its predecessor's start, its engine is free, and every lock that it names is free.
// The first error stops the issue of instructions until reset.
module sequencer #(
    localparam int INDEX_BITS = $clog2(chip::PI)
) (
    input  logic                    clock,
    input  logic                    reset,
    input  logic                    doorbell,        // heeded while neither running nor in error
    input  logic                    warm,            // sampled with the doorbell: skip LOADs with `once`
    // Instructions.
    output logic                    wanted,
    output logic                    want_slot,
    output logic [INDEX_BITS-1:0]   want_index,
    output logic                    consume,
    input  logic                    arriving,        // the wanted instruction stands here for the first time
    input  logic                    there,           // it does, and did in the cycle before
    input  logic [8*chip::INSTRUCTION_BYTES-1:0] instruction,
    output logic                    page_start,
    output logic                    page_start_slot,
    // Engines.
    output logic                    load_start,
    output chip::load_t             transfer,        // the LOAD or STORE that starts
    output logic                    store_start,
    output logic                    tensor_start,
    output logic                    vector_start,
    input  logic                    load_busy,
    input  logic                    store_busy,
    input  logic                    tensor_busy,
    input  logic                    vector_busy,
    // Releases: what they name is free in the next cycle.
    input  logic                    load_release,
    input  logic                    load_release_page,
    input  logic                    load_release_slot,
    input  logic [4:0]              load_release_first,
    input  logic [4:0]              load_release_last,
    input  logic [5:0]              load_release_external,
    input  logic                    store_release,
    input  logic [4:0]              store_release_first,
    input  logic [4:0]              store_release_last,
    input  logic [5:0]              store_release_external,
    // Faults of this cycle.
    input  logic                    outside,
    input  logic                    conflict,
    input  logic [3:0]              halt,            // an error from outside of the machine, or chip::ERROR_NONE
    // Status.
    output logic                    running,
    output logic                    done,            // END starts in this cycle
    output logic [31:0]             index,           // of the instruction that is next
    output logic [31:0]             cycle,           // since the doorbell while running; then the latency
    output logic [3:0]              error            // chip::ERROR_*
);

  typedef struct packed {
    logic [chip::G-1:0]  groups;
    logic [1:0]          pages;
    logic [5:0]          external;
    logic                multipliers;
  } locks_t;

  function automatic logic [chip::G-1:0] group_range(logic [4:0] first, logic [4:0] last);
    for (int g = 0; g < chip::G; g++) group_range[g] = g >= 32'(first) && g <= 32'(last);
  endfunction

  function automatic logic [1:0] page_of(logic page_slot);
    page_of = page_slot ? 2'b10 : 2'b01;
  endfunction

  chip::load_t load;
  chip::tensor_t tensor;
  chip::vector_t vector;
  assign load = instruction;
  assign tensor = instruction;
  assign vector = instruction;

  // What the instruction is that arrives, and what a TENSOR or VECTOR names.
  logic end_comes, tensor_comes, vector_comes;
  logic tensor_multiplies, vector_multiplies;
  locks_t names;

  assign end_comes = load.opcode == chip::OPCODE_END;
  assign tensor_comes = load.opcode == chip::OPCODE_TENSOR;
  assign vector_comes = load.opcode == chip::OPCODE_VECTOR;
  assign tensor_multiplies = tensor.requantise != chip::ROUNDING_OFF
      || (tensor.residual && (tensor.acc_rounding | tensor.res_rounding | tensor.sum_rounding) != chip::ROUNDING_OFF);
  assign vector_multiplies = vector.op == chip::OP_MUL
      || (vector.a_rounding | vector.b_rounding | vector.o_rounding) != chip::ROUNDING_OFF;

  always_comb begin
    names = '0;
    if (tensor_comes) begin
      names.multipliers = tensor_multiplies;
      names.groups = group_range(tensor.a_first_group, tensor.a_last_group)
          | group_range(tensor.w_first_group, tensor.w_last_group)
          | group_range(tensor.o_first_group, tensor.o_last_group);
      if (tensor.parameters != chip::CHANNEL_RECORD_NONE)
        names.groups = names.groups | group_range(tensor.param_first_group, tensor.param_last_group);
      if (tensor.residual)
        names.groups = names.groups | group_range(tensor.res_first_group, tensor.res_last_group);
    end
    if (vector_comes) begin
      names.multipliers = vector_multiplies;
      names.groups = group_range(vector.a_first_group, vector.a_last_group)
          | group_range(vector.o_first_group, vector.o_last_group);
      if (vector.b_source == chip::SOURCE_STREAM)
        names.groups = names.groups | group_range(vector.b_first_group, vector.b_last_group);
      if (vector.table_ != chip::TABLE_NONE)
        names.groups = names.groups | group_range(vector.t_first_group, vector.t_last_group);
    end
  end

  // It comes late in its cycle, so that what decides on its start is registered, and of a LOAD or STORE all: the walks
  // add to it in the cycle of the start. The doorbell stands for a LOAD of page 0 into slot 0.
  logic is_end, is_load, is_store, is_tensor, is_vector, is_page, skipped;
  locks_t named, named_by_engine;
  chip::load_t first_page;
  logic [chip::LOAD_BITS-1:0] transfer_fields;

  always_comb begin
    first_page = '0;
    first_page.opcode = chip::OPCODE_LOAD;
    first_page.space = chip::SPACE_PAGE;
    first_page.outer_count = 16'd1;
    first_page.inner_count = 16'd1;
    first_page.run_bytes = 24'(chip::PI * chip::INSTRUCTION_BYTES);
  end

  always_ff @(posedge clock) begin
    if (arriving) begin
      is_end <= end_comes;
      is_load <= load.opcode == chip::OPCODE_LOAD;
      is_store <= load.opcode == chip::OPCODE_STORE;
      is_tensor <= tensor_comes;
      is_vector <= vector_comes;
      named_by_engine <= names;
    end
    if (arriving || reset)
      transfer_fields <= reset || end_comes ? first_page[chip::LOAD_BITS-1:0] : load[chip::LOAD_BITS-1:0];
  end

  assign transfer = (8 * chip::INSTRUCTION_BYTES)'(transfer_fields);
  assign is_page = is_load && transfer.space == chip::SPACE_PAGE;

  always_comb begin
    named = named_by_engine;
    if (is_load || is_store) begin
      named.external = transfer.external_locks;
      if (is_page) named.pages = page_of(transfer.local_address[0]);
      else named.groups = group_range(transfer.first_group, transfer.last_group);
    end
  end

  // What is held: by LOADs and STOREs until released, by TENSOR and VECTOR while they are busy.
  locks_t moving, moving_after, tensor_locks, vector_locks, taken;
  logic rung;  // the doorbell is heeded

  assign taken = moving | (tensor_busy ? tensor_locks : '0) | (vector_busy ? vector_locks : '0);

  always_comb begin
    moving_after = moving;
    if (load_release) begin
      moving_after.external = moving_after.external & ~load_release_external;
      if (load_release_page) moving_after.pages = moving_after.pages & ~page_of(load_release_slot);
      else moving_after.groups = moving_after.groups & ~group_range(load_release_first, load_release_last);
    end
    if (store_release)
      moving_after.groups = moving_after.groups & ~group_range(store_release_first, store_release_last);
    moving_after.external = moving_after.external & ~store_release_external;
    if (page_start) moving_after.pages = moving_after.pages | page_of(page_start_slot);
    if (load_start && !rung || store_start) moving_after = moving_after | named;
  end

  always_ff @(posedge clock) begin
    if (reset) moving <= '0;
    else moving <= moving_after;
    if (tensor_start) tensor_locks <= named;
    if (vector_start) vector_locks <= named;
  end

  // Issue.
  logic strayed, clashed;  // an access did, in the cycle before
  logic warm_run, engine_free, all_free, start, sound, faulty, next_loaded, page_ends;
  logic [3:0] fault, stop;  // of the next instruction; what stops the machine in this cycle
  logic [2:0] distance;  // cycles since the last start, saturating at ISSUE
  logic [INDEX_BITS-1:0] place;
  logic slot;

  instruction_check check (
      .clock(clock),
      .arriving(arriving),
      .instruction(instruction),
      .error(fault)
  );

  assign sound = error == 4'(chip::ERROR_NONE) && halt == 4'(chip::ERROR_NONE) && !(strayed || clashed);
  assign rung = doorbell && !running && sound;
  assign skipped = is_load && transfer.once && warm_run;
  assign engine_free = is_load ? !load_busy : is_store ? !store_busy : is_tensor ? !tensor_busy : !vector_busy;
  assign all_free = !load_busy && !store_busy && !tensor_busy && !vector_busy && taken == '0;
  assign page_ends = 32'(place) == chip::PI - 1;
  assign faulty = running && there && (fault != 4'(chip::ERROR_NONE) || (is_page && transfer.local_address[0] == slot));
  assign start = running && there && sound && !faulty && 32'(distance) >= chip::ISSUE
      && (skipped || (is_end ? all_free : engine_free && (taken & named) == '0));

  assign wanted = running;
  assign want_slot = slot;
  assign want_index = place;
  assign consume = start;
  assign done = start && is_end;
  assign load_start = rung || (start && is_load && !skipped);
  assign store_start = start && is_store;
  assign tensor_start = start && is_tensor;
  assign vector_start = start && is_vector;
  assign page_start = rung || (start && is_page);
  assign page_start_slot = transfer.local_address[0];

  // After END the bus alone can stop the machine.
  always_comb begin
    stop = halt;
    if (halt == 4'(chip::ERROR_NONE) && running) begin
      if (faulty) stop = fault != 4'(chip::ERROR_NONE) ? fault : 4'(chip::ERROR_PAGE);
      else if (start && page_ends && !is_end && !next_loaded && !is_page) stop = 4'(chip::ERROR_PAGE);
      else if (strayed) stop = 4'(chip::ERROR_ADDRESS);
      else if (clashed) stop = 4'(chip::ERROR_CONFLICT);
    end
  end

  always_ff @(posedge clock) begin
    if (rung) begin
      running <= 1'b1;
      warm_run <= warm;
      slot <= 1'b0;
      place <= '0;
      index <= '0;
      cycle <= 32'd1;
      distance <= 3'(chip::ISSUE);
      next_loaded <= 1'b0;
    end else if (running) begin
      if (!done) cycle <= cycle + 1'b1;
      if (32'(distance) < chip::ISSUE) distance <= distance + 1'b1;
      if (start && is_page) next_loaded <= 1'b1;
      if (start) begin
        distance <= 3'd1;
        index <= index + 1'b1;
        place <= place + 1'b1;
        if (page_ends) begin
          slot <= !slot;
          place <= '0;
          next_loaded <= 1'b0;
        end
      end
      if (done) running <= 1'b0;
    end
    strayed <= outside;
    clashed <= conflict;
    if (error == 4'(chip::ERROR_NONE) && stop != 4'(chip::ERROR_NONE)) begin
      error <= stop;
      running <= 1'b0;
    end
    if (reset) begin
      running <= 1'b0;
      strayed <= 1'b0;
      clashed <= 1'b0;
      error <= 4'(chip::ERROR_NONE);
      index <= '0;
      cycle <= '0;
    end
  end

  // Only the locks are decoded here; the engines decode the rest.
  wire unused = &{1'b0, load, tensor, vector, first_page};

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;              // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic [2:0] since;                 // cycles since the last start, saturating
  logic [2:0] waiting;               // cycles in which nothing stands in the way of the next instruction
  logic [31:0] elapsed, issues;      // cycles and starts since the doorbell
  logic [1:0] loaded;                // page slots whose LOAD has started
  logic was_reset, was_halted, was_wanting, was_here;
  logic [3:0] were_idle, starts;     // LOAD, STORE, TENSOR, VECTOR from bit 0 up
  logic [3:0] error_before;
  locks_t load_holds, store_holds, load_frees, store_frees, load_takes, tensor_holds, vector_holds;
  logic idle, unhindered, not_empty, started, slot_before;
  logic [INDEX_BITS-1:0] place_before;

  assign starts = {vector_start, tensor_start, store_start, load_start};
  assign idle = {vector_busy, tensor_busy, store_busy, load_busy} == '0 && (load_holds | store_holds) == '0;
  assign unhindered = running && there && sound && !faulty && idle;
  assign not_empty = transfer.outer_count != '0 && transfer.inner_count != '0 && transfer.run_bytes != '0;
  assign tensor_holds = tensor_busy ? tensor_locks : '0;
  assign vector_holds = vector_busy ? vector_locks : '0;

  always_comb begin
    load_takes = '0;
    if (load_start && rung) load_takes.pages = 2'b01;
    else if (load_start) load_takes = named;
    load_frees = '0;
    if (load_release) begin
      load_frees.external = load_release_external;
      if (load_release_page) load_frees.pages = page_of(load_release_slot);
      else load_frees.groups = group_range(load_release_first, load_release_last);
    end
    store_frees = '0;
    store_frees.external = store_release_external;
    if (store_release) store_frees.groups = group_range(store_release_first, store_release_last);
  end

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    was_wanting <= !reset && wanted && !there;
    was_here <= !reset && (arriving || (there && !consume));
    was_halted <= halt != 4'(chip::ERROR_NONE);
    error_before <= error;
    started <= start || rung;
    slot_before <= slot;
    place_before <= place;
    were_idle <= ~{vector_busy, tensor_busy, store_busy, load_busy} & ~starts;
    since <= start ? 3'd1 : rung || reset ? '1 : since + 3'(since != '1);
    waiting <= reset || start || !unhindered ? '0 : waiting + 3'(waiting != '1);
    elapsed <= rung ? 32'd1 : elapsed + 1'b1;
    issues <= rung ? '0 : issues + 32'(start);
    load_holds <= reset ? '0 : (load_holds & ~load_frees) | load_takes;
    store_holds <= reset ? '0 : (store_holds & ~store_frees) | (store_start ? named : '0);
    if (rung) loaded <= 2'b01;
    else if (start && page_ends) loaded <= (loaded & ~page_of(slot)) | (is_page ? page_of(page_start_slot) : 2'b00);
    else if (start && is_page) loaded <= loaded | page_of(page_start_slot);
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // An engine that was idle and has not started is idle: load_engine, store_engine, tensor_engine, vector_engine.
    idle_engine_stays_idle: assume ((were_idle & ~{vector_busy, tensor_busy, store_busy, load_busy}) == were_idle);
    // Engines are idle after reset: the same four.
    engines_reset: assume (!was_reset || {vector_busy, tensor_busy, store_busy, load_busy} == '0);
    // Nothing arrives but what was wanted and not there: instruction_memory.arrives_when_wanted.
    arrives_when_wanted: assume (!arriving || (!there && was_wanting));
    // What is there has arrived: instruction_memory.there_stays.
    there_has_arrived: assume (!there || was_here);
    // A LOAD gives back what a LOAD holds: lock_owners.
    load_frees_its_own: assume ((load_frees & ~load_holds) == '0);
    // A STORE gives back what a STORE holds: lock_owners.
    store_frees_its_own: assume ((store_frees & ~store_holds) == '0);
    // A LOAD of a page is never skipped: lock_owners.
    no_page_once: assume (!is_page || !transfer.once || fault != 4'(chip::ERROR_NONE));
    // A LOAD or STORE of no bytes is faulty: lock_owners.
    empty_is_faulty: assume (!(is_load || is_store) || fault != 4'(chip::ERROR_NONE) || not_empty);

    // Successive instructions start at least ISSUE cycles apart.
    issue_distance: assert (!start || 32'(since) >= chip::ISSUE);
    // At most one instruction starts in a cycle, and the doorbell's LOAD beside none.
    one_start: assert ($onehot0({starts, done, start && skipped}));
    // No engine starts while it is busy.
    engine_is_free: assert ((starts & {vector_busy, tensor_busy, store_busy, load_busy}) == '0);
    // An instruction starts only while all locks that it names are free.
    locks_are_free: assert (starts == '0 || rung
        || (named & (load_holds | store_holds | tensor_holds | vector_holds)) == '0);
    // No lock has two holders.
    one_holder: assert ((load_holds & store_holds) == '0 && (tensor_holds & vector_holds) == '0
        && ((load_holds | store_holds) & (tensor_holds | vector_holds)) == '0);
    // What the transfers hold is what was taken at their starts and has not been given back.
    locks_are_exact: assert (moving == (load_holds | store_holds));
    // Nothing starts, and no inference ends, in error or under a halt.
    nothing_in_error: assert (sound || (starts == '0 && !start && !done));
    // A faulty instruction never starts.
    no_faulty_start: assert (!(start && faulty));
    // An error stays until reset, and the machine does not run in it.
    error_stays: assert (was_reset || error_before == 4'(chip::ERROR_NONE) || (error == error_before && !running));
    // A halt leaves an error.
    halt_stops: assert (was_reset || !was_halted || (error != 4'(chip::ERROR_NONE) && !running));
    // The doorbell is heeded only while the machine is idle: nothing runs, no engine is busy, no lock is taken.
    doorbell_only_idle: assert (!rung || (!running && sound && idle));
    // A doorbell while idle starts an inference.
    doorbell_is_heeded: assert (!doorbell || running || !sound || (rung && load_start && page_start));
    // Only what is there starts.
    starts_what_is_there: assert (!consume || there);
    // The instruction that is wanted changes only with a start or a doorbell.
    wants_in_order: assert (was_reset || started || (want_slot == slot_before && want_index == place_before));
    // No transfer is empty.
    no_empty_transfer: assert (!(load_start || store_start) || rung || not_empty);
    // END starts only while all engines are idle and all locks are free.
    end_only_idle: assert (!done || idle);
    // Instructions are issued in order: the number of the next counts the starts, and says its slot and its place.
    in_order: assert (!running || (index == issues && 32'(place) == index % chip::PI
        && slot == 1'((index / chip::PI) % 2)));
    // CYCLES counts the cycles since the doorbell.
    cycles_count: assert (!running || cycle == elapsed);
    // An instruction is executed only of a page whose LOAD has started.
    page_is_loaded: assert (!start || (loaded & page_of(slot)) != '0);
    // A page is loaded only into the slot that does not run.
    page_into_other_slot: assert (!page_start || rung || page_start_slot != slot);
    // No deadlock: a sound instruction that is there starts within ISSUE cycles once engines are idle and locks free.
    progress: assert (32'(waiting) < chip::ISSUE);
  end
`endif

endmodule
