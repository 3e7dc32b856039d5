// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Caller;
import consort.api.LeaseToken;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Exclusive rights to write to instruments and named resources. An OSGi service. All methods may be
 * called by any thread; only {@code take} waits.
 *
 * <pre>{@code
 * try (Lease lease = leases.take(LeaseRequest.of("DMM1", "PSU1"))) {
 *   lease.instrument("PSU1", DcPowerSupply.class).setVoltage(3.3);
 * }
 * }</pre>
 */
@ProviderType
public interface Leases {

  /** Takes a lease for code of this JVM; as {@link #take(LeaseRequest, Caller)}. */
  default Lease take(LeaseRequest request) {
    return take(request, Caller.SERVICE);
  }

  /**
   * Takes all that is asked for at once, or nothing. Who came first is served first: a request also
   * waits for those before it that overlap with it. The same owner and client id asking for the
   * same resources again gets the lease it has, renewed.
   *
   * <p>Instruments of other nodes may be among them: then each of these nodes gives its part, one
   * after the other in the order of their names, so that two requests never wait for each other.
   * The lease is one all the same: when a part is over, or its node is not connected any more, all
   * of it is.
   *
   * @throws consort.api.Unreachable when a node does not answer; nothing is held then
   * @throws consort.api.Refused {@code LEASED} when another holds a part of it, or waits for it,
   *     and goes on doing so as long as the request waits; an interrupt ends the waiting, too
   */
  Lease take(LeaseRequest request, Caller owner);

  /**
   * Asks for a lease on what this node itself has, without waiting; for those that serve many
   * clients with one thread. Instruments of other nodes are only names here.
   *
   * @return completes as {@link #take(LeaseRequest, Caller)} ends, on a thread of the coordinator;
   *     cancelling its future ends the waiting
   */
  CompletionStage<Lease> request(LeaseRequest request, Caller owner);

  /**
   * The lease of a token.
   *
   * @throws consort.api.Refused {@code LEASE_OVER} when it is over, {@code NOT_ALLOWED} when it is
   *     another caller's
   */
  Lease require(LeaseToken token, Caller owner);

  /** What is held, in the order it was taken, then what is waited for. */
  List<LeaseStatus> list();

  /**
   * Ends the lease of another. Its holder learns of it with its next call.
   *
   * @param by who, at least administrator
   * @param reason in words; may be empty
   * @throws consort.api.Refused {@code NOT_ALLOWED}, or {@code LEASE_OVER} when it is over
   */
  void breakUp(LeaseToken token, Caller by, String reason);

  /** The last leases that were broken, at most 100, the newest first. */
  List<Broken> broken();

  /**
   * That a lease was broken.
   *
   * @param at when
   * @param by the name of who broke it
   * @param reason why, in words; may be empty
   * @param lease what it was
   */
  record Broken(Instant at, String by, String reason, LeaseStatus lease) {}
}
