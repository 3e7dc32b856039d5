// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Garbled;
import consort.api.NumericArray;
import consort.api.ParameterInfo;
import consort.api.Refused;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.link.Answers;
import consort.declarative.Definition.Command;
import consort.declarative.Definition.Output;
import consort.declarative.Definition.Parameter;
import consort.declarative.Definition.Place;
import consort.declarative.Definition.Reply;
import consort.declarative.IoConfig.Scale;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;

/** A command of one instrument: how a call becomes a line, and a reply a result. Immutable. */
final class DefinedCommand {

  /** A scaled number has no more digits than these that mean something. */
  private static final MathContext DIGITS = new MathContext(15);

  private final Command command;
  private final IoConfig config;
  private final CommandInfo info;
  private final List<Parameter> scaled;
  private final boolean scaledReply;
  private final List<DataType> types;

  DefinedCommand(Command command, IoConfig config) {
    this.command = command;
    this.config = config;
    this.scaled =
        command.parameters().stream()
            .filter(p -> p.type().isNumeric() && config.knows(p.place(), command.group()))
            .toList();
    Reply reply = command.reply();
    List<Output> outputs = reply == null ? List.of() : reply.outputs();
    this.scaledReply =
        outputs.stream()
            .anyMatch(o -> o.type().isNumeric() && config.knows(o.place(), command.group()));
    this.types =
        outputs.stream().map(o -> config.type(o.place(), command.group(), o.type())).toList();
    this.info = describe(reply);
  }

  CommandInfo info() {
    return info;
  }

  private CommandInfo describe(Reply reply) {
    List<ParameterInfo> parameters = new ArrayList<>();
    for (Parameter parameter : command.parameters()) {
      parameters.add(describe(parameter));
    }
    ValueType result = ValueType.VOID;
    String unit = "";
    if (reply != null && reply.block() != null) {
      result =
          scaledReply && reply.block() != BlockType.BYTES
              ? DataType.FLOATS.type()
              : reply.block().type();
      unit = unit(reply.outputs().get(0));
    } else if (reply != null && reply.outputs().size() > 1) {
      result = ValueType.recordOf(fields(reply));
    } else if (reply != null) {
      result = type(reply, types.get(0));
      unit = unit(reply.outputs().get(0));
    }
    return new CommandInfo(
        command.name(),
        parameters,
        result,
        unit,
        false,
        command.reads(),
        command.deadline(),
        command.doc());
  }

  private ParameterInfo describe(Parameter parameter) {
    DataType type = config.type(parameter.place(), command.group(), parameter.type());
    boolean names = parameter.type() == DataType.STRING && !parameter.options().isEmpty();
    return new ParameterInfo(
        parameter.name(),
        names
            ? ValueType.oneOf(parameter.options().stream().map(Object::toString).toList())
            : type.type(),
        shown(config.unit(parameter.place(), command.group(), parameter.unit())),
        parameter.limits(),
        names ? List.of() : parameter.options(),
        parameter.optional(),
        parameter.defaultValue(),
        parameter.doc(),
        parameter.name().equals(command.channel()));
  }

