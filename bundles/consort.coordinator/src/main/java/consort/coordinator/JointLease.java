// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Caller;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.mesh.RemoteLease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * The taking of a lease of which other nodes give parts. The nodes, this one among them, are asked
 * one after the other in the order of their names: as all do so, nobody holds what another waits
 * for while waiting for what that one holds. On the thread of whoever wants the lease.
 */
final class JointLease {

  private final String node;
  private final Abroad abroad;
  private final LeaseRequest request;
  private final Caller owner;
  private final BiFunction<LeaseRequest, Caller, CompletableFuture<Lease>> here;
  private final long begun = System.nanoTime();
  private final List<RemoteLease> parts = new ArrayList<>();
  private Lease lease;

  /**
   * Prepares.
   *
   * @param node the name of this node
   * @param here asks this node for its part: all the names, also those of others, so that it is
   *     seen in its lists and that its clients wait for each other here
   */
  JointLease(
      String node,
      Abroad abroad,
      LeaseRequest request,
      Caller owner,
      BiFunction<LeaseRequest, Caller, CompletableFuture<Lease>> here) {
    this.node = node;
    this.abroad = abroad;
    this.request = request;
    this.owner = owner;
    this.here = here;
  }

  /** Takes all of it, or nothing. */
  Lease take(List<Abroad.Part> wanted) {
    try {
      for (Abroad.Part part : wanted) {
        if (lease == null && part.owner().node().compareTo(node) > 0) {
          takeHere();
        }
        parts.add(await(part.owner().lease(remaining(part), owner).toCompletableFuture()));
      }
      if (lease == null) {
        takeHere();
      }
      abroad.join(lease.token(), parts);
      if (System.nanoTime() - begun > request.ttl().toNanos() / 4) {
        lease.renew();
      }
      return lease;
    } catch (RuntimeException e) {
      parts.forEach(RemoteLease::release);
      if (lease != null) {
        abroad.end(lease.token());
        lease.close();
      }
      throw e;
    }
  }

  private void takeHere() {
    lease = await(here.apply(request.waiting(left()), owner));
  }

  private LeaseRequest remaining(Abroad.Part part) {
    return new LeaseRequest(
        part.names(), client(), request.ttl(), left(), request.readers(), request.purpose(), 0);
  }

  /**
   * Another one for each set of names: who asks for another set shall not be given a part of the
   * lease that it has.
   */
  private String client() {
    String names = Integer.toHexString(String.join(" ", request.resources()).hashCode());
    String client = request.client();
    return client.isEmpty()
        ? ""
        : client.substring(0, Math.min(client.length(), 180)) + " " + names;
  }

  private Duration left() {
    Duration left = request.waitLimit().minusNanos(System.nanoTime() - begun);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Waits; what is held already is kept alive meanwhile. */
  private <T> T await(CompletableFuture<T> answer) {
    long until = System.nanoTime() + left().plus(Abroad.PATIENCE).toNanos();
    return Abroad.await(answer, until, request.ttl().toNanos() / 4, this::renew);
  }

  private void renew() {
    parts.forEach(part -> part.renew(request.ttl()));
    if (lease != null) {
      lease.renew();
    }
  }
}
