// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.LeaseToken;
import consort.api.Names;
import consort.api.Refused;
import consort.api.ValueType;
import consort.api.Values;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The parameters of a request, read strictly: a wrong type is an error, never a guess. */
final class Parameters {

  private final Map<String, ?> given;

  Parameters(CommandDoc command, Map<String, ?> given) {
    this.given = given;
    for (String name : given.keySet()) {
      if (command.parameters().stream().noneMatch(p -> p.name().equals(name))) {
        throw Wrong.request(
            "unknown parameter '%s'; %s has %s".formatted(name, command.name(), names(command)));
      }
    }
  }

  private static String names(CommandDoc command) {
    return command.parameters().isEmpty()
        ? "none"
        : command.parameters().stream()
            .map(CommandDoc.Parameter::name)
            .collect(Collectors.joining(", "));
  }

  boolean has(String name) {
    return given.get(name) != null;
  }

  String text(String name) {
    return text(name, "missing " + name);
  }

  /** A text that must be there; 004 has its own words for some that are missing. */
  String text(String name, String missing) {
    Object value = given.get(name);
    if (value == null || value.equals("")) {
      throw Wrong.request(missing);
    }
    return text(name, value);
  }

  String textOr(String name, String otherwise) {
    Object value = given.get(name);
    return value == null ? otherwise : text(name, value);
  }

  boolean flag(String name, boolean otherwise) {
    Object value = given.get(name);
    if (value == null || value instanceof Boolean) {
      return value == null ? otherwise : (Boolean) value;
    }
    throw Wrong.request(name + " must be true or false, not " + Values.text(value));
  }

  /** The name of an instrument. */
  String instrument() {
    String name = text("name");
    if (!Names.isInstrument(name)) {
      throw new Wrong("unknown_instrument", "instrument not found: " + shortened(name));
    }
    return name;
  }

  /** Null when absent. */
  Boolean flag(String name) {
    Object value = given.get(name);
    if (value == null || value instanceof Boolean) {
      return (Boolean) value;
    }
    throw Wrong.request(name + " must be true or false, not " + Values.text(value));
  }

  Map<String, ?> map(String name) {
    Object value = given.get(name);
    if (value == null) {
      return Map.of();
    }
    if (value instanceof Map<?, ?> map) {
      @SuppressWarnings("unchecked") // what comes from JSON or a face has text keys
      Map<String, ?> typed = (Map<String, ?>) map;
      return typed;
    }
    throw Wrong.request(name + " must be an object, not " + Values.text(value));
  }

  List<?> list(String name) {
    Object value = given.get(name);
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw Wrong.request(name + " must be an array, not " + Values.text(value));
  }

  /** A number is in seconds; text is {@code 500ms}, {@code 2s} or ISO 8601. Null when absent. */
  Duration duration(String name) {
    Object value = given.get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof Number seconds) {
      double nanos = seconds.doubleValue() * 1e9;
      if (nanos >= 1 && nanos <= Long.MAX_VALUE / 2.0) {
        return Duration.ofNanos((long) nanos);
      }
      throw Wrong.request(name + ": " + value + " s is not a deadline");
    }
    Duration duration;
    try {
      duration = (Duration) Values.convert(name, ValueType.DURATION, value);
    } catch (Refused e) {
      throw new Wrong(e.code().text(), e.getMessage() + "; write one as 500ms, 2s or 1min");
    }
    if (duration.isZero() || duration.isNegative()) {
      throw Wrong.request(name + ": " + value + " is not positive");
    }
    return duration;
  }

  /** As {@link #duration}, but zero is one, too, and stands for an absent one. */
  Duration durationOrZero(String name) {
    Object value = given.get(name);
    boolean zero =
        value == null
            || (value instanceof Number n && n.doubleValue() == 0)
            || (value instanceof String text && text.matches("0+(s|ms)?"));
    return zero ? Duration.ZERO : duration(name);
  }

  /** A number that counts something; as text, too, as a command line gives it. Zero when absent. */
  long count(String name) {
    Object value = given.get(name);
    if (value == null) {
      return 0;
    }
    String text = value.toString();
    if ((value instanceof Number || value instanceof String) && text.matches("[0-9]{1,18}")) {
      return Long.parseLong(text);
    }
    throw Wrong.request(name + " must be a whole number, not " + Values.text(value));
  }

  /** The lease that something is done under; null when absent. */
  LeaseToken lease() {
    return has("lease") ? LeaseToken.parse(text("lease")) : null;
  }

  /** One text or several. */
  List<String> texts(String name) {
    Object value = given.get(name);
    List<?> all = value instanceof String ? List.of(value) : list(name);
    if (all.isEmpty()) {
      throw Wrong.request("missing " + name);
    }
    return all.stream().map(element -> text(name, element)).toList();
  }

  private static String text(String name, Object value) {
    if (value instanceof CharSequence text) {
      return text.toString();
    }
    throw Wrong.request(name + " must be text, not " + Values.text(value));
  }

  static String shortened(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }
}
