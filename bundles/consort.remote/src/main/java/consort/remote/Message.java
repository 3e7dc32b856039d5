// SPDX-License-Identifier: Apache-2.0
package consort.remote;

/**
 * A message to be sent.
 *
 * @param type what it is
 * @param id ties an answer to its question; 0 for what has none
 * @param payload the CBOR array, or nothing
 */
record Message(MessageType type, int id, Bytes payload) {

  /** A message without a payload. */
  static Message bare(MessageType type, int id) {
    return new Message(type, id, new Bytes(0));
  }

  /** A message whose payload is an array of these values. */
  static Message of(MessageType type, int id, Object... values) {
    return new Message(type, id, new CborOut(128).array(values).done());
  }

  /** How many bytes it has. */
  int size() {
    return payload.size();
  }
}
