// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What is known of a command.
 *
 * @param name the canonical name, snake_case
 * @param parameters its parameters in order
 * @param result the type of its result
 * @param unit the unit of its result as a UCUM code, empty for none
 * @param urgent whether it may overtake a running command
 * @param reads whether it only reads: allowed to observers, and while another holds the lease
 * @param deadline how long it may take unless the call says otherwise; null for the general default
 * @param doc one sentence for people, may be empty
 */
public record CommandInfo(
    String name,
    List<ParameterInfo> parameters,
    ValueType result,
    String unit,
    boolean urgent,
    boolean reads,
    Duration deadline,
    String doc) {

  /** Checks and copies. */
  public CommandInfo {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(result, "result");
    Objects.requireNonNull(unit, "unit");
    Objects.requireNonNull(doc, "doc");
    parameters = List.copyOf(parameters);
    Map<String, String> seen = new HashMap<>();
    for (ParameterInfo parameter : parameters) {
      String other = seen.put(Names.fold(parameter.name()), parameter.name());
      if (other != null) {
        throw new IllegalArgumentException(
            name + ": the parameters " + other + " and " + parameter.name() + " have one name");
      }
    }
  }

  /** The parameter of this name, ignoring case and underscores. */
  public Optional<ParameterInfo> parameter(String parameterName) {
    String folded = Names.fold(parameterName);
    return parameters.stream().filter(p -> Names.fold(p.name()).equals(folded)).findFirst();
  }

  /** {@code 1..5}; an end that is infinite is none: {@code >= 1}. */
  private static String range(Limits limits) {
    boolean below = Double.isInfinite(limits.min());
    boolean above = Double.isInfinite(limits.max());
    if (below || above) {
      return (above ? "" : " <= " + Values.number(limits.max()))
          + (below ? "" : " >= " + Values.number(limits.min()));
    }
    return " " + Values.number(limits.min()) + ".." + Values.number(limits.max());
  }

  /** How the command is written for people: {@code set_voltage(voltage: double [V])}. */
  public String signature() {
    StringBuilder out = new StringBuilder(name).append('(');
    String separator = "";
    for (ParameterInfo p : parameters) {
      out.append(separator).append(p.name()).append(": ").append(p.type());
      if (!p.unit().isEmpty()) {
        out.append(" [").append(p.unit()).append(']');
      }
      if (p.limits() != null) {
        out.append(range(p.limits()));
      }
      if (p.defaultValue() != null) {
        out.append(" = ").append(Values.text(p.defaultValue()));
      } else if (p.optional()) {
        out.append('?');
      }
      separator = ", ";
    }
    out.append(')');
    if (result.kind() != ValueType.Kind.VOID) {
      out.append(" -> ").append(result);
      if (!unit.isEmpty()) {
        out.append(" [").append(unit).append(']');
      }
    }
    return out.toString();
  }
}
