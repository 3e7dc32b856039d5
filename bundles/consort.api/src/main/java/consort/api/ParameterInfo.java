// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.List;
import java.util.Objects;

/**
 * What is known of a parameter of a command, a field of a record or a setting of a driver.
 *
 * @param name the name, snake_case
 * @param type its type
 * @param unit its unit as a UCUM code, empty for none
 * @param limits the numbers it takes, null for all; applies to each element of a list or array
 * @param options the values it takes, empty for all; for text and numbers (an enum has its own)
 * @param optional whether it may be left out
 * @param defaultValue what stands for one that was left out, a dynamic value of the type; may be
 *     null, which leaves it to the driver
 * @param doc one sentence for people, may be empty
 * @param resource whether it names the part of the instrument that the command touches
 */
public record ParameterInfo(
    String name,
    ValueType type,
    String unit,
    Limits limits,
    List<Object> options,
    boolean optional,
    Object defaultValue,
    String doc,
    boolean resource) {

  /** Checks and copies. */
  public ParameterInfo {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(unit, "unit");
    Objects.requireNonNull(doc, "doc");
    options = List.copyOf(options);
  }

  /** A parameter that names no part of the instrument. */
  public ParameterInfo(
      String name,
      ValueType type,
      String unit,
      Limits limits,
      List<Object> options,
      boolean optional,
      Object defaultValue,
      String doc) {
    this(name, type, unit, limits, options, optional, defaultValue, doc, false);
  }

  /** A required parameter of which only name and type are known. */
  public static ParameterInfo of(String name, ValueType type) {
    return new ParameterInfo(name, type, "", null, List.of(), false, null, "");
  }
}
