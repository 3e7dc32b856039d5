// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.ErrorKind;
import consort.api.InstrumentException;
import consort.api.coordinator.StopResult;
import consort.api.coordinator.StopResult.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** Sends instruments their safe state, all at once. */
final class StopAll {

  /** What is waited beyond the limit for the outcome to arrive. */
  private static final Duration MARGIN = Duration.ofMillis(500);

  private record Sent(Guard guard, Pending state) {}

  private StopAll() {}

  static List<StopResult> of(List<Guard> guards, Duration within, String why) {
    long until = System.nanoTime() + within.plus(MARGIN).toNanos();
    List<StopResult> results = new ArrayList<>();
    List<Sent> sent = new ArrayList<>();
    for (Guard guard : guards) {
      if (guard.lacksSafeState()) {
        results.add(new StopResult(guard.name(), Outcome.NONE, "its driver knows no safe state"));
      } else {
        sent.add(new Sent(guard, guard.safeState(within, why)));
      }
    }
    sent.forEach(one -> results.add(result(one, until)));
    results.sort(Comparator.comparing(StopResult::instrument));
    return results;
  }

  private static StopResult result(Sent sent, long until) {
    String name = sent.guard().name();
    try {
      sent.state().future().get(until - System.nanoTime(), TimeUnit.NANOSECONDS);
      return new StopResult(name, Outcome.DONE, "");
    } catch (ExecutionException e) {
      return e.getCause() instanceof InstrumentException cause
          ? new StopResult(name, outcome(sent.state(), cause), Texts.message(cause))
          : new StopResult(name, Outcome.FAILED, Texts.message(e.getCause()));
    } catch (TimeoutException e) {
      return new StopResult(name, Outcome.FAILED, "no outcome in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new StopResult(name, Outcome.FAILED, "nobody waited for the outcome");
    }
  }

  private static Outcome outcome(Pending state, InstrumentException e) {
    if (e.code() == ErrorCode.NOT_SUPPORTED) {
      return Outcome.NONE;
    }
    boolean absent = e.code() == ErrorCode.STOPPED || e.kind() == ErrorKind.UNREACHABLE;
    // What broke while it was told may be in any state.
    return absent && !state.begun() ? Outcome.UNREACHABLE : Outcome.FAILED;
  }

  /** {@code 3 done, 1 failed (PSU1)}. */
  static String summary(List<StopResult> results) {
    return Arrays.stream(Outcome.values())
        .map(
            outcome -> {
              List<String> names =
                  results.stream()
                      .filter(r -> r.outcome() == outcome)
                      .map(StopResult::instrument)
                      .toList();
              return names.isEmpty()
                  ? ""
                  : names.size()
                      + " "
                      + outcome.name().toLowerCase(Locale.ROOT)
                      + (outcome == Outcome.FAILED || outcome == Outcome.UNREACHABLE
                          ? " (" + String.join(", ", names) + ")"
                          : "");
            })
        .filter(text -> !text.isEmpty())
        .collect(Collectors.joining(", "));
  }
}
