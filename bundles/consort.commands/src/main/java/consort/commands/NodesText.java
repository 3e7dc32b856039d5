// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import static consort.commands.Texts.maps;
import static consort.commands.Texts.text;

import java.util.List;
import java.util.Map;

/** What {@code nodes} replies, for people: who this node uses, and who uses it. */
final class NodesText {

  /** How many characters of names stand in a line; programs get all of them. */
  private static final int LONGEST = 40;

  private NodesText() {}

  static String of(Map<String, ?> reply) {
    if (!(reply.get("node") instanceof Map<?, ?>)) {
      return text(reply, "text");
    }
    Map<String, ?> own = Texts.map(reply.get("node"));
    boolean listens = Boolean.TRUE.equals(own.get("connected"));
    Table table = new Table("NODE", "ADDRESS", "STATE", "INSTRUMENTS");
    table.row(
        text(own, "name"),
        orNothing(own, "address"),
        "this node" + (listens ? "" : ": " + text(own, "text")),
        listens ? instruments(own) : "");
    for (Map<String, ?> n : maps(reply, "nodes")) {
      boolean connected = Boolean.TRUE.equals(n.get("connected"));
      table.row(
          orNothing(n, "name"),
          text(n, "address"),
          connected
              ? "connected since " + Texts.moment(text(n, "since"))
              : "not connected: " + text(n, "text"),
          connected ? instruments(n) : "");
    }
    List<Map<String, ?>> users = maps(reply, "users");
    if (users.isEmpty()) {
      return listens ? table + "\n\nNo other node uses this one" : table.toString();
    }
    Table using = new Table("USED BY", "FROM", "PROVEN", "ROLE", "CALLS", "SINCE", "INSTRUMENTS");
    for (Map<String, ?> u : users) {
      String from = text(u, "address");
      using.row(
          text(u, "name"),
          from.isEmpty() ? "this computer" : from,
          Boolean.TRUE.equals(u.get("proven")) ? "by certificate" : "no",
          text(u, "role"),
          text(u, "calls"),
          Texts.moment(text(u, "since")),
          instruments(u));
    }
    return table + "\n\n" + using;
  }

  private static String orNothing(Map<String, ?> node, String key) {
    String text = text(node, key);
    return text.isEmpty() ? "-" : text;
  }

  /** How many, and the first of them: {@code 12: DMM1, DMM2, …}. */
  private static String instruments(Map<String, ?> node) {
    if (!(node.get("instruments") instanceof List<?> names) || names.isEmpty()) {
      return "none";
    }
    StringBuilder line = new StringBuilder(names.size() + ": " + names.get(0));
    for (Object name : names.subList(1, names.size())) {
      if (line.length() + name.toString().length() > LONGEST) {
        return line + ", …";
      }
      line.append(", ").append(name);
    }
    return line.toString();
  }
}
