// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.Limits;
import consort.api.Names;
import consort.api.ParameterInfo;
import consort.api.Refused;
import consort.api.ValueType;
import consort.api.Values;
import consort.declarative.Definition.Command;
import consort.declarative.Definition.Group;
import consort.declarative.Definition.Io;
import consort.declarative.Definition.Output;
import consort.declarative.Definition.Parameter;
import consort.declarative.Definition.Place;
import consort.declarative.Definition.Reply;
import consort.yaml.Node;
import consort.yaml.Problems;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads one command of a definition, in all the forms that are in use. */
final class CommandReader {

  /** The parameter that a call names a channel with, whatever the file calls it. */
  static final String CHANNEL = "channel";

  private final String written;
  private final Node node;
  private final IoReader io;
  private final Problems problems;
  private final Group group;

  /** By the name that a template uses for them. */
  private final Map<String, Parameter> parameters = new LinkedHashMap<>();

  private CommandReader(String written, Node node, IoReader io, Problems problems) {
    this.written = written;
    this.node = node;
    this.io = io;
    this.problems = problems;
    this.group = group();
  }

  /** The command; null when it cannot be used, for reasons that were reported. */
  static Command read(String written, Node node, IoReader io, Problems problems) {
    return node.is(Node.Kind.MAP) ? new CommandReader(written, node, io, problems).read() : null;
  }

  private Group group() {
    String name = Texts.text(node, "channel_group");
    Group found = name == null ? null : io.groups.get(name);
    if (name != null && found == null) {
      problems.error(
          node.get("channel_group"),
          "'%s' is no channel group; there is %s"
              .formatted(Node.cut(name), Texts.list(io.groups.keySet())));
    }
    return found;
  }

  private Command read() {
    if (node.get("parameters") != null && node.get("params") != null) {
      problems.error(
          node.fields().get("params"), "parameters and params exclude each other; write one");
    }
    for (Node parameter : Texts.items(node, "parameters")) {
      parameter(parameter);
    }
    if (node.get("params") != null) {
      node.get("params").fields().forEach((name, field) -> named(name, field.value(), true));
    }
    List<Output> outputs = outputs();
    Reply reply = reply(outputs);
    String channel = channel();
    String text = Texts.text(node, "template");
    if (node.get("template") == null) {
      problems.missing(node, "template", "Missing required command field 'template'");
    }
    if (text == null) {
      return null;
    }
    Template template = template(text, channel);
    List<Parameter> all = List.copyOf(parameters.values());
    Boolean reads = Texts.bool(node, "reads");
    boolean asksOnly =
        reply != null
            && all.stream().allMatch(p -> p.name().equals(channel) || p.name().equals(CHANNEL));
    return new Command(
        written,
        Definition.canonical(written),
        Texts.or(node, "description", ""),
        template,
        all,
        group,
        channel,
        reply,
        reply == null ? outputs.stream().map(Output::place).toList() : List.of(),
        reads == null ? asksOnly : reads,
        deadline());
  }

  private void parameter(Node parameter) {
    String ref = Texts.text(parameter, "io");
    if (ref == null) {
      String name = Texts.text(parameter, "name");
      if (name != null) {
        named(name, parameter, false);
      }
      return;
    }
    Place place = place(ref);
    if (place == null) {
      problems.error(parameter.get("io"), unknown(ref));
      return;
    }
    Io known = io(place);
    if (known != null) {
      add(ref, parameter, known.type(), known.unit(), known.doc(), place, false);
    }
  }

  private void named(String name, Node parameter, boolean optional) {
    DataType type = DataType.of(Texts.or(parameter, "type", ""));
    if (type != null) {
      boolean left = optional && Boolean.FALSE.equals(Texts.bool(parameter, "required"));
      Place place = place(name);
      add(name, parameter, type, "", "", place == null ? new Place(name, false) : place, left);
    }
  }

  private void add(
      String name,
      Node at,
      DataType type,
      String unit,
      String doc,
      Place place,
      boolean mayBeLeftOut) {
    String canonical = Definition.canonical(name);
    for (Parameter other : parameters.values()) {
      if (Names.fold(other.name()).equals(Names.fold(canonical))) {
        problems.error(at, "the parameter " + name + " is there already");
        return;
      }
    }
    Limits limits = limits(at, type);
    List<Object> options = options(at, type);
    String described = Texts.or(at, "description", doc);
    String inUnit = Texts.or(at, "unit", unit);
    ParameterInfo bare =
        new ParameterInfo(
            canonical, valueType(type, options), inUnit, limits, List.of(), true, null, described);
    Object standard = value(at.get("default"), bare);
    Parameter parameter =
        new Parameter(
            canonical,
            type,
            inUnit,
            limits,
            options,
            mayBeLeftOut || standard != null,
            standard,
            described,
            place);
    parameters.put(name, parameter);
  }

