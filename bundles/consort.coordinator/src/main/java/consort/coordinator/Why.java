// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static java.util.stream.Collectors.joining;

import consort.api.InstrumentStatus;
import consort.api.coordinator.Diagnosis;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Explains why an instrument is, or is not, available. */
final class Why {

  private Why() {}

  static Diagnosis of(
      Guard guard,
      List<DriverSource> candidates,
      Collection<DriverSource> all,
      Function<DriverSource, String> notes,
      List<Grant> leases,
      Interlocks interlocks) {
    InstrumentStatus status = guard.status();
    List<Diagnosis.Fact> facts = new ArrayList<>();
    facts.add(new Diagnosis.Fact("state", status.stateText() + " since " + moment(status.since())));
    String pin = guard.plan().spec.version();
    facts.add(
        new Diagnosis.Fact(
            "driver",
            status.driver()
                + (status.driverVersion().isEmpty()
                    ? ", none in use"
                    : " " + status.driverVersion())
                + (pin == null ? "" : ", pinned to " + pin)));
    if (candidates.isEmpty() && !all.isEmpty()) {
      // Mostly the name is mistyped, and the right one stands here.
      String names =
          all.stream().map(DriverSource::name).distinct().sorted().collect(joining(", "));
      facts.add(new Diagnosis.Fact("installed", "none of this name; there are " + names));
    }
    for (DriverSource source : candidates) {
      facts.add(
          new Diagnosis.Fact(
              "installed",
              source
                  + " in bundle "
                  + source.bundle()
                  + " ["
                  + source.bundleId()
                  + "]"
                  + notes.apply(source)));
    }
    interlocks
        .facts(guard.plan().spec)
        .forEach(text -> facts.add(new Diagnosis.Fact("requires", text)));
    leases.forEach(lease -> facts.add(new Diagnosis.Fact("lease", lease(lease))));
    facts.add(new Diagnosis.Fact("connection", status.connection()));
    if (!status.identity().toString().isEmpty()) {
      facts.add(new Diagnosis.Fact("identity", status.identity().toString()));
    }
    if (!guard.plan().spec.source().isEmpty()) {
      facts.add(new Diagnosis.Fact("file", guard.plan().spec.source()));
    }
    facts.add(
        new Diagnosis.Fact(
            "calls",
            status.counts().completed()
                + " completed, "
                + status.counts().failed()
                + " failed, "
                + status.counts().timedOut()
                + " of them timed out; "
                + status.waiting()
                + " waiting"));
    if (status.stuckThreads() > 0) {
      facts.add(new Diagnosis.Fact("stuck threads", Integer.toString(status.stuckThreads())));
    }
    SwapStatus swap = guard.swapStatus();
    if (swap != null) {
      facts.add(new Diagnosis.Fact("swap", swap.from() + " to " + swap.to() + ": " + swap.text()));
    }
    guard.swaps().forEach(past -> facts.add(new Diagnosis.Fact("swap", text(past))));
    for (Condition.PastError error : guard.errors()) {
      if (error.text().equals(status.text())) {
        continue; // the summary says it
      }
      facts.add(new Diagnosis.Fact("error", moment(error.at()) + " " + error.text()));
    }
    return new Diagnosis(
        guard.name(), summary(guard, status, interlocks.unmet(guard.plan().spec)), facts);
  }

  private static String text(SwapOutcome past) {
    SwapOutcome.Times times = past.times();
    StringBuilder out = new StringBuilder();
    out.append(past.at()).append(' ').append(past).append(" (");
    part(out, "drain", times.drain());
    part(out, "save", times.save());
    part(out, "close", times.close());
    part(out, "create", times.create());
    part(out, "connect", times.connect());
    part(out, "verify", times.verify());
    part(out, "restore", times.restore());
    out.append(past.callsHeld()).append(past.callsHeld() == 1 ? " call held" : " calls held");
    if (!past.selfTest().isEmpty()) {
      out.append(", self-test: ").append(past.selfTest());
    }
    return out.append(')').toString();
  }

  private static void part(StringBuilder out, String step, Duration time) {
    if (!time.isZero()) {
      out.append(step).append(String.format(Locale.ROOT, " %.1f ms, ", time.toNanos() / 1e6));
    }
  }

  private static String lease(Grant lease) {
    return String.join(", ", lease.terms.names())
        + " "
        + lease.told("", System.nanoTime())
        + "; client "
        + lease.terms.client()
        + ", id "
        + lease.token
        + (lease.terms.readers() ? ", others may read" : ", others may not read")
        + (lease.resumable ? ", to be resumed after a restart" : "");
  }

  /** To the millisecond, as in the log. */
  private static Instant moment(Instant time) {
    return time.truncatedTo(ChronoUnit.MILLIS);
  }

  /** How available an instrument is that serves. */
  static String available(Guard guard) {
    String running = guard.running();
    return switch (guard.phase()) {
          case OVERDUE, LATE_STAGE ->
              guard.name()
                  + " waits for its driver: the deadline of "
                  + running
                  + " has passed, and it has "
                  + Guard.GRACE.toSeconds()
                  + " s to come back; urgent commands are";
          case RESYNC -> guard.name() + " makes its link safe for the next call, and then is";
          default ->
              guard.name() + (running.isEmpty() ? " is" : " is busy with " + running + ", and is");
        }
        + " available";
  }

  private static String summary(Guard guard, InstrumentStatus status, String unmet) {
    return switch (status.state()) {
      case READY, BUSY -> available(guard) + (unmet == null ? "" : " for reading: " + unmet);
      case STARTING -> status.name() + " is connecting";
      case SWAPPING -> status.name() + " gets another driver; calls wait";
      case STOPPED -> status.name() + " was stopped; 'start " + status.name() + "' starts it";
      case OFFLINE, FAULT ->
          status.name()
              + " is not available: "
              + (status.text().isEmpty() ? status.reason().text() : status.text());
    };
  }
}
