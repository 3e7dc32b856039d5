// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Instrument;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.DriverStatus;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.deploy.Deployment;
import consort.api.deploy.DriverFile;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** One jar that is being taken into use, seen from outside. */
final class SwapRun {

  /** A jar that is not noticed for so long is never going to be. */
  private static final Duration NOTICE = Duration.ofSeconds(30);

  private final String id;
  private final Coordinator coordinator;
  private final Deployment deployment;
  private final Instant began;
  private final DriverFile taken;
  private final String only;
  private volatile Object seen = "";

  private SwapRun(
      String id,
      Coordinator coordinator,
      Deployment deployment,
      Instant began,
      DriverFile taken,
      String only) {
    this.id = id;
    this.coordinator = coordinator;
    this.deployment = deployment;
    this.began = began;
    this.taken = taken;
    this.only = only;
  }

  static SwapRun begin(
      String id, Coordinator coordinator, Deployment deployment, Path file, String only) {
    Instant began = Instant.now();
    return new SwapRun(id, coordinator, deployment, began, deployment.swap(file, only), only);
  }

  /** What was told last, without what changes all the time. */
  Object seen() {
    return seen;
  }

  static boolean finished(Map<String, ?> reply) {
    return Boolean.TRUE.equals(reply.get("finished"));
  }

  /** Where it is now. */
  Map<String, Object> progress() {
    DriverFile now = deployment.driver(taken.digest()).orElse(taken);
    boolean lost = now.bundle() < 0 && Duration.between(began, Instant.now()).compareTo(NOTICE) > 0;
    String problem = lost && now.problem().isEmpty() ? "it was not noticed" : now.problem();
    List<DriverStatus> drivers =
        now.ready()
            ? coordinator.drivers().stream().filter(d -> d.bundleId() == now.bundle()).toList()
            : List.of();
    List<Map<String, Object>> instruments = instruments(now.bundle(), drivers);
    Set<Object> states =
        instruments.stream()
            .map(i -> i.get("state"))
            .collect(Collectors.toCollection(HashSet::new));
    boolean finished =
        !problem.isEmpty()
            || (!drivers.isEmpty() && !states.contains("waiting") && !states.contains("moving"));
    boolean good =
        problem.isEmpty() && !states.contains("taken back") && !states.contains("failed");
    seen = List.of(states(instruments), finished);
    return Plain.map(
        "id",
        id,
        "file",
        taken.file(),
        "version",
        taken.version(),
        "only",
        only == null ? "" : only,
        "finished",
        finished,
        "success",
        !finished || good,
        "error_message",
        problem.isEmpty() ? "" : taken.file() + ": " + problem,
        "instruments",
        instruments);
  }

  private static Map<Object, Object> states(List<Map<String, Object>> instruments) {
    Map<Object, Object> states = new HashMap<>();
    instruments.forEach(i -> states.put(i.get("name"), i.get("state")));
    return states;
  }

  private List<Map<String, Object>> instruments(long bundle, List<DriverStatus> drivers) {
    Set<String> names = drivers.stream().map(DriverStatus::name).collect(Collectors.toSet());
    Map<String, SwapStatus> moving =
        coordinator.swapping().stream()
            .filter(s -> s.bundle() == bundle)
            .collect(Collectors.toMap(SwapStatus::instrument, s -> s, (one, other) -> one));
    List<Map<String, Object>> all = new ArrayList<>();
    for (Instrument instrument : coordinator.instruments()) {
      if (names.contains(instrument.status().driver())) {
        boolean uses = drivers.stream().anyMatch(d -> d.instruments().contains(instrument.name()));
        all.add(instrument(instrument, bundle, moving.get(instrument.name()), uses));
      }
    }
    return all;
  }

  private Map<String, Object> instrument(
      Instrument instrument, long bundle, SwapStatus moving, boolean uses) {
    Optional<SwapOutcome> ended =
        coordinator.swaps(instrument.name()).stream()
            .filter(s -> s.bundle() == bundle && !s.at().isBefore(began))
            .findFirst();
    String version = instrument.status().driverVersion();
    String state;
    String text;
    if (moving != null) {
      state = moving.postponed() ? "postponed" : moving.moving() ? "moving" : "waiting";
      text = moving.text();
    } else if (ended.isPresent()) {
      state = ended.get().result().text();
      text = ended.get().toString();
    } else if (uses) {
      state = "done";
      text = "uses " + version;
    } else {
      state = "stays";
      text = version.isEmpty() ? "has no driver" : "stays with " + version;
    }
    Map<String, Object> told =
        Plain.map("name", instrument.name(), "state", state, "text", text, "version", version);
    ended.ifPresent(
        e -> {
          told.put("from", e.from());
          told.put("to", e.to());
          told.put("reason", e.reason());
          told.put("held_ms", e.times().held().toNanos() / 1e6);
          told.put("calls_held", e.callsHeld());
        });
    return told;
  }
}
