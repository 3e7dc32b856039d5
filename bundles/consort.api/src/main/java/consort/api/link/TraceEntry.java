// SPDX-License-Identifier: Apache-2.0
package consort.api.link;

import java.time.Instant;

/**
 * Bytes, or an event, on a link.
 *
 * @param at when, by the wall clock
 * @param link the address of the link
 * @param direction what kind of entry
 * @param text the bytes, unprintable ones escaped, shortened; or the event in words
 * @param size the number of bytes; 0 for an event
 */
public record TraceEntry(Instant at, String link, Direction direction, String text, int size) {

  /** The kinds of entries. */
  public enum Direction {
    /** To the hardware. */
    SENT,
    /** From the hardware. */
    RECEIVED,
    /** Opened, closed, lost, resynchronised. */
    EVENT
  }
}
