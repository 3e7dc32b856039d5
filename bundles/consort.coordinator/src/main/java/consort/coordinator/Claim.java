// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.CommandInfo;
import consort.api.ParameterInfo;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A name that a lease covers or a call touches, with all below it. The first part is the exact name
 * of an instrument; below it case does not count, as it does not for the hardware.
 *
 * @param text as it was written
 * @param root its first part
 * @param key what is compared
 */
record Claim(String text, String root, String key) {

  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*");

  static Claim of(String name) {
    int slash = name.indexOf('/');
    return slash < 0
        ? new Claim(name, name, name)
        : new Claim(
            name,
            name.substring(0, slash),
            name.substring(0, slash) + name.substring(slash).toLowerCase(Locale.ROOT));
  }

  /**
   * What a call touches: the part that its resource parameters name, else the whole instrument.
   *
   * @param arguments as bound, null when the command is not known yet
   */
  static Claim touched(String instrument, CommandInfo command, Map<String, Object> arguments) {
    StringBuilder name = new StringBuilder(instrument);
    if (command != null && arguments != null) {
      for (ParameterInfo parameter : command.parameters()) {
        if (parameter.resource()) {
          String part = String.valueOf(arguments.getOrDefault(parameter.name(), ""));
          if (!PART.matcher(part).matches()) {
            // More than one thing, or nothing that a lease could name: all that is left.
            break;
          }
          name.append('/').append(part);
        }
      }
    }
    return of(name.toString());
  }

  /** Whether one covers the other, or they are the same. */
  boolean overlaps(Claim other) {
    return root.equals(other.root) && (covers(other) || other.covers(this));
  }

  private boolean covers(Claim other) {
    return other.key.startsWith(key)
        && (other.key.length() == key.length() || other.key.charAt(key.length()) == '/');
  }

  @Override
  public String toString() {
    return text;
  }
}
