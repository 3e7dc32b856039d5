// SPDX-License-Identifier: Apache-2.0
package consort.commands;

/** The request is wrong; the message is the text of the reply's {@code error}. */
final class Wrong extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;

  Wrong(String code, String message) {
    super(message);
    this.code = code;
  }

  static Wrong request(String message) {
    return new Wrong("bad_request", message);
  }

  String code() {
    return code;
  }
}
