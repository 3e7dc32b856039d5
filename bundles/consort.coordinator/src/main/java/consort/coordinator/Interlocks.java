// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.InstrumentException;
import consort.api.InstrumentStatus;
import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Requirement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps instruments from being written to while others, which they require, are not as they must
 * be, and makes them safe when a requirement goes. Whether a call may write is asked of the other
 * guard itself; what follows from a change is done on a thread of its own, change by change, so
 * that a loss is never missed and no guard waits for another.
 */
final class Interlocks implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger("consort.instruments");

  /** How long an instrument may take to become safe. */
  static final Duration LIMIT = Duration.ofSeconds(3);

  /** Told what happens; called on the thread of the interlocks. */
  interface Listener {
    void told(Guard guard, String what, Instant at, String text);
  }

  /** Where an instrument stands that requires others. */
  private static final class Dependant {
    /** Whether all that it requires held when it was looked at last. */
    boolean met;

    /** Whether a loss was told that is not over. */
    boolean lost;

    /** Whether it is still to be made safe. */
    boolean owed;
  }

  /** What stands in the index for an instrument. */
  private record Indexed(Guard guard, List<Requirement> requires) {}

  private final Function<String, Guard> find;
  private final Elsewhere elsewhere;
  private final Listener listener;

  /** Only touched by the thread, as are the dependants. */
  private final Map<String, State> states = new HashMap<>();

  private final Map<Guard, Dependant> dependants = new HashMap<>();

  /** Who requires an instrument, by its name: most changes concern nobody, of ten thousand. */
  private final Map<String, Set<Guard>> requiredBy = new HashMap<>();

  private final Map<String, Indexed> indexed = new HashMap<>();

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(task -> DriverThreads.daemon(task, "consort interlocks"));

  /**
   * Interlocks.
   *
   * @param find the guard of a name, null for none
   * @param abroad what an instrument of another node says, null when there is none; may ask it
   */
  Interlocks(
      Function<String, Guard> find,
      Function<String, InstrumentStatus> abroad,
      DriverThreads threads,
      Listener listener) {
    this.find = find;
    this.listener = listener;
    this.elsewhere = new Elsewhere(abroad, threads, System::nanoTime, this::changed);
  }

  /** Why an instrument may not be written to; null when it may. Not under a guard's lock. */
  String unmet(InstrumentSpec spec) {
    for (Requirement requirement : spec.requires()) {
      Relied other = relied(requirement);
      if (other == null || other.held() != requirement.state()) {
        return spec.name() + " requires " + words(requirement, other);
      }
    }
    return null;
  }

  /** Whom a requirement names; null when there is none. */
  private Relied relied(Requirement requirement) {
    Guard guard = find.apply(requirement.instrument());
    return guard == null ? elsewhere.find(requirement.instrument()) : guard;
  }

  private static String words(Requirement requirement, Relied other) {
    return requirement.instrument()
        + " to be "
        + requirement.state()
        + "; "
        + (other == null ? "there is no " + requirement.instrument() : other.told());
  }

  /** What an instrument requires and how that is, for people who ask why. */
  List<String> facts(InstrumentSpec spec) {
    List<String> facts = new ArrayList<>();
    for (Requirement requirement : spec.requires()) {
      Relied other = relied(requirement);
      boolean holds = other != null && other.held() == requirement.state();
      facts.add(words(requirement, other) + (holds ? "" : ": writes are refused"));
    }
    return facts;
  }

  /** An instrument has changed, to this state: only notes it. */
  void changed(Guard guard, State state) {
    run(
        () -> {
          // One that was removed still changes while it ends.
          if (find.apply(guard.name()) == guard) {
            states.put(guard.name(), state);
            review(guard.name());
          }
        });
  }

  /** An instrument of another node has changed, to this state; null for none to rely on. */
  private void changed(String name, State state) {
    run(
        () -> {
          if (find.apply(name) == null) {
            states.put(name, state);
            review(name);
          }
        });
  }

  /** An instrument was added, changed or removed. */
  void reconsider(String name) {
    run(
        () -> {
          Guard guard = find.apply(name);
          index(name, guard);
          watchOthers();
          // One of another node that came and went in between two looks has not changed.
          Relied now = guard == null ? elsewhere.find(name) : guard;
          states.put(name, now == null ? null : now.held());
          review(name);
        });
  }

  /** What is required and is not here may be on another node. */
  private void watchOthers() {
    Set<String> others = new HashSet<>(requiredBy.keySet());
    others.removeIf(name -> find.apply(name) != null);
    elsewhere.watch(others);
  }

  /** Whether all that an instrument requires held when it was looked at last; on the thread. */
  boolean isMet(Guard guard) {
    Dependant dependant = dependants.get(guard);
    return dependant != null && dependant.met;
  }

  /** Runs something after what is to be looked at so far. */
  void idle(Runnable task) {
    run(task);
  }

  private void run(Runnable task) {
    try {
      thread.execute(
          () -> {
            try {
              task.run();
            } catch (RuntimeException e) {
              LOG.error("an interlock failed", e);
            }
          });
    } catch (RejectedExecutionException e) {
      // the node is going down: what it leaves behind stays as it is
    }
  }

  /** Notes what an instrument requires now; null when it is gone. */
  private void index(String name, Guard guard) {
    Indexed former = indexed.remove(name);
    if (former != null) {
      for (Requirement requirement : former.requires()) {
        requiredBy.computeIfPresent(
            requirement.instrument(),
            (i, by) -> by.remove(former.guard()) && by.isEmpty() ? null : by);
      }
      if (former.guard() != guard) {
        dependants.remove(former.guard());
      }
    }
    if (guard == null) {
      return;
    }
    Indexed now = new Indexed(guard, guard.plan().spec.requires());
    indexed.put(name, now);
    for (Requirement requirement : now.requires()) {
      requiredBy.computeIfAbsent(requirement.instrument(), i -> new HashSet<>()).add(guard);
    }
  }

  /** Looks at an instrument and at those that require it. */
  private void review(String name) {
    Guard guard = find.apply(name);
    if (guard != null) {
      review(guard, guard.plan().spec.requires());
    }
    for (Guard other : List.copyOf(requiredBy.getOrDefault(name, Set.of()))) {
      if (other != guard) {
        review(other, other.plan().spec.requires());
      }
    }
  }

  private void review(Guard guard, List<Requirement> requires) {
    if (requires.isEmpty() && !dependants.containsKey(guard)) {
      return;
    }
    Dependant dependant = dependants.computeIfAbsent(guard, g -> new Dependant());
    boolean holds = requires.stream().allMatch(r -> states.get(r.instrument()) == r.state());
    if (dependant.met && !holds) {
      dependant.lost = true;
      dependant.owed = true;
      String unmet = unmet(guard.plan().spec);
      tell(guard, "LOST", unmet == null ? "a requirement was lost for a moment" : unmet);
    } else if (holds && dependant.lost) {
      dependant.lost = false;
      tell(guard, "RESTORED", "what " + guard.name() + " requires holds again");
    }
    dependant.met = holds;
    if (dependant.owed && guard.held() == State.READY) {
      dependant.owed = false;
      makeSafe(guard, dependant);
    }
  }

  private void makeSafe(Guard guard, Dependant dependant) {
    if (guard.lacksSafeState()) {
      tell(guard, "UNSAFE", guard.name() + " knows no safe state and is left as it is");
      return;
    }
    Pending sent = guard.safeState(LIMIT, "what " + guard.name() + " requires was lost");
    sent.future()
        .whenComplete((result, failure) -> run(() -> done(guard, dependant, sent, failure)));
  }

  private void done(Guard guard, Dependant dependant, Pending sent, Throwable failure) {
    if (failure == null) {
      tell(guard, "SAFE", guard.name() + " is in its safe state");
    } else if (sent.begun()) {
      tell(guard, "UNSAFE", guard.name() + " is not known to be safe: " + text(failure));
    } else {
      // It went before it was told: that is made good when it is back.
      dependant.owed = true;
      review(guard.name());
    }
  }

  private static String text(Throwable failure) {
    return failure instanceof InstrumentException e ? Texts.message(e) : Texts.message(null);
  }

  private void tell(Guard guard, String what, String text) {
    guard.note(text);
    listener.told(guard, what, Instant.now(), text);
  }

  @Override
  public void close() {
    elsewhere.watch(Set.of());
    thread.shutdownNow();
  }
}