  private List<ParameterInfo> fields(Reply reply) {
    List<ParameterInfo> fields = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      Output output = reply.outputs().get(i);
      fields.add(
          new ParameterInfo(
              output.name(),
              types.get(i).type(),
              unit(output),
              null,
              List.of(),
              false,
              null,
              output.doc()));
    }
    return fields;
  }

  private static ValueType type(Reply reply, DataType type) {
    return type == DataType.STRING && !reply.options().isEmpty()
        ? ValueType.oneOf(reply.options())
        : type.type();
  }

  private String unit(Output output) {
    return shown(config.unit(output.place(), command.group(), output.unit()));
  }

  /** UCUM's 1 says that there is no unit; nobody wants to read 5 1. */
  private static String shown(String unit) {
    return unit.equals("1") ? "" : unit;
  }

  /** What the bytes of the reply are; null when it is text, or there is none. */
  BlockType block() {
    return command.reply() == null ? null : command.reply().block();
  }

  boolean answers() {
    return command.reply() != null;
  }

  /**
   * The line to send.
   *
   * @param arguments by canonical name, checked
   * @throws Refused when a number cannot be written
   */
  String line(Map<String, Object> arguments) {
    if (scaled.isEmpty()) {
      return command.template().expand(arguments);
    }
    Map<String, Object> raw = new HashMap<>(arguments);
    for (Parameter parameter : scaled) {
      Scale scale = scale(parameter.place(), arguments);
      raw.computeIfPresent(parameter.name(), (name, value) -> raw(parameter, scale, value));
    }
    return command.template().expand(raw);
  }

  private Scale scale(Place place, Map<String, Object> arguments) {
    long channel =
        command.channel() != null && arguments.get(command.channel()) instanceof Number number
            ? number.longValue()
            : 0;
    return config.scale(place.io(command.group(), channel));
  }

  private Object raw(Parameter parameter, Scale scale, Object value) {
    if (value instanceof NumericArray array) {
      double[] raw = array.toDoubles();
      for (int i = 0; i < raw.length; i++) {
        raw[i] = (Double) raw(parameter.name() + "[" + i + "]", false, scale, raw[i]);
      }
      return NumericArray.of(raw);
    }
    boolean whole = parameter.type() == DataType.INT;
    return raw(parameter.name(), whole, scale, ((Number) value).doubleValue());
  }

  private Object raw(String name, boolean whole, Scale scale, double value) {
    double raw = scale.equals(Scale.NONE) ? value : scale.toRaw(value);
    if (!Double.isFinite(raw)) {
      throw new Refused(
          ErrorCode.OUT_OF_RANGE,
          "%s %s: %s is no number that can be sent"
              .formatted(command.written(), name, Values.number(raw)));
    }
    double rounded = new BigDecimal(raw).round(DIGITS).doubleValue();
    if (whole && rounded != Math.rint(rounded)) {
      throw new Refused(
          ErrorCode.BAD_ARGUMENT,
          "%s %s: %s would be sent as %s, and the instrument takes whole numbers"
              .formatted(command.written(), name, Values.number(value), Values.number(rounded)));
    }
    return rounded;
  }

  /**
   * What a block means.
   *
   * @throws Garbled when it is no block of such numbers
   */
  Object result(String line, byte[] block, Map<String, Object> arguments) {
    Reply reply = command.reply();
    Object value = reply.block().decode(line, block, reply.order());
    return scaledReply && value instanceof NumericArray array
        ? scaled(array.toDoubles(), scale(reply.outputs().get(0).place(), arguments))
        : value;
  }

  private static NumericArray scaled(double[] numbers, Scale scale) {
    if (!scale.equals(Scale.NONE)) {
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = scale.toValue(numbers[i]);
      }
    }
    return NumericArray.of(numbers);
  }

  /**
   * What a reply means.
   *
   * @throws Garbled when it means nothing
   */
  Object result(String line, String answer, Map<String, Object> arguments) {
    Reply reply = command.reply();
    String text = answer.stripTrailing();
    if (!reply.options().isEmpty() && !reply.options().contains(text.strip())) {
      throw Answers.garbled(line, answer, "is not one of " + String.join(", ", reply.options()));
    }
    if (reply.outputs().size() == 1) {
      String one = reply.options().isEmpty() ? text : text.strip();
      return value(0, line, reply.pattern() == null ? one : groups(line, text).get(0), arguments);
    }
    List<String> parts =
        reply.pattern() == null ? List.of(text.split(",", -1)) : groups(line, text);
    if (parts.size() != reply.outputs().size()) {
      throw Answers.garbled(
          line, answer, "has %d values, not %d".formatted(parts.size(), types.size()));
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      fields.put(reply.outputs().get(i).name(), value(i, line, parts.get(i).strip(), arguments));
    }
    return Collections.unmodifiableMap(fields);
  }

  private List<String> groups(String line, String text) {
    Matcher m = command.reply().pattern().matcher(text);
    if (!m.matches()) {
      throw Answers.garbled(line, text, "does not look like " + command.reply().pattern());
    }
    List<String> groups = new ArrayList<>();
    for (int i = Math.min(1, m.groupCount()); i <= m.groupCount(); i++) {
      groups.add(m.group(i) == null ? "" : m.group(i));
    }
    return groups;
  }

  private Object value(int index, String line, String text, Map<String, Object> arguments) {
    Output output = command.reply().outputs().get(index);
    Scale scale = scaledReply ? scale(output.place(), arguments) : Scale.NONE;
    boolean plain = scale.equals(Scale.NONE) && types.get(index) == output.type();
    return switch (output.type()) {
      case STRING -> text;
      case BOOL -> Answers.toBoolean(line, text);
      case INT ->
          plain
              ? (Object) Answers.toLong(line, text)
              : number(index, line, text, scale.toValue(Answers.toLong(line, text)));
      case FLOAT ->
          plain
              ? (Object) Answers.toDouble(line, text)
              : number(index, line, text, scale.toValue(Answers.toDouble(line, text)));
      case FLOATS -> scaled(Lists.doubles(line, text), scale);
      case INTS ->
          plain
              ? NumericArray.of(Lists.longs(line, text))
              : array(index, scaled(Lists.doubles(line, text), scale));
    };
  }

  private Object number(int index, String line, String text, double value) {
    if (types.get(index) == DataType.FLOAT) {
      return value;
    }
    if (value != Math.rint(value) || Math.abs(value) > 0x1p53) {
      throw Answers.garbled(line, text, "is not a whole number");
    }
    return (long) value;
  }

  private Object array(int index, NumericArray array) {
    return Values.convert(command.written(), types.get(index).type(), array);
  }
}
