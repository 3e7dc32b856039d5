// SPDX-License-Identifier: Apache-2.0
package consort.remote;

/** What is bounded before anything is allocated for it. */
final class Limits {

  /** The longest payload of a frame, in bytes; longer messages go in several. */
  static final int FRAME = 65_536;

  /** The longest message, in bytes. */
  static final int MESSAGE = 64 << 20;

  /** How many messages of one connection may be incomplete at a time. */
  static final int INCOMPLETE = 64;

  /** How many calls of one connection may run at a time; more wait where they come from. */
  static final int CALLS = 1024;

  /** How many connections may be open at a listener. */
  static final int CONNECTIONS = 256;

  /** How many bytes may wait to be written; a peer that does not read gets no more calls done. */
  static final long UNWRITTEN = 16L << 20;

  /** How many leases a peer may hold or wait for. */
  static final int LEASES = 100;

  /** How many endpoints a node may offer. */
  static final int ENDPOINTS = 10_000;

  private Limits() {}
}
