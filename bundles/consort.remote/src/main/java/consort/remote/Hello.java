// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.time.Duration;

/**
 * The first message of either side.
 *
 * @param version the version of the protocol
 * @param node the name of the node
 * @param instance another number for each start of a node
 * @param heartbeat how often it gives a sign of life at least
 */
record Hello(int version, String node, long instance, Duration heartbeat) {

  /** This version of the protocol. */
  static final int VERSION = 1;

  private static final String MAGIC = "consort.tcp";

  Message message() {
    return Message.of(MessageType.HELLO, 0, MAGIC, version, node, instance, heartbeat.toMillis());
  }

  static Hello read(byte[] payload) throws Malformed {
    Fields fields = Fields.read("hello", payload, 5);
    if (!fields.text(0).equals(MAGIC)) {
      throw new Malformed("the peer speaks another protocol");
    }
    String node = fields.text(2);
    long heartbeat = fields.number(4);
    if (node.length() > 200 || heartbeat < 10 || heartbeat > 60_000) {
      throw new Malformed("hello: the name or the heartbeat is out of range");
    }
    return new Hello(fields.count(1), node, fields.number(3), Duration.ofMillis(heartbeat));
  }
}
