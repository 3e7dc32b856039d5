// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.ErrorCode;
import consort.api.ParameterInfo;
import consort.api.Refused;
import consort.api.ValueType;
import consort.declarative.Definition.Group;
import consort.declarative.Definition.Io;
import consort.declarative.Definition.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What an instrument file says of the ios of its definition: {@code value = raw * scale + offset}.
 */
final class IoConfig {

  /** The setting it comes as. */
  static final String NAME = "io_config";

  /** How raw values become values. */
  record Scale(double scale, double offset) {
    static final Scale NONE = new Scale(1, 0);

    double toValue(double raw) {
      return raw * scale + offset;
    }

    double toRaw(double value) {
      return (value - offset) / scale;
    }
  }

  private record Entry(DataType type, String unit, Scale scale) {}

  private final Map<String, Entry> entries = new HashMap<>();

  private IoConfig() {}

  /** Nothing is said. */
  static IoConfig none() {
    return new IoConfig();
  }

  /**
   * What the settings say.
   *
   * @throws Refused when it does not fit the definition
   */
  static IoConfig of(Map<String, Object> settings, Map<String, Io> ios) {
    IoConfig config = new IoConfig();
    if (settings.get(NAME) instanceof Map<?, ?> all) {
      all.forEach((name, value) -> config.add(ios.get(name), (Map<?, ?>) value));
    }
    return config;
  }

  private void add(Io io, Map<?, ?> said) {
    DataType type = said.get("type") == null ? io.type() : DataType.of(said.get("type").toString());
    boolean same = type == io.type() || type.isNumber() && io.type().isNumeric();
    if (!same) {
      throw refused(
          io, "the type is " + said.get("type") + ", but the definition has " + io.type());
    }
    Scale scale = new Scale(number(said, "scale", 1), number(said, "offset", 0));
    if (scale.scale() == 0 || !Double.isFinite(scale.scale()) || !Double.isFinite(scale.offset())) {
      throw refused(io, "scale and offset are finite numbers, and scale is not 0");
    }
    if (!scale.equals(Scale.NONE) && !io.type().isNumeric()) {
      throw refused(io, "scale and offset are for numbers");
    }
    String unit = said.get("unit") == null ? io.unit() : said.get("unit").toString();
    entries.put(io.name(), new Entry(type, unit, scale));
  }

  private static Refused refused(Io io, String what) {
    return new Refused(ErrorCode.BAD_REQUEST, "io_config." + io.name() + ": " + what);
  }

  private static double number(Map<?, ?> said, String key, double absent) {
    return said.get(key) instanceof Number number ? number.doubleValue() : absent;
  }

  /** The schema of the setting: one optional record for each io. */
  static List<ParameterInfo> schema(Map<String, Io> ios) {
    List<ParameterInfo> fields = new ArrayList<>();
    List<ParameterInfo> entry =
        List.of(
            optional("type", ValueType.oneOf(List.of("int", "float", "string", "bool"))),
            optional("role", ValueType.oneOf(List.of("input", "output", "inout", "setting"))),
            optional("unit", ValueType.STRING),
            optional("offset", ValueType.DOUBLE),
            optional("scale", ValueType.DOUBLE));
    ios.keySet().forEach(name -> fields.add(optional(name, ValueType.recordOf(entry))));
    return List.of(optional(NAME, ValueType.recordOf(fields)));
  }

  private static ParameterInfo optional(String name, ValueType type) {
    return new ParameterInfo(name, type, "", null, List.of(), true, null, "");
  }

  /** Whether there is anything about it, for any channel. */
  boolean knows(Place place, Group group) {
    if (entries.isEmpty()) {
      return false;
    }
    if (!place.ofGroup()) {
      return entries.containsKey(place.name());
    }
    for (int channel = group.min(); channel <= group.max(); channel++) {
      if (entries.containsKey(group.io(channel, place.name()))) {
        return true;
      }
    }
    return false;
  }

  /** How the values of an io are scaled. */
  Scale scale(String io) {
    Entry entry = entries.get(io);
    return entry == null ? Scale.NONE : entry.scale();
  }

  /** The unit that callers see: that of the file where all channels have the same. */
  String unit(Place place, Group group, String otherwise) {
    String unit = null;
    for (Entry entry : all(place, group)) {
      String one = entry == null ? otherwise : entry.unit();
      if (unit != null && !unit.equals(one)) {
        return otherwise;
      }
      unit = one;
    }
    return unit == null ? otherwise : unit;
  }

  /**
   * The type that callers see: a number is a float when the file says so for any channel, or scales
   * it by anything but whole numbers.
   */
  DataType type(Place place, Group group, DataType otherwise) {
    DataType type = otherwise;
    for (Entry entry : all(place, group)) {
      if (entry == null) {
        continue;
      }
      boolean whole = isWhole(entry.scale().scale()) && isWhole(entry.scale().offset());
      if (otherwise == DataType.INT && (entry.type() == DataType.FLOAT || !whole)) {
        return DataType.FLOAT;
      }
      if (otherwise == DataType.INTS && !whole) {
        return DataType.FLOATS;
      }
      if (otherwise == DataType.FLOAT && entry.type() == DataType.INT) {
        type = DataType.INT;
      }
    }
    return type;
  }

  private List<Entry> all(Place place, Group group) {
    List<Entry> all = new ArrayList<>();
    if (entries.isEmpty()) {
      return all;
    }
    if (!place.ofGroup()) {
      all.add(entries.get(place.name()));
      return all;
    }
    for (int channel = group.min(); channel <= group.max(); channel++) {
      all.add(entries.get(group.io(channel, place.name())));
    }
    return all;
  }

  private static boolean isWhole(double number) {
    return number == Math.rint(number);
  }
}
