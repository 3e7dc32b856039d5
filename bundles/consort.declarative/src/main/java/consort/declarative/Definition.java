// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.Limits;
import consort.api.Names;
import consort.yaml.Node;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * An API definition that was read and is right.
 *
 * @param identifier the name of the driver
 * @param version three numbers
 * @param ios by name, those of all channels included
 * @param commands in the order of the file
 * @param initialization lines sent first
 * @param identity null when it cannot be asked
 * @param errors null when they cannot be asked
 */
record Definition(
    String identifier,
    String version,
    String vendor,
    String model,
    String doc,
    Terminators terminators,
    Map<String, Io> ios,
    List<Command> commands,
    List<String> initialization,
    Identification identity,
    Errors errors,
    List<Example> examples) {

  /** What ends lines. */
  record Terminators(String read, String write) {}

  /** An input, an output or a setting. */
  record Io(String name, DataType type, String unit, String doc) {}

  /**
   * Channels that are alike.
   *
   * @param parameter the name that the file gives to the number of the channel
   */
  record Group(
      String name, String parameter, int min, int max, String doc, Map<String, Io> suffixes) {

    /** The name of what one channel has. */
    String io(long channel, String suffix) {
      return name + channel + "_" + suffix;
    }
  }

  /**
   * A command.
   *
   * @param written its name in the file
   * @param name its canonical name
   * @param group the channels of which it addresses one; null for none
   * @param channel the parameter with the number of the channel; null for none
   * @param reply null when there is none
   * @param sets the outputs of a command without a reply: what it changes
   * @param deadline null for the general one
   */
  record Command(
      String written,
      String name,
      String doc,
      Template template,
      List<Parameter> parameters,
      Group group,
      String channel,
      Reply reply,
      List<Place> sets,
      boolean reads,
      Duration deadline) {}

  /**
   * Where a value belongs.
   *
   * @param name an io, or a suffix of the command's group; else a name that belongs to nothing
   * @param ofGroup whether it is a suffix
   */
  record Place(String name, boolean ofGroup) {

    /** The io, of this channel where there is one. */
    String io(Group group, long channel) {
      return ofGroup ? group.io(channel, name) : name;
    }
  }

  /**
   * A parameter.
   *
   * @param name its canonical name
   * @param limits null for none
   * @param options empty for all values
   * @param defaultValue null for none
   * @param place where its value belongs
   */
  record Parameter(
      String name,
      DataType type,
      String unit,
      Limits limits,
      List<Object> options,
      boolean optional,
      Object defaultValue,
      String doc,
      Place place) {}

  /**
   * What a command answers.
   *
   * @param outputs one for each value of it
   * @param block what the bytes are; null for text
   * @param order of the bytes of a number
   * @param pattern what the reply must look like; null for anything
   * @param options the replies there are; empty for all
   */
  record Reply(
      List<Output> outputs,
      BlockType block,
      ByteOrder order,
      Pattern pattern,
      List<String> options) {}

  /** One value of a reply. */
  record Output(String name, DataType type, String unit, String doc, Place place) {}

  /**
   * How the instrument says who it is.
   *
   * @param pattern null for anything
   */
  record Identification(String query, Pattern pattern) {}

  /** How the instrument tells of errors. */
  record Errors(String query, Pattern none) {}

  /**
   * What is sent and answered.
   *
   * @param command null for a line that no command sends
   * @param reply null when there is none
   * @param result null when it is not said
   * @param node where it stands
   */
  record Example(
      String command,
      Map<String, Object> arguments,
      String sent,
      String reply,
      Object result,
      Node node) {}

  /** The canonical form of a name of the file: {@code MEASURE_VOLTAGE} is measure_voltage. */
  static String canonical(String name) {
    return name.equals(name.toUpperCase(Locale.ROOT))
        ? name.toLowerCase(Locale.ROOT)
        : Names.snake(name);
  }
}
