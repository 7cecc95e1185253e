// The registers of the control port (chipsmith/hardware/registers.py is their table) and the state of an inference.
//
// An inference is complete when END has started and every response of the bus has come. Until then an error response,
// a fault of the machine or the watchdog ends it in the error state, which only an abort leaves. What comes in one
// cycle: an abort comes before an error and after a completion, a completion before the watchdog, a fault of the
// machine before an error of the bus, that one before the watchdog.
module axi_registers (
    input  logic         clock,
    input  logic         reset,
    output logic         irq,
    // Accesses (axi_lite_port).
    input  logic         write,
    input  logic [7:0]   write_address,
    input  logic [31:0]  write_value,
    output logic         write_refused,
    input  logic [7:0]   read_address,
    output logic [31:0]  read_value,
    output logic         read_refused,
    // Machine.
    output logic         doorbell,
    output logic         warm,
    output logic         stop,            // hold the machine in reset and let the bus come to its end
    output logic [3:0]   halt,            // error code
    input  logic         done,
    input  logic [3:0]   error,
    input  logic [31:0]  index,
    input  logic [31:0]  cycle,
    // Bus.
    output logic [63:12] base,
    input  logic         drained,         // no burst is open
    input  logic         read_failed,     // an error response in this cycle
    input  logic [1:0]   read_response,
    input  logic         write_failed,
    input  logic [1:0]   write_response
);

  localparam int EVENTS = chip::EVENTS_ABORTED + 1;

  logic running, ended, draining, constants_here, watched;
  logic [3:0] code;
  logic [31:0] limit, remaining;  // of the watchdog: cycles, and those that are left
  logic [EVENTS-1:0] events, enabled, happened, cleared;
  logic bus_failed, bus_failed_write;
  logic [1:0] bus_response;

  // Commands.
  logic idle, command, start, abort;

  assign idle = !running && !draining && code == 4'(chip::ERROR_NONE);
  assign command = write && write_address == chip::REGISTER_CONTROL;
  assign abort = command && write_value[chip::CONTROL_ABORT];
  assign start = command && write_value[chip::CONTROL_START] && !abort && idle;

  // The state of an inference.
  logic failing, expired, complete, fails;
  logic [3:0] failure;

  assign failing = read_failed || write_failed;
  assign expired = watched && !doorbell && remaining == '0;
  assign complete = running && ended && drained && error == 4'(chip::ERROR_NONE);
  assign fails = running && !complete && !abort && failure != 4'(chip::ERROR_NONE);
  assign stop = draining;
  assign halt = code;

  always_comb begin
    failure = 4'(chip::ERROR_NONE);
    if (expired) failure = 4'(chip::ERROR_WATCHDOG);
    if (failing) failure = 4'(chip::ERROR_BUS);
    if (error != 4'(chip::ERROR_NONE)) failure = error;
  end

  always_ff @(posedge clock) begin
    doorbell <= start;
    if (start) begin
      warm <= write_value[chip::CONTROL_WARM] && constants_here;
      watched <= limit != '0;
      remaining <= limit;
      ended <= 1'b0;
    end else if (!doorbell && remaining != '0) begin
      remaining <= remaining - 1'b1;
    end
    if (done) ended <= 1'b1;
    if (start || fails || abort) constants_here <= 1'b0;
    else if (complete) constants_here <= 1'b1;
    if (start) running <= 1'b1;
    else if (complete || fails || abort) running <= 1'b0;
    if (abort) code <= 4'(chip::ERROR_NONE);
    else if (fails) code <= failure;
    if (abort) draining <= 1'b1;
    else if (drained) draining <= 1'b0;
    if (reset) begin
      doorbell <= 1'b0;
      constants_here <= 1'b0;
      running <= 1'b0;
      draining <= 1'b0;
      code <= 4'(chip::ERROR_NONE);
    end
  end

  // The first error response.
  always_ff @(posedge clock) begin
    if (reset || abort) begin
      bus_failed <= 1'b0;
      bus_failed_write <= 1'b0;
      bus_response <= chip::AXI_OKAY;
    end else if (failing && !bus_failed && !draining) begin
      bus_failed <= 1'b1;
      bus_failed_write <= !read_failed;
      bus_response <= read_failed ? read_response : write_response;
    end
  end

  // Events: one that happens in the cycle in which it is cleared stays.
  always_comb begin
    happened = '0;
    happened[chip::EVENTS_DONE] = complete;
    happened[chip::EVENTS_ERROR] = fails;
    happened[chip::EVENTS_ABORTED] = draining && drained;
    cleared = '0;
    if (write && write_address == chip::REGISTER_EVENTS) cleared = write_value[EVENTS-1:0];
    if (start) cleared[chip::EVENTS_DONE] = 1'b1;
  end

  assign irq = |(events & enabled);

  always_ff @(posedge clock) begin
    if (reset) events <= '0;
    else events <= (events & ~cleared) | happened;
  end

  // What software writes and reads.
  logic misaligned;

  assign misaligned = write_address == chip::REGISTER_BASE_LOW
      && (write_value & 32'(chip::PAGE_BYTES - 1)) != '0;

  always_ff @(posedge clock) begin
    if (write && !write_refused) begin
      case (write_address)
        chip::REGISTER_INTERRUPT: enabled <= write_value[EVENTS-1:0];
        chip::REGISTER_BASE_LOW: if (idle) base[31:12] <= write_value[31:12];
        chip::REGISTER_BASE_HIGH: if (idle) base[63:32] <= write_value;
        chip::REGISTER_WATCHDOG: limit <= write_value;
        default: ;
      endcase
    end
    if (reset) begin
      enabled <= EVENTS'(chip::RESET_INTERRUPT);
      base <= 52'({chip::RESET_BASE_HIGH, chip::RESET_BASE_LOW} >> 12);
      limit <= chip::RESET_WATCHDOG;
    end
  end

  assign write_refused = misaligned || !chip::is_register(write_address);
  assign read_refused = !chip::is_register(read_address);

  always_comb begin
    read_value = '0;
    case (read_address)
      chip::REGISTER_IDENTITY: read_value = chip::RESET_IDENTITY;
      chip::REGISTER_INTERFACE: read_value = chip::RESET_INTERFACE;
      chip::REGISTER_CHIP: read_value = chip::RESET_CHIP;
      chip::REGISTER_STATUS: begin
        read_value[chip::STATUS_RUNNING] = running;
        read_value[chip::STATUS_DRAINING] = draining;
        read_value[chip::STATUS_ERROR+:4] = code;
      end
      chip::REGISTER_EVENTS: read_value[EVENTS-1:0] = events;
      chip::REGISTER_INTERRUPT: read_value[EVENTS-1:0] = enabled;
      chip::REGISTER_INDEX: read_value = index;
      chip::REGISTER_CYCLES: read_value = cycle;
      chip::REGISTER_BASE_LOW: read_value[31:12] = base[31:12];
      chip::REGISTER_BASE_HIGH: read_value = base[63:32];
      chip::REGISTER_WATCHDOG: read_value = limit;
      chip::REGISTER_BUS_ERROR: begin
        read_value[chip::BUS_ERROR_RESPONSE+:2] = bus_response;
        read_value[chip::BUS_ERROR_WRITE] = bus_failed_write;
      end
      default: ;
    endcase
  end

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_reset, was_running, was_draining, was_start, was_abort, was_drained, was_complete;
  logic [3:0] code_before;
  logic [EVENTS-1:0] events_before, cleared_before;
  logic [63:12] base_before;

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    was_running <= running;
    was_draining <= draining;
    was_start <= start;
    was_abort <= abort;
    was_drained <= drained;
    was_complete <= complete;
    code_before <= code;
    events_before <= events;
    cleared_before <= cleared;
    base_before <= base;
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // The machine ends an inference only while it runs, or in the cycle in which an abort reaches it: sequencer.
    ends_while_running: assume (!done || running || draining);

    // The state is one of idle, running, draining and error.
    states_exclude: assert ($onehot0({running, draining, code != 4'(chip::ERROR_NONE)}));
    // The doorbell rings only in the cycle after a START while idle.
    doorbell_after_start: assert (was_reset || doorbell == was_start);
    // START while not idle is ignored.
    start_only_idle: assert (!start || idle);
    // A completion is never lost: EVENTS.DONE is set in the next cycle, whatever is written.
    completion_is_kept: assert (was_reset || !was_complete || events[chip::EVENTS_DONE]);
    // No event is lost: it stays until software clears it.
    events_stay: assert (was_reset || (events_before & ~cleared_before & ~events) == '0);
    // There is no completion in error, none while draining, and none before all answers have come.
    completes_right: assert (!complete || (ended && drained && !draining && code == 4'(chip::ERROR_NONE)));
    // Whoever runs comes to an end in an event: what has stopped running has set DONE or ERROR, or was aborted.
    end_has_event: assert (was_reset || !was_running || running || was_abort
        || (events & (EVENTS'(1) << chip::EVENTS_DONE | EVENTS'(1) << chip::EVENTS_ERROR)) != '0);
    // An error stays until an abort.
    error_stays: assert (was_reset || was_abort || code_before == 4'(chip::ERROR_NONE) || code == code_before);
    // An abort drains from any state, and clears the error.
    abort_drains: assert (was_reset || !was_abort || (draining && code == 4'(chip::ERROR_NONE) && !running));
    // A drain ends when the bus has come to its end, with an event.
    drain_ends: assert (was_reset || !was_draining || !was_drained || was_abort
        || (!draining && events[chip::EVENTS_ABORTED]));
    // BASE changes only while idle, and is a multiple of PAGE_BYTES.
    base_stays: assert (was_reset || base == base_before || (!was_running && !was_draining
        && code_before == 4'(chip::ERROR_NONE)));
    // The interrupt is on exactly while an enabled event stands.
    interrupt_is_event: assert (irq == ((events & enabled) != '0));
  end
`endif

endmodule
