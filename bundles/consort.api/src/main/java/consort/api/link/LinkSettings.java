// SPDX-License-Identifier: Apache-2.0
package consort.api.link;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * How a driver talks over a link. The connection's own {@code termination} wins over the
 * terminators given here.
 *
 * @param readTerminator what ends a line from the hardware; not empty
 * @param writeTerminator what is appended to a line to the hardware; may be empty
 * @param charset the encoding of text
 * @param longestReply the most bytes one answer may have; longer ones are {@code Garbled}
 */
public record LinkSettings(
    String readTerminator, String writeTerminator, Charset charset, int longestReply) {

  /** The limit of an answer unless a driver asks for more: 16 MiB. */
  public static final int LONGEST_REPLY = 16 << 20;

  /** Checks. */
  public LinkSettings {
    Objects.requireNonNull(writeTerminator, "writeTerminator");
    Objects.requireNonNull(charset, "charset");
    if (readTerminator.isEmpty()) {
      throw new IllegalArgumentException("the read terminator is empty");
    }
    if (longestReply <= 0) {
      throw new IllegalArgumentException("the longest reply is " + longestReply + " bytes");
    }
  }

  /** Lines of ISO 8859-1 text with one terminator for both directions. */
  public static LinkSettings text(String terminator) {
    return new LinkSettings(terminator, terminator, StandardCharsets.ISO_8859_1, LONGEST_REPLY);
  }

  /** These settings with another limit of an answer. */
  public LinkSettings longestReply(int bytes) {
    return new LinkSettings(readTerminator, writeTerminator, charset, bytes);
  }
}
