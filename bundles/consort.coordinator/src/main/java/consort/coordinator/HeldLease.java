// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** A lease of the table, for its holder. */
final class HeldLease implements Lease {

  private final LeaseTable table;
  private final Grant grant;
  private final Abroad abroad;
  private final Function<String, Instrument> instruments;

  HeldLease(
      LeaseTable table, Grant grant, Abroad abroad, Function<String, Instrument> instruments) {
    this.table = table;
    this.grant = grant;
    this.abroad = abroad;
    this.instruments = instruments;
  }

  @Override
  public LeaseToken token() {
    return grant.token;
  }

  @Override
  public Set<String> resources() {
    return new LinkedHashSet<>(grant.terms.names());
  }

  @Override
  public Caller owner() {
    return grant.terms.owner();
  }

  @Override
  public String client() {
    return grant.terms.client();
  }

  @Override
  public Duration remaining() {
    return table.remaining(grant.token);
  }

  @Override
  public void renew() {
    renew(grant.terms.ttl());
  }

  @Override
  public void renew(Duration ttl) {
    LeaseRequest.requireTtl(ttl);
    table.requireHeld(grant.token);
    try {
      // A part at another node must never end before the whole.
      abroad.renew(grant.token, ttl);
    } catch (Refused e) {
      if (e.code() == ErrorCode.LEASE_OVER) {
        // There it has another name, and here it ends as soon as that is told.
        String text =
            "the lease " + grant.token + " is over in part: at its node, " + e.getMessage();
        throw new Refused(ErrorCode.LEASE_OVER, text, e);
      }
      throw e;
    }
    table.renew(grant.token, ttl);
  }

  @Override
  public Instrument instrument(String name) {
    if (grant.terms.claims().stream().noneMatch(claim -> claim.root().equals(name))) {
      throw new Refused(
          ErrorCode.BAD_REQUEST,
          "the lease "
              + grant.token
              + " does not cover "
              + name
              + "; it covers "
              + String.join(", ", grant.terms.names()));
    }
    return new LeasedInstrument(instruments.apply(name), grant.token, grant.terms.owner());
  }

  @Override
  public CompletionStage<String> ended() {
    return grant.ended().minimalCompletionStage();
  }

  @Override
  public void releaseWhen(CompletionStage<?> gone) {
    gone.whenComplete((value, thrown) -> table.died(grant.token));
  }

  @Override
  public void close() {
    table.release(grant.token);
  }

  @Override
  public String toString() {
    return grant.toString();
  }
}
