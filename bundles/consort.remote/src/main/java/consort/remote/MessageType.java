// SPDX-License-Identifier: Apache-2.0
package consort.remote;

/** What a message is; the codes stand in {@code docs/reference/wire.md}. */
enum MessageType {
  /** The first message of either side: who it is. */
  HELLO(1),
  /** The last message: why the connection ends. */
  GOODBYE(2),
  /** Nothing, but a sign of life. */
  HEARTBEAT(3),
  /** A node offers an endpoint. */
  OFFER(4),
  /** A node no longer offers an endpoint. */
  WITHDRAW(5),
  /** Everything that is offered so far has been said. */
  OFFERED(6),
  /** A command for an instrument. */
  CALL(7),
  /** What a call gave. */
  RESULT(8),
  /** Why there is no result. */
  ERROR(9),
  /** Nobody waits for a call any more. */
  CANCEL(10),
  /** What can this instrument do? */
  DESCRIBE(11),
  /** What an instrument can do. */
  DESCRIPTION(12),
  /** The state of an instrument. */
  STATUS(13),
  /** Something happened to an instrument. */
  EVENT(14),
  /** A command that is made ready, and waits for BEGIN. */
  PREPARE(15),
  /** A command is ready to begin. */
  READY(16),
  /** A command that was made ready begins. */
  BEGIN(17),
  /** May this node use instruments alone? */
  LEASE(18),
  /** A lease is given, or holds longer. */
  LEASED(19),
  /** A lease is to hold for another time from now. */
  RENEW(20),
  /** A lease is let go. */
  RELEASE(21),
  /** A lease is over, and its holder did not say so. */
  LEASE_OVER(22);

  private static final MessageType[] BY_CODE = new MessageType[128];

  static {
    for (MessageType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final int code;

  MessageType(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  /** The type of a code, or null for none. */
  static MessageType of(int code) {
    return BY_CODE[code];
  }
}
