// SPDX-License-Identifier: Apache-2.0
package consort.api;

/** The states of an instrument. */
public enum State {
  /** The driver instance is being made, or connects. */
  STARTING,
  /** Waiting for calls. */
  READY,
  /** A call is running. */
  BUSY,
  /** The driver is being exchanged; callers wait. */
  SWAPPING,
  /** Not usable now, will recover by itself when the {@link Reason} goes. */
  OFFLINE,
  /** Not usable until a person, or a swap, does something. */
  FAULT,
  /** Stopped by a person; {@code start} or a restart of the node brings it back. */
  STOPPED
}
