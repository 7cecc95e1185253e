// The sequencer beside models of the engines of transfers: LOADs give back what each took, in order; a STORE its bank
// groups in order, then each of its external regions. load_order and store_order show in a bounded number of cycles
// that the engines are such; simulations check what the sequencer assumes.
module lock_owners (
    input logic        clock,
    input logic        reset,
    input logic        doorbell,
    input logic        warm,
    input logic        reads,
    input logic [8*chip::INSTRUCTION_BYTES-1:0] instruction,
    input logic [3:0]  busy_while_open,
    input logic        outside,
    input logic        conflict,
    input logic [3:0]  halt,
    input logic        load_gives,
    input logic        store_gives,
    input logic [5:0]  region_gives
);

  localparam int PLACES = chip::G + 2;
  localparam int COUNT_BITS = $clog2(PLACES + 1);
  localparam int NAMES_BITS = 18;  // of names_t

  typedef struct packed {
    logic        page;
    logic        slot;
    logic [4:0]  first;
    logic [4:0]  last;
    logic [5:0]  external;
  } names_t;

  logic load_start, store_start, tensor_start, vector_start;
  logic [3:0] busy, starts, open;
  chip::load_t transfer;
  logic [PLACES-1:0][NAMES_BITS-1:0] loads, stores;  // names_t, the oldest first
  logic [COUNT_BITS-1:0] load_count, store_count, loads_left, stores_left;
  logic [5:0] pending, freed;
  logic load_release, store_release;
  names_t load_names, store_names, oldest_load, oldest_store;

  assign load_names = {transfer.space == chip::SPACE_PAGE, transfer.local_address[0], transfer.first_group,
      transfer.last_group, transfer.external_locks};
  assign store_names = {2'b00, transfer.first_group, transfer.last_group, transfer.external_locks};
  assign oldest_load = loads[0];
  assign oldest_store = stores[0];
  assign load_release = load_gives && load_count != '0;
  assign store_release = store_gives && store_count != '0;
  assign loads_left = load_count - COUNT_BITS'(load_release);
  assign stores_left = store_count - COUNT_BITS'(store_release);
  assign freed = pending & region_gives;
  assign starts = {vector_start, tensor_start, store_start, load_start};
  assign busy = open & busy_while_open;  // an engine may be busy from its start on

  always_ff @(posedge clock) begin
    open <= reset ? '0 : (open & busy_while_open) | starts;
    load_count <= reset ? '0 : loads_left + COUNT_BITS'(load_start);
    store_count <= reset ? '0 : stores_left + COUNT_BITS'(store_start);
    pending <= reset ? '0 : (pending & ~freed) | (store_release ? oldest_store.external : '0);
    if (load_release) loads <= loads >> NAMES_BITS;
    if (store_release) stores <= stores >> NAMES_BITS;
    for (int i = 0; i < PLACES; i++) begin
      if (load_start && 32'(loads_left) == i) loads[i] <= load_names;
      if (store_start && 32'(stores_left) == i) stores[i] <= store_names;
    end
  end

  // The instruction memory: what is wanted comes in some cycle, and is there from the next one on until it starts.
  logic wanted, consume, arriving, there;

  always_ff @(posedge clock) begin
    arriving <= !reset && reads && wanted && !there && !arriving;
    there <= !reset && (arriving || (there && !consume));
  end

  sequencer sequencer (
      .clock(clock),
      .reset(reset),
      .doorbell(doorbell),
      .warm(warm),
      .wanted(wanted),
      .arriving(arriving),
      .there(there),
      .instruction(instruction),
      .load_start(load_start),
      .transfer(transfer),
      .store_start(store_start),
      .tensor_start(tensor_start),
      .vector_start(vector_start),
      .load_busy(busy[0]),
      .store_busy(busy[1]),
      .tensor_busy(busy[2]),
      .vector_busy(busy[3]),
      .load_release(load_release),
      .load_release_page(oldest_load.page),
      .load_release_slot(oldest_load.slot),
      .load_release_first(oldest_load.first),
      .load_release_last(oldest_load.last),
      .load_release_external(oldest_load.external),
      .store_release(store_release),
      .store_release_first(oldest_store.first),
      .store_release_last(oldest_store.last),
      .store_release_external(freed),
      .outside(outside),
      .conflict(conflict),
      .halt(halt),
      .running(running),
      .consume(consume),
      .error(error)
  );

  logic checked = 1'b0;
  logic running, hindered;
  logic [3:0] error;
  logic [2:0] waiting;

  assign hindered = !running || !there || error != '0 || halt != '0 || (busy | starts) != '0 || pending != '0
      || load_count != '0 || store_count != '0;

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    waiting <= reset || hindered || consume ? '0 : waiting + 3'(waiting != '1);
  end

  always @(posedge clock) if (checked && !reset) begin
    // No more LOADs wait than there are locks for: each has one of its own.
    load_places: assert (!load_start || 32'(loads_left) < PLACES);
    // No more STOREs wait for their last word than there are bank groups.
    store_places: assert (!store_start || 32'(stores_left) < chip::G);
    // No deadlock: once nothing is open, an instruction that is there starts within ISSUE cycles, or is refused.
    progress: assert (32'(waiting) <= chip::ISSUE);
  end
endmodule
