// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One command sent to one instrument. Arguments are positional, named, or first the one and then
 * the other; they need not be converted.
 *
 * @param command the command, any spelling that {@link Names#fold} makes equal
 * @param positional arguments in the order of the parameters
 * @param named arguments by parameter name; null values count as absent
 * @param deadline how long it may take from now on, waiting included; null for the command's
 *     default, else the face's
 * @param caller who calls
 * @param correlation an id that ties logs, records and errors together; empty for none
 * @param lease the lease it is made under, null for none
 */
public record Call(
    String command,
    List<?> positional,
    Map<String, ?> named,
    Duration deadline,
    Caller caller,
    String correlation,
    LeaseToken lease) {

  /** Checks; the collections are not copied, do not change them. */
  public Call {
    Objects.requireNonNull(command, "command");
    Objects.requireNonNull(positional, "positional");
    Objects.requireNonNull(named, "named");
    Objects.requireNonNull(caller, "caller");
    Objects.requireNonNull(correlation, "correlation");
    if (deadline != null && (deadline.isNegative() || deadline.isZero())) {
      throw new Refused(
          ErrorCode.BAD_ARGUMENT, command + ": the deadline " + deadline + " is not positive");
    }
  }

  /** A call under no lease. */
  public Call(
      String command,
      List<?> positional,
      Map<String, ?> named,
      Duration deadline,
      Caller caller,
      String correlation) {
    this(command, positional, named, deadline, caller, correlation, null);
  }

  /** A call with positional arguments, from code of this JVM. */
  public static Call of(String command, Object... arguments) {
    List<Object> positional =
        arguments.length == 0
            ? List.of()
            : Collections.unmodifiableList(java.util.Arrays.asList(arguments.clone()));
    return new Call(command, positional, Map.of(), null, Caller.SERVICE, "");
  }

  /** This call with one more named argument. */
  public Call with(String parameter, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(named);
    more.put(parameter, value);
    return with(more);
  }

  /** This call with these named arguments instead. */
  public Call with(Map<String, ?> arguments) {
    return new Call(
        command,
        positional,
        Collections.unmodifiableMap(arguments),
        deadline,
        caller,
        correlation,
        lease);
  }

  /** This call with another deadline. */
  public Call within(Duration limit) {
    return new Call(command, positional, named, limit, caller, correlation, lease);
  }

  /** This call on behalf of another caller. */
  public Call by(Caller who) {
    return new Call(command, positional, named, deadline, who, correlation, lease);
  }

  /** This call with a correlation id. */
  public Call correlated(String id) {
    return new Call(command, positional, named, deadline, caller, id, lease);
  }

  /** This call under a lease; null for none. */
  public Call under(LeaseToken token) {
    return new Call(command, positional, named, deadline, caller, correlation, token);
  }
}
