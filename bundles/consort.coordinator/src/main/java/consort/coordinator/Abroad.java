// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.Unreachable;
import consort.api.mesh.Imported;
import consort.api.mesh.Owner;
import consort.api.mesh.RemoteLease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

/** The parts of leases that other nodes give, because the instruments are theirs. */
final class Abroad {

  /** How long another node may take to answer, beside what it was told to wait. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  /** What is asked of one node: names as they are there. */
  record Part(Owner owner, SortedSet<String> names) {}

  private final Function<String, Imported> instruments;
  private final Map<LeaseToken, List<RemoteLease>> held = new ConcurrentHashMap<>();

  /**
   * Holds nothing yet.
   *
   * @param instruments the instrument of another node that has a name here, null for none
   */
  Abroad(Function<String, Imported> instruments) {
    this.instruments = instruments;
  }

  /** What of these names other nodes have, in the order of the nodes' names. */
  List<Part> parts(Collection<String> names) {
    Map<Owner, Part> parts = new LinkedHashMap<>();
    for (String name : names) {
      String root = Claim.of(name).root();
      Imported imported = instruments.apply(root);
      if (imported != null) {
        parts
            .computeIfAbsent(imported.owner(), owner -> new Part(owner, new TreeSet<>()))
            .names()
            .add(imported.remoteName() + name.substring(root.length()));
      }
    }
    return parts.values().stream()
        .sorted(Comparator.comparing(part -> part.owner().node()))
        .toList();
  }

  /** These parts belong to a lease of this node from now on. */
  void join(LeaseToken token, List<RemoteLease> parts) {
    held.put(token, List.copyOf(parts));
    parts.forEach(part -> part.bind(token));
  }

  /** Has somebody told, in words, when one of the parts of a lease is over before it is. */
  void whenLost(LeaseToken token, Consumer<String> told) {
    for (RemoteLease part : held.getOrDefault(token, List.of())) {
      part.ended()
          .thenAccept(
              how -> {
                if (held.containsKey(token)) {
                  told.accept("was lost: its part at node " + part.owner().node() + " " + how);
                }
              });
    }
  }

  /** The lease is over: its parts are let go. */
  void end(LeaseToken token) {
    List<RemoteLease> parts = held.remove(token);
    if (parts != null) {
      parts.forEach(RemoteLease::release);
    }
  }

  /**
   * Has the parts of a lease hold so long from now.
   *
   * @throws InstrumentException when one of them does not
   */
  void renew(LeaseToken token, Duration ttl) {
    List<CompletableFuture<Void>> renewals = new ArrayList<>();
    for (RemoteLease part : held.getOrDefault(token, List.of())) {
      renewals.add(part.renew(ttl).toCompletableFuture());
    }
    long until = System.nanoTime() + PATIENCE.toNanos();
    renewals.forEach(renewal -> await(renewal, until, Long.MAX_VALUE, () -> {}));
  }

  /**
   * Waits for the answer of another node.
   *
   * @param until when it is no longer waited for
   * @param every how often something is done meanwhile, ns
   * @throws InstrumentException what the answer is, or that there is none
   */
  static <T> T await(CompletableFuture<T> answer, long until, long every, Runnable meanwhile) {
    try {
      while (true) {
        long left = until - System.nanoTime();
        try {
          return answer.get(Math.min(left, every), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          if (left <= every) {
            answer.cancel(false);
            throw new Unreachable(ErrorCode.NO_LINK, "another node did not answer about the lease");
          }
          meanwhile.run();
        }
      }
    } catch (InterruptedException e) {
      answer.cancel(false);
      Thread.currentThread().interrupt();
      throw new Refused(ErrorCode.LEASED, "the lease was not given; the waiting was interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof InstrumentException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
