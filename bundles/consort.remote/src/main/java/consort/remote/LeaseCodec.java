// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Caller;
import consort.api.LeaseToken;
import consort.api.coordinator.LeaseRequest;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;

/** Leases as messages. */
final class LeaseCodec {

  private LeaseCodec() {}

  /** A request for one. */
  static Message ask(int id, LeaseRequest request, Caller holder) {
    return Message.of(
        MessageType.LEASE,
        id,
        List.copyOf(request.resources()),
        request.client(),
        request.ttl().toNanos(),
        request.waitLimit().toNanos(),
        request.readers(),
        request.purpose(),
        holder.name(),
        holder.role());
  }

  /** How many values a request has. */
  static final int ASKED = 8;

  /** Where in a request the caller is. */
  static final int CALLER = 6;

  /**
   * Reads a request.
   *
   * @throws consort.api.Refused when there is no such lease
   */
  static LeaseRequest readAsk(Fields asked) throws Malformed {
    return new LeaseRequest(
        new TreeSet<>(asked.texts(0)),
        asked.text(1),
        Duration.ofNanos(asked.number(2)),
        Duration.ofNanos(asked.number(3)),
        asked.flag(4),
        asked.text(5),
        0);
  }

  /** It is given, or holds longer. */
  static Message given(int id, LeaseToken token) {
    return Message.of(MessageType.LEASED, id, token.epoch(), token.counter());
  }

  /** It is to hold so long from now. */
  static Message renew(int id, LeaseToken token, Duration ttl) {
    return Message.of(MessageType.RENEW, id, token.epoch(), token.counter(), ttl.toNanos());
  }

  /** It is let go. */
  static Message release(LeaseToken token) {
    return Message.of(MessageType.RELEASE, 0, token.epoch(), token.counter());
  }

  /** It is over, and how that came about. */
  static Message over(LeaseToken token, String how) {
    String cut = how.length() <= 1000 ? how : how.substring(0, 1000) + "…";
    return Message.of(MessageType.LEASE_OVER, 0, token.epoch(), token.counter(), cut);
  }

  /** The lease that a message is about. */
  static LeaseToken token(Fields fields) throws Malformed {
    return new LeaseToken(fields.number(0), fields.number(1));
  }
}
