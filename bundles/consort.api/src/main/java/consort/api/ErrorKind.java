// SPDX-License-Identifier: Apache-2.0
package consort.api;

/** What a caller can do about an error. */
public enum ErrorKind {
  /** Not sent: correct the call, or wait. */
  REFUSED,
  /** No link, no driver or no node: retry later. */
  UNREACHABLE,
  /** Given to the driver, no answer in time, effect unknown: read back before repeating. */
  TIMED_OUT,
  /** The answer is not in the protocol: report it. */
  GARBLED,
  /** The instrument reported an error: read its code. */
  FAULTED
}
