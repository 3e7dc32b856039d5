// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import consort.commands.Json;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.osgi.framework.Constants;
import org.osgi.service.remoteserviceadmin.EndpointDescription;
import org.osgi.service.remoteserviceadmin.RemoteConstants;

/**
 * What other nodes are to know of an endpoint: its properties of remote services, as far as they
 * are text, whole numbers, booleans and lists of text. It stands on a {@link Page}.
 *
 * @param computer where an endpoint is that can only be reached from there; empty for others
 * @param properties of the endpoint; whole numbers are longs
 */
public record Announcement(String computer, Map<String, Object> properties) {

  private static final int LONGEST_NAME = 80;

  /** Copies. */
  public Announcement {
    properties = Map.copyOf(properties);
  }

  /** What others are to know of an endpoint of this node. */
  static Announcement of(EndpointDescription endpoint, String computer) {
    Map<String, Object> some = new HashMap<>();
    endpoint
        .getProperties()
        .forEach(
            (key, value) -> {
              Object plain = value instanceof Object[] array ? List.of(array) : value;
              if (plain instanceof Integer number) {
                plain = number.longValue();
              }
              if (isPlain(plain)) {
                some.put(key, plain);
              }
            });
    boolean everywhere = endpoint.getId().startsWith("tls:");
    return new Announcement(everywhere ? "" : computer, some);
  }

  private static boolean isPlain(Object value) {
    return value instanceof String
        || value instanceof Long
        || value instanceof Boolean
        || (value instanceof Collection<?> many
            && many.stream().allMatch(String.class::isInstance));
  }

  /**
   * Takes what somebody wrote.
   *
   * @param same names and values that were read before, each to be used again where it is equal
   * @throws IllegalArgumentException when it is none; says why
   */
  static Announcement read(Object written, Map<Object, Object> same) {
    if (!(written instanceof Map<?, ?> all)
        || !(all.get("computer") instanceof String computer)
        || !(all.get("endpoint") instanceof Map<?, ?> endpoint)) {
      throw new IllegalArgumentException("an endpoint has no computer or no properties");
    }
    Map<String, Object> properties = new HashMap<>();
    endpoint.forEach(
        (key, value) -> {
          Object plain = value instanceof Integer number ? Long.valueOf(number) : value;
          if (!isPlain(plain)) {
            throw new IllegalArgumentException(
                "the value of " + key + " is neither text, a whole number, a boolean nor texts");
          }
          properties.put((String) once(key, same), once(plain, same));
        });
    Announcement read = new Announcement(computer, properties);
    read.check();
    return read;
  }

  private static Object once(Object value, Map<Object, Object> same) {
    Object before = same.putIfAbsent(value, value);
    return before == null ? value : before;
  }

  /** As remote services check it: an id, interfaces with versions, a configuration type. */
  private void check() {
    Map<String, Object> map = new HashMap<>(properties);
    if (!(map.get(RemoteConstants.ENDPOINT_ID) instanceof String)
        || !(map.get(Constants.OBJECTCLASS) instanceof Collection<?> classes)) {
      throw new IllegalArgumentException("it has no endpoint.id or no objectClass");
    }
    map.put(Constants.OBJECTCLASS, classes.toArray(String[]::new));
    new EndpointDescription(map);
  }

  /**
   * How it stands on a page.
   *
   * @throws IllegalArgumentException when its properties are too many for any
   */
  byte[] bytes() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("computer", computer);
    all.put("endpoint", new TreeMap<>(properties));
    byte[] bytes = Json.write(all).getBytes(StandardCharsets.UTF_8);
    if (bytes.length > Page.LARGEST_ENTRY) {
      throw new IllegalArgumentException(
          "%s has %d bytes of properties; at most %d are announced"
              .formatted(id(), bytes.length, Page.LARGEST_ENTRY));
    }
    return bytes;
  }

  String id() {
    return (String) properties.get(RemoteConstants.ENDPOINT_ID);
  }

  String framework() {
    return String.valueOf(properties.get(RemoteConstants.ENDPOINT_FRAMEWORK_UUID));
  }

  /** Something as a part of a path. */
  static String segment(String text) {
    String readable = text.replaceAll("[^A-Za-z0-9._-]", "-");
    readable = readable.substring(0, Math.min(LONGEST_NAME, readable.length()));
    return readable.isEmpty() || readable.startsWith(".") ? "_" + readable : readable;
  }
}
