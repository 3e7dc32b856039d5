// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static java.util.stream.Collectors.joining;

import consort.api.InstrumentStatus;
import consort.api.Reason;
import consort.api.coordinator.Diagnosis;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;

/** Explains why an instrument is, or is not, available. */
final class Why {

  private Why() {}

  static Diagnosis of(
      Guard guard,
      List<DriverSource> candidates,
      Collection<DriverSource> all,
      Predicate<DriverSource> rejected,
      List<Grant> leases) {
    InstrumentStatus status = guard.status();
    List<Diagnosis.Fact> facts = new ArrayList<>();
    facts.add(new Diagnosis.Fact("state", status.stateText() + " since " + moment(status.since())));
    if (!status.text().isEmpty() && status.reason() != Reason.NONE) {
      facts.add(new Diagnosis.Fact("reason", status.text()));
    }
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
      String note =
          rejected.test(source)
              ? ", failed and is not used"
              : source.fits(pin) ? "" : ", not of the pinned version";
      facts.add(
          new Diagnosis.Fact(
              "installed",
              source + " in bundle " + source.bundle() + " [" + source.bundleId() + "]" + note));
    }
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
    for (Condition.PastError error : guard.errors()) {
      facts.add(new Diagnosis.Fact("error", moment(error.at()) + " " + error.text()));
    }
    return new Diagnosis(guard.name(), summary(status), facts);
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

  private static String summary(InstrumentStatus status) {
    return switch (status.state()) {
      case READY, BUSY -> status.name() + " is available";
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
