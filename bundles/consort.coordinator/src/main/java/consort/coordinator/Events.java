// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
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

  /** Posts what went wrong in an instrument that goes on. */
  void fault(Guard guard, String kind, Instant at, String text) {
    post(FAULT + kind, at, text, Map.of("instrument", guard.name()));
  }
}
