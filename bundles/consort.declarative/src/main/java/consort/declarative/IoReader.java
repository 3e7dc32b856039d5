// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.Names;
import consort.declarative.Definition.Group;
import consort.declarative.Definition.Io;
import consort.yaml.Node;
import consort.yaml.Problems;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads the ios and channel groups of a definition; groups are expanded. */
final class IoReader {

  /** More channels are no instrument: each has ios of its own. */
  private static final int MOST_CHANNELS = 1024;

  private static final int MOST_IOS = 20_000;

  final Map<String, Io> ios = new LinkedHashMap<>();
  final Map<String, Group> groups = new LinkedHashMap<>();
  private final Map<String, String> folded = new HashMap<>();
  private final Problems problems;

  private IoReader(Problems problems) {
    this.problems = problems;
  }

  static IoReader of(Node root, Problems problems) {
    IoReader reader = new IoReader(problems);
    if (root.get("io") == null) {
      problems.note(root, "io is absent; instrument-script-server wants it");
    }
    for (Node node : Texts.items(root, "io")) {
      reader.io(node);
    }
    for (Node node : Texts.items(root, "channel_groups")) {
      reader.group(node);
    }
    return reader;
  }

  private void io(Node node) {
    Io io = io(node, "name");
    if (io == null) {
      return;
    }
    if (ios.putIfAbsent(io.name(), io) != null) {
      problems.error(node.get("name"), "the io " + io.name() + " is there already");
      return;
    }
    String other = folded.putIfAbsent(Names.fold(io.name()), io.name());
    if (other != null) {
      problems.error(
          node.get("name"),
          "the ios %s and %s have one name: case and underscores do not count"
              .formatted(other, io.name()));
    }
  }

  private static Io io(Node node, String key) {
    String name = Texts.text(node, key);
    DataType type = DataType.of(Texts.or(node, "type", ""));
    return name == null || type == null
        ? null
        : new Io(name, type, Texts.or(node, "unit", ""), Texts.or(node, "description", ""));
  }

  private void group(Node node) {
    String name = Texts.text(node, "name");
    Node parameter = node.get("channel_parameter");
    Number min = Texts.number(parameter, "min");
    Number max = Texts.number(parameter, "max");
    String number = Texts.text(parameter, "name");
    if (name == null || min == null || max == null || number == null) {
      return;
    }
    long count = max.longValue() - min.longValue() + 1;
    if (count < 1 || count > MOST_CHANNELS) {
      problems.error(
          parameter.get("max"),
          "%d to %d are %d channels; a group has 1 to %d"
              .formatted(min.longValue(), max.longValue(), count, MOST_CHANNELS));
      return;
    }
    Number told = Texts.number(node, "count");
    if (told != null && told.longValue() != count) {
      problems.error(
          node.get("count"),
          "count is %s, but %s to %s are %d channels".formatted(told, min, max, count));
    }
    Map<String, Io> suffixes = new LinkedHashMap<>();
    for (Node type : Texts.items(node, "io_types")) {
      Io io = io(type, "suffix");
      if (io != null && suffixes.putIfAbsent(io.name(), io) != null) {
        problems.error(type.get("suffix"), "the suffix " + io.name() + " is there already");
      }
    }
    String doc = Texts.or(parameter, "description", "");
    Group group = new Group(name, number, min.intValue(), max.intValue(), doc, suffixes);
    if (groups.putIfAbsent(name, group) != null) {
      problems.error(node.get("name"), "the channel group " + name + " is there already");
      return;
    }
    if (ios.size() + count * suffixes.size() > MOST_IOS) {
      problems.error(
          node, "%d channels with %d ios each are too many".formatted(count, suffixes.size()));
      return;
    }
    expand(group);
  }

  /** What the file has written out itself stays as it is. */
  private void expand(Group group) {
    for (int channel = group.min(); channel <= group.max(); channel++) {
      for (Io io : group.suffixes().values()) {
        String name = group.io(channel, io.name());
        ios.putIfAbsent(name, new Io(name, io.type(), io.unit(), io.doc()));
        folded.putIfAbsent(Names.fold(name), name);
      }
    }
  }
}
