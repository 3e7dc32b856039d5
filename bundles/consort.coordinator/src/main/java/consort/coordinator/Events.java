// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.InstrumentStatus;
import consort.api.State;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;

/**
 * Tells everybody what happens, as OSGi events. The topics and properties stand in {@code
 * docs/reference/events.md}.
 */
final class Events {

  /** Begins the topics of states; the state follows. */
  static final String INSTRUMENT = "consort/instrument/";

  /** Begins the topics of what went wrong in an instrument; the kind follows. */
  static final String FAULT = "consort/fault/";

  /** Begins the topics of exchanges of driver instances. */
  static final String SWAP = "consort/swap/";

  /** Begins the topics of leases; what became of it follows. */
  static final String LEASE = "consort/lease/";

  /** Begins the topics of interlocks; what became of what is required follows. */
  static final String INTERLOCK = "consort/interlock/";

  /** Everything was stopped. */
  static final String STOP_ALL = "consort/stop/ALL";

  /** Calls of an instrument were cancelled by somebody. */
  static final String CANCELLED = "consort/call/CANCELLED";

  /** All topics; the reference lists them. */
  static final Set<String> TOPICS =
      Stream.of(
              names(
                  INSTRUMENT,
                  State.READY,
                  State.SWAPPING,
                  State.OFFLINE,
                  State.FAULT,
                  State.STOPPED),
              names(SWAP, "BEGUN", "POSTPONED"),
              names(SWAP, (Object[]) SwapOutcome.Result.values()),
              names(FAULT, "DRIVER_ERROR", "HEALTH", "SAFE_STATE"),
              names(INTERLOCK, "LOST", "SAFE", "UNSAFE", "RESTORED"),
              names(LEASE, (Object[]) LeaseTable.News.values()),
              Stream.of(STOP_ALL, CANCELLED))
          .flatMap(topics -> topics)
          .collect(Collectors.toUnmodifiableSet());

  private static Stream<String> names(String kind, Object... what) {
    return Stream.of(what).map(name -> kind + name);
  }

  private final String node;
  private final Publisher publisher;
  private final AtomicReference<EventAdmin> admin = new AtomicReference<>();

  Events(String node, Publisher publisher) {
    this.node = node;
    this.publisher = publisher;
  }

  void bind(EventAdmin service) {
    admin.set(service);
  }

  void unbind(EventAdmin service) {
    admin.compareAndSet(service, null);
  }

  /** Posts an exchange that begins or is postponed. */
  void swap(String what, Instant at, SwapStatus status) {
    post(
        SWAP + what,
        at,
        status.text(),
        Map.of(
            "instrument", status.instrument(),
            "driver", status.driver(),
            "from", status.from(),
            "to", status.to()));
  }

  /** Posts how an exchange ended. */
  void swap(SwapOutcome outcome) {
    post(
        SWAP + outcome.result(),
        outcome.at(),
        outcome.toString(),
        Map.of(
            "instrument", outcome.instrument(),
            "driver", outcome.driver(),
            "from", outcome.from(),
            "to", outcome.to(),
            "reason", outcome.reason(),
            "calls_held", outcome.callsHeld(),
            "held_nanos", outcome.times().held().toNanos()));
  }

  /**
   * Posts an event after what was published so far. Only notes it, so it may be called under a
   * lock; without an event admin it does nothing.
   *
   * @param topic the topic: {@code consort/KIND/WHAT}
   * @param at when it happened
   * @param text what happened, in words; may be empty
   * @param properties more of it: text, numbers, booleans and lists of text
   */
  void post(String topic, Instant at, String text, Map<String, ?> properties) {
    assert TOPICS.contains(topic) : topic + " is none of the topics";
    if (admin.get() == null) {
      return;
    }
    Map<String, Object> all = new HashMap<>(properties);
    all.put("text", text);
    all.put("time", at.toString());
    all.put("timestamp", at.toEpochMilli());
    all.put("node", node);
    Event event = new Event(topic, all);
    publisher.later(
        () -> {
          EventAdmin now = admin.get();
          if (now != null) {
            now.postEvent(event);
          }
        });
  }

  /** Posts what became of a lease; {@code left} is what it still holds, ns. */
  void lease(LeaseTable.News news, Grant grant, Instant at, long left) {
    if (admin.get() == null) {
      return;
    }
    Grant.Terms terms = grant.terms;
    post(
        LEASE + news,
        at,
        grant + " " + grant.told(news, left),
        Map.of(
            "instruments", terms.claims().stream().map(Claim::root).distinct().toList(),
            "resources", terms.names(),
            "lease", grant.token.toString(),
            "owner", terms.owner().name(),
            "client", terms.client(),
            "purpose", terms.purpose(),
            "remaining_s", left / 1e9));
  }

  /** Posts the new state of an instrument. */
  void changed(Guard guard, Change change) {
    post(
        INSTRUMENT + change.state(),
        change.at(),
        change.text(),
        Map.of(
            "instrument", guard.name(),
            "state", change.state().name(),
            "reason", change.reason() == consort.api.Reason.NONE ? "" : change.reason().text(),
            "driver", guard.plan().spec.driver(),
            "version", change.version()));
  }

  /** Posts the state of an instrument of another node that came, or went with its node. */
  void neighbour(InstrumentStatus status) {
    post(
        INSTRUMENT + status.state(),
        Instant.now(),
        status.text(),
        Map.of(
            "instrument", status.name(),
            "state", status.state().name(),
            "reason", status.reason() == consort.api.Reason.NONE ? "" : status.reason().text(),
            "driver", status.driver(),
            "version", status.driverVersion()));
  }

  /** Posts what went wrong in an instrument that goes on. */
  void fault(Guard guard, String kind, Instant at, String text) {
    post(FAULT + kind, at, text, Map.of("instrument", guard.name()));
  }
}
