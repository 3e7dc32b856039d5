// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.Refused;
import consort.api.typed.TypedView;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** What this node offers under one interface: an instrument, or a typed view of one. */
final class Export {

  private final Instrument instrument;
  private final Class<?> type;
  private final Map<String, Object> properties;

  /** Commands by signature; null for the dynamic interface, where names do. */
  private final Map<String, String> commands;

  private InstrumentInfo last;
  private long revision;

  Export(Instrument instrument, Class<?> type, Map<String, Object> properties) {
    this.instrument = instrument;
    this.type = type;
    this.properties = Map.copyOf(properties);
    this.commands = type == Instrument.class ? null : signatures(type);
  }

  /** The commands of a typed interface by what tells them apart on the wire. */
  static Map<String, String> signatures(Class<?> type) {
    Map<String, String> commands = new HashMap<>();
    TypedView.commands(type).forEach(info -> commands.put(signature(info), info.name()));
    return commands;
  }

  /** {@code set_voltage(double)void}: name and types, which must be equal on both nodes. */
  static String signature(CommandInfo info) {
    return info.parameters().stream()
        .map(p -> p.type().toString())
        .collect(Collectors.joining(",", info.name() + "(", ")" + info.result()));
  }

  /** How endpoints of this node are told apart. */
  static String target(String instrument, String type) {
    return instrument + "#" + type;
  }

  String target() {
    return target(instrument.name(), type.getName());
  }

  Instrument instrument() {
    return instrument;
  }

  /** The properties of its endpoint. */
  Map<String, Object> properties() {
    return properties;
  }

  /**
   * The name of a command that is asked for.
   *
   * @throws Refused when the interface has none of that signature
   */
  String command(String asked) {
    String name = commands == null ? asked : commands.get(asked);
    if (name == null) {
      throw new Refused(
          ErrorCode.UNKNOWN_COMMAND,
          instrument.name()
              + ": "
              + type.getSimpleName()
              + " has no "
              + asked
              + " here; the nodes have different versions of "
              + type.getPackageName());
    }
    return name;
  }

  /** What it can do now, and which description that is. */
  InfoCodec.Described described() {
    InstrumentInfo info = instrument.info();
    synchronized (this) {
      if (info != last) {
        last = info;
        revision++;
      }
      return new InfoCodec.Described(revision, info);
    }
  }

  /** Which description is the one of now; 0 for none yet. */
  long revision() {
    try {
      return described().revision();
    } catch (InstrumentException neverConnected) {
      return 0;
    }
  }
}
