// SPDX-License-Identifier: Apache-2.0
package consort.runtime.files;

import consort.yaml.Node;
import consort.yaml.Node.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The ios of an API definition as its file has them, and those that its channel groups stand for.
 *
 * @param root the file, which was found good
 */
record Definition(Node root) {

  private static final List<String> COPIED = List.of("type", "role", "description", "unit");

  /**
   * An io that a channel group stands for.
   *
   * @param entry what is to be written under {@code io}
   */
  record GroupIo(String group, long channel, String suffix, Map<String, Object> entry) {

    String name() {
      return (String) entry.get("name");
    }
  }

  /** For every group, channel and suffix, in this order. */
  List<GroupIo> ofGroups() {
    List<GroupIo> all = new ArrayList<>();
    for (Node group : items(root, "channel_groups")) {
      Node parameter = group.get("channel_parameter");
      long max = ((Number) parameter.get("max").value()).longValue();
      for (long n = ((Number) parameter.get("min").value()).longValue(); n <= max; n++) {
        for (Node type : items(group, "io_types")) {
          Map<String, Object> entry = new LinkedHashMap<>();
          entry.put("name", group.text("name") + n + "_" + type.text("suffix"));
          for (String key : COPIED) {
            if (type.get(key) != null) {
              entry.put(key, type.get(key).value());
            }
          }
          all.add(new GroupIo(group.text("name"), n, type.text("suffix"), entry));
        }
      }
    }
    return all;
  }

  /** Those of the groups that are not written out. */
  List<GroupIo> missing() {
    Set<String> written = new HashSet<>();
    items(root, "io").forEach(io -> written.add(io.text("name")));
    return ofGroups().stream().filter(io -> written.add(io.name())).toList();
  }

  /** All of them, in the order of the file and then of the groups; no name twice. */
  List<Map<String, Object>> ios() {
    Set<String> written = new HashSet<>();
    List<Map<String, Object>> all = new ArrayList<>();
    for (Node io : items(root, "io")) {
      if (written.add(io.text("name"))) {
        all.add(fields(io));
      }
    }
    ofGroups().stream().filter(io -> written.add(io.name())).map(GroupIo::entry).forEach(all::add);
    return all;
  }

  /** The whole file with all of them under {@code io}. */
  Map<String, Object> expanded() {
    Map<String, Object> all = fields(root);
    all.put("io", ios());
    return all;
  }

  private static List<Node> items(Node map, String key) {
    Node node = map.get(key);
    return node == null ? List.of() : node.items();
  }

  /** In the order of the file. */
  private static Map<String, Object> fields(Node map) {
    Map<String, Object> all = new LinkedHashMap<>();
    map.fields().forEach((key, field) -> all.put(key, value(field.value())));
    return all;
  }

  private static Object value(Node node) {
    if (node.is(Kind.LIST)) {
      return node.items().stream().map(Definition::value).toList();
    }
    return node.is(Kind.MAP) ? fields(node) : node.value();
  }
}