  private static ValueType valueType(DataType type, List<Object> options) {
    return type == DataType.STRING && !options.isEmpty()
        ? ValueType.oneOf(options.stream().map(Object::toString).toList())
        : type.type();
  }

  private Object value(Node at, ParameterInfo info) {
    if (at == null || at.is(Node.Kind.BROKEN)) {
      return null;
    }
    try {
      return Values.convert(written, info, at.plain());
    } catch (Refused e) {
      problems.error(at, e.getMessage());
      return null;
    }
  }

  private Limits limits(Node at, DataType type) {
    Number min = Texts.number(at, "min");
    Number max = Texts.number(at, "max");
    if (min == null && max == null) {
      return null;
    }
    if (!type.isNumeric()) {
      problems.error(at, "min and max are for numbers; write enum");
      return null;
    }
    double low = min == null ? Double.NEGATIVE_INFINITY : min.doubleValue();
    double high = max == null ? Double.POSITIVE_INFINITY : max.doubleValue();
    if (low > high) {
      problems.error(at.get("min"), "min " + min + " is greater than max " + max);
      return null;
    }
    return new Limits(low, high);
  }

  private List<Object> options(Node at, DataType type) {
    List<Object> options = new ArrayList<>();
    for (Node option : Texts.items(at, "enum")) {
      try {
        Object value = Values.convert("enum", type.type(), option.plain());
        if (options.contains(value)) {
          problems.error(option, "this value is there already");
        } else {
          options.add(value);
        }
      } catch (Refused e) {
        problems.error(option, e.getMessage());
      }
    }
    if (at.get("enum") != null && at.get("enum").is(Node.Kind.LIST) && options.isEmpty()) {
      problems.error(at.get("enum"), "enum has no value; leave it out");
    }
    return List.copyOf(options);
  }

