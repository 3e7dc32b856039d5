// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import consort.api.Garbled;

/** Who the hardware says it is. No part is null, unknown ones are empty. */
public record Identity(String vendor, String model, String serial, String firmware) {

  /** Nothing is known. */
  public static final Identity UNKNOWN = new Identity("", "", "", "");

  /**
   * Reads the answer to {@code *IDN?}: four fields separated by commas. Source: IEEE 488.2-1992,
   * 10.14.
   *
   * @throws Garbled when there are fewer than two fields
   */
  public static Identity parse(String answer) {
    String[] fields = answer.strip().split("\\s*,\\s*", 4);
    if (fields.length < 2) {
      throw new Garbled("'" + answer + "' in answer to *IDN? is no identity");
    }
    return new Identity(
        fields[0],
        fields[1],
        fields.length > 2 ? fields[2] : "",
        fields.length > 3 ? fields[3] : "");
  }

  @Override
  public String toString() {
    return String.join(" ", vendor, model, serial, firmware).strip();
  }
}
