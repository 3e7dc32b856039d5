// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;

/**
 * What others are told as OSGi events, where there is an Event Admin. Never called under a lock.
 * The topics are part of the contract: {@code docs/reference/events.md} lists them.
 */
final class Events {

  static final String SWAP_BEGUN = "consort/swap/BEGUN";
  static final String SWAP_POSTPONED = "consort/swap/POSTPONED";
  static final String SWAP_DONE = "consort/swap/DONE";
  static final String SWAP_TAKEN_BACK = "consort/swap/TAKEN_BACK";
  static final String SWAP_FAILED = "consort/swap/FAILED";

  /** All topics, in the order of the document. */
  static final List<String> TOPICS =
      List.of(SWAP_BEGUN, SWAP_POSTPONED, SWAP_DONE, SWAP_TAKEN_BACK, SWAP_FAILED);

  private final AtomicReference<EventAdmin> admin = new AtomicReference<>();

  void bind(EventAdmin service) {
    admin.set(service);
  }

  void unbind(EventAdmin service) {
    admin.compareAndSet(service, null);
  }

  /** Tells of an exchange that begins or is postponed. */
  void swap(String topic, SwapStatus status) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("instrument", status.instrument());
    properties.put("driver", status.driver());
    properties.put("from", status.from());
    properties.put("to", status.to());
    properties.put("text", status.text());
    post(topic, properties);
  }

  /** Tells how an exchange ended. */
  void swap(SwapOutcome outcome) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("instrument", outcome.instrument());
    properties.put("driver", outcome.driver());
    properties.put("from", outcome.from());
    properties.put("to", outcome.to());
    properties.put("text", outcome.toString());
    properties.put("reason", outcome.reason());
    properties.put("calls_held", outcome.callsHeld());
    properties.put("held_nanos", outcome.times().held().toNanos());
    properties.put("outcome", outcome);
    post(
        switch (outcome.result()) {
          case DONE -> SWAP_DONE;
          case TAKEN_BACK -> SWAP_TAKEN_BACK;
          case FAILED -> SWAP_FAILED;
        },
        properties);
  }

  /** Posts an event: handlers run on threads of the Event Admin. */
  void post(String topic, Map<String, Object> properties) {
    EventAdmin service = admin.get();
    if (service != null) {
      service.postEvent(new Event(topic, properties));
    }
  }
}