  private List<Output> outputs() {
    List<Output> outputs = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Node output : Texts.texts(node, "outputs")) {
      String name = (String) output.value();
      Place place = place(name);
      if (place == null) {
        problems.error(output, unknown(name));
        continue;
      }
      if (!seen.add(Names.fold(name))) {
        problems.error(output, "the output " + name + " is there already");
        continue;
      }
      Io known = io(place);
      if (known != null) {
        outputs.add(
            new Output(Definition.canonical(name), known.type(), known.unit(), known.doc(), place));
      }
    }
    return outputs;
  }

  private String unknown(String name) {
    Set<String> known = new java.util.LinkedHashSet<>();
    if (group != null) {
      known.addAll(group.suffixes().keySet());
    }
    known.addAll(io.ios.keySet());
    return "'%s' is no io; there is %s".formatted(Node.cut(name), Texts.list(known));
  }

  private Place place(String name) {
    if (group != null && group.suffixes().containsKey(name)) {
      return new Place(name, true);
    }
    return io.ios.containsKey(name) ? new Place(name, false) : null;
  }

  private Io io(Place place) {
    return place.ofGroup() ? group.suffixes().get(place.name()) : io.ios.get(place.name());
  }

  /** Null for no reply. */
  private Reply reply(List<Output> outputs) {
    String returns = result();
    Boolean query = Texts.bool(node, "query");
    String template = Texts.or(node, "template", "");
    boolean answers =
        returns != null
            ? !returns.equals("void")
            : query != null ? query : !outputs.isEmpty() || Template.asks(template);
    Pattern pattern = null;
    List<String> options = List.of();
    Node responses = node.get("responses");
    if (responses != null && responses.is(Node.Kind.TEXT)) {
      pattern = Texts.pattern(node, "responses", problems);
    } else if (responses != null) {
      options = Texts.texts(node, "responses").stream().map(n -> (String) n.value()).toList();
      if (options.isEmpty() || new HashSet<>(options).size() < options.size()) {
        problems.error(responses, "responses is a list of different replies");
        options = List.of();
      }
    }
    Node order = node.get("byte_order");
    if (order != null && (returns == null || BlockType.of(returns) == null)) {
      problems.error(order, "byte_order is for blocks; write a block type such as block<float32>");
    }
    if (!answers) {
      if (responses != null) {
        problems.error(responses, "this command has no reply; leave responses out");
      }
      return null;
    }
    return reply(outputs, returns, pattern, options);
  }

  private Reply reply(List<Output> outputs, String returns, Pattern pattern, List<String> options) {
    BlockType block = returns == null ? null : BlockType.of(returns);
    DataType type = returns == null ? null : DataType.of(returns);
    List<Output> values = new ArrayList<>(outputs);
    if (values.isEmpty()) {
      DataType otherwise = type == null ? DataType.STRING : type;
      values.add(new Output("value", otherwise, "", "", new Place("", false)));
    } else if ((type != null || block != null) && values.size() > 1) {
      problems.error(node.get("outputs"), "the type " + returns + " is for one output");
    } else if (type != null) {
      Output one = values.get(0);
      values.set(0, new Output(one.name(), type, one.unit(), one.doc(), one.place()));
    }
    if (block != null && (pattern != null || !options.isEmpty())) {
      problems.error(node.get("responses"), "a block has no form of text; leave responses out");
    }
    if (pattern != null) {
      int groups = pattern.matcher("").groupCount();
      if (groups != values.size() && !(groups == 0 && values.size() == 1)) {
        problems.error(
            node.get("responses"),
            "the regular expression has %d groups for %d outputs".formatted(groups, values.size()));
      }
    }
    ByteOrder bytes =
        "little".equals(Texts.text(node, "byte_order"))
            ? ByteOrder.LITTLE_ENDIAN
            : ByteOrder.BIG_ENDIAN;
    return new Reply(List.copyOf(values), block, bytes, pattern, options);
  }

  /** The type that is written out, by either key; null for none. */
  private String result() {
    String returns = Texts.text(node, "returns");
    String type = Texts.text(node, "response_type");
    if (returns != null && type != null && !returns.equals(type)) {
      problems.error(
          node.get("response_type"),
          "returns says %s and response_type %s; write one".formatted(returns, type));
    }
    return returns != null ? returns : type;
  }

  /**
   * The parameter with the number of the channel: one of the file's own of that name, else one is
   * added at the end, so that arguments without names go to those of the file. Null for none.
   */
  private String channel() {
    if (group != null) {
      for (String name : List.of(group.parameter(), group.name(), CHANNEL)) {
        Parameter own = parameters.get(name);
        if (own != null && own.type() == DataType.INT) {
          Limits limits = new Limits(group.min(), group.max());
          parameters.put(
              name,
              new Parameter(
                  own.name(),
                  DataType.INT,
                  "",
                  limits,
                  List.of(),
                  false,
                  null,
                  own.doc(),
                  new Place(own.name(), false)));
          return own.name();
        }
      }
    } else if (!io.ios.containsKey(CHANNEL) || parameters.containsKey(CHANNEL)) {
      return null;
    }
    if (parameters.values().stream().anyMatch(p -> p.name().equals(CHANNEL))) {
      problems.error(
          node, "the parameter channel is the number of the channel here, so it must be an int");
      return null;
    }
    boolean needed = group != null;
    Limits limits = needed ? new Limits(group.min(), group.max()) : null;
    String doc = needed && !group.doc().isEmpty() ? group.doc() : "The number of the channel.";
    parameters.put(
        CHANNEL,
        new Parameter(
            CHANNEL,
            DataType.INT,
            "",
            limits,
            List.of(),
            !needed,
            null,
            doc,
            new Place(CHANNEL, false)));
    return needed ? CHANNEL : null;
  }

  private Template template(String text, String channel) {
    Map<String, String> names = new HashMap<>();
    parameters.forEach((name, parameter) -> names.put(name, parameter.name()));
    if (group != null && channel != null) {
      if (parameters.containsKey(group.name())
          && !parameters.get(group.name()).name().equals(channel)) {
        problems.error(
            node.get("template"),
            "{%s} is a parameter and the channel group; rename the parameter"
                .formatted(group.name()));
      }
      names.put(group.name(), channel);
      names.putIfAbsent(group.parameter(), channel);
    }
    Set<String> used = new HashSet<>();
    for (String place : Template.places(text)) {
      if (names.containsKey(place)) {
        used.add(names.get(place));
      } else {
        problems.error(
            node.get("template"),
            "Template placeholder {%s} does not match any parameter or channel_group name; there is %s"
                .formatted(Node.cut(place), Texts.list(names.keySet().stream().sorted().toList())));
      }
    }
    if (group != null && channel != null && !used.contains(channel)) {
      problems.error(
          node.get("template"),
          "Template for command with channel_group must include {%s} placeholder"
              .formatted(group.name()));
    }
    for (Parameter parameter : parameters.values()) {
      if (!used.contains(parameter.name()) && !parameter.name().equals(CHANNEL)) {
        problems.note(
            node.get("template"),
            "the parameter " + parameter.name() + " has no place in the template: it is not sent");
      }
    }
    return Template.of(text, place -> names.getOrDefault(place, place));
  }

  private Duration deadline() {
    String text = Texts.text(node, "deadline");
    if (text == null) {
      return null;
    }
    try {
      Duration duration = (Duration) Values.convert("deadline", ValueType.DURATION, text);
      if (!duration.isZero()) {
        return duration;
      }
      problems.error(node.get("deadline"), "a duration of nothing is not allowed");
    } catch (Refused e) {
      // the schema has said so
      return null;
    }
    return null;
  }
}
