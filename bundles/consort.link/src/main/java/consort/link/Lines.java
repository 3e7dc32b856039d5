// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.api.ErrorCode;
import consort.api.Refused;
import consort.api.link.LinkSettings;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * How lines become bytes and back.
 *
 * @param charset the encoding
 * @param terminator what ends a line from the hardware
 * @param ending what is appended to a line to the hardware; may be empty
 * @param longest the most bytes of an answer
 */
record Lines(Charset charset, byte[] terminator, String ending, int longest) {

  private static final int SHOWN = 80;

  /**
   * @param termination wins over the terminators of the settings, unless it is null
   */
  static Lines of(LinkSettings settings, String termination) {
    String read = termination == null ? settings.readTerminator() : termination;
    String written = termination == null ? settings.writeTerminator() : termination;
    Charset charset = settings.charset();
    return new Lines(charset, read.getBytes(charset), written, settings.longestReply());
  }

  byte[] encode(String line) {
    if (!ending.isEmpty() && line.contains(ending)) {
      throw refused(line, "contains the end of a line", null);
    }
    String whole = line.concat(ending);
    if (charset == StandardCharsets.ISO_8859_1) {
      for (int i = 0; i < whole.length(); i++) {
        if (whole.charAt(i) > 0xff) {
          throw refused(line, "cannot be written in " + charset, null);
        }
      }
      return whole.getBytes(StandardCharsets.ISO_8859_1);
    }
    try {
      ByteBuffer bytes = charset.newEncoder().encode(CharBuffer.wrap(whole));
      return Arrays.copyOfRange(bytes.array(), bytes.position(), bytes.limit());
    } catch (CharacterCodingException e) {
      throw refused(line, "cannot be written in " + charset, e);
    }
  }

  private static Refused refused(String line, String why, Exception cause) {
    return new Refused(ErrorCode.BAD_ARGUMENT, "\"" + shown(line) + "\" " + why, cause);
  }

  /** Text for a message: printable and short. */
  static String shown(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return TraceRing.printable(bytes, 0, Math.min(bytes.length, SHOWN))
        + (bytes.length > SHOWN ? "…" : "");
  }
}
