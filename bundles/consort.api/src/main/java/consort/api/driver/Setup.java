// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import consort.api.ParameterInfo;
import consort.api.link.Link;
import consort.api.link.LinkSettings;
import consort.api.link.Links;
import consort.api.typed.TypeMapping;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a factory makes a driver instance of.
 *
 * @param instrument the name of the instrument
 * @param settings the settings of its file, converted and checked against {@link
 *     DriverFactory#settings()}, defaults filled in, by canonical name
 * @param connection its connection
 * @param links opens links; they are closed when the instance is discarded
 */
public record Setup(
    String instrument, Map<String, Object> settings, Connection connection, Links links) {

  /** Checks and copies. */
  public Setup {
    Objects.requireNonNull(instrument, "instrument");
    Objects.requireNonNull(connection, "connection");
    Objects.requireNonNull(links, "links");
    settings = Map.copyOf(settings);
  }

  /**
   * The link of the instrument's connection, for lines of text. Nothing is opened before the first
   * use.
   *
   * @param terminator what ends a line in both directions, unless the file says otherwise
   */
  public Link textLink(String terminator) {
    return links.open(connection, LinkSettings.text(terminator));
  }

  /** The settings as a record: the one that {@link #schema} was given. */
  public <R extends Record> R settings(Class<R> type) {
    return type.cast(TypeMapping.of(type).toJava(settings));
  }

  /**
   * The schema of settings that a record describes: its components, with the annotations {@link
   * Unit}, {@link Range}, {@link Options}, {@link Default}, {@link Doc}. A component with a default
   * is optional.
   */
  public static List<ParameterInfo> schema(Class<? extends Record> type) {
    return TypeMapping.of(type).type().fields();
  }
}
