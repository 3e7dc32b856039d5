// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.Locale;
import java.util.regex.Pattern;

/** The rules for names of instruments, commands and parameters. */
public final class Names {

  private static final Pattern INSTRUMENT = Pattern.compile("[A-Za-z][A-Za-z0-9_]*");

  private Names() {}

  /** Whether this may be the name of an instrument. */
  public static boolean isInstrument(String name) {
    return INSTRUMENT.matcher(name).matches();
  }

  /** The canonical snake_case form: {@code measureDCVoltage} becomes {@code measure_dc_voltage}. */
  public static String snake(String name) {
    StringBuilder out = new StringBuilder(name.length() + 8);
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (Character.isUpperCase(c) && i > 0 && name.charAt(i - 1) != '_') {
        boolean afterLower = !Character.isUpperCase(name.charAt(i - 1));
        boolean beforeLower = i + 1 < name.length() && Character.isLowerCase(name.charAt(i + 1));
        if (afterLower || beforeLower) {
          out.append('_');
        }
      }
      out.append(Character.toLowerCase(c));
    }
    return out.toString();
  }

  /** What names are compared by: lower case, without underscores. */
  public static String fold(String name) {
    return name.replace("_", "").toLowerCase(Locale.ROOT);
  }
}
