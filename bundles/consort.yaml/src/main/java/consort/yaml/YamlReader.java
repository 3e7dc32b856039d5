// SPDX-License-Identifier: Apache-2.0
package consort.yaml;

import consort.yaml.Node.Field;
import consort.yaml.Node.Kind;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.DocumentStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.parser.Parser;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.ReaderException;
import org.yaml.snakeyaml.reader.StreamReader;

/**
 * Reads one YAML document from SnakeYAML's events, strictly: one document; no anchors, aliases,
 * tags or merge keys; no key twice; keys are text. What YAML 1.1 and 1.2 read differently ({@code
 * no}, {@code on}, {@code 010}, {@code 12:30}, {@code 1_000}) is refused wherever it stands without
 * quotes, and so is nothing at all. JSON is read as well, being YAML.
 */
public final class YamlReader {

  /** The most bytes a file may have. */
  public static final int LONGEST = 1 << 20;

  /** Deeper nesting is no file of ours, but an attempt on the stack. */
  public static final int DEEPEST = 32;

  /** What is longer is no number to anybody; telling so of a megabyte would take minutes. */
  private static final int LONGEST_NUMBER = 100;

  private static final Pattern BOOLEAN = Pattern.compile("true|True|TRUE|false|False|FALSE");
  private static final Pattern OLD_BOOLEAN =
      Pattern.compile("yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF");
  private static final Pattern NOTHING = Pattern.compile("|~|null|Null|NULL");
  private static final Pattern INTEGER = Pattern.compile("[-+]?(0|[1-9][0-9]*)");
  private static final Pattern HEX = Pattern.compile("0x[0-9a-fA-F]+");
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
  private static final Pattern NOT_FINITE =
      Pattern.compile("[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)");
  private static final Pattern OLD_NUMBER =
      Pattern.compile(
          "[-+]?0[0-9_]+|0o[0-7]+|[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?[0-9][0-9_]*_[0-9_]*(\\.[0-9_]*)?"
              + "|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\\.[0-9_]*)?");
  private static final Pattern DATE =
      Pattern.compile("[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \\t].*)?");

  private final Problems problems;
  private final Parser parser;

  private YamlReader(Parser parser, Problems problems) {
    this.parser = parser;
    this.problems = problems;
  }

  /**
   * The document in these bytes, which must be UTF-8 and at most {@link #LONGEST}.
   *
   * @param problems gets what is wrong
   * @return null when there is no document at all
   */
  public static Node read(byte[] bytes, Problems problems) {
    if (bytes.length > LONGEST) {
      problems.error("the file has " + bytes.length + " bytes; at most 1 MiB is read");
      return null;
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return read(text.startsWith("\uFEFF") ? text.substring(1) : text, problems);
    } catch (CharacterCodingException e) {
      String good = new String(bytes, StandardCharsets.UTF_8);
      int line = (int) good.substring(0, good.indexOf('\uFFFD')).lines().count();
      problems.error(Math.max(line, 1), 0, "this is not UTF-8 text; save the file as UTF-8");
      return null;
    }
  }

  /**
   * The document in a text.
   *
   * @param problems gets what is wrong
   * @return null when there is no document at all
   */
  public static Node read(String text, Problems problems) {
    try {
      LoaderOptions options = new LoaderOptions();
      options.setCodePointLimit(text.length() + 1);
      return new YamlReader(new ParserImpl(new StreamReader(text), options), problems).document();
    } catch (MarkedYAMLException e) {
      Mark mark = e.getProblemMark() == null ? e.getContextMark() : e.getProblemMark();
      String context = e.getContext() == null ? "" : e.getContext() + ": ";
      problems.error(
          mark == null ? 0 : mark.getLine() + 1,
          mark == null ? 0 : mark.getColumn() + 1,
          "this is not YAML: " + context + e.getProblem());
    } catch (ReaderException e) {
      String before = text.substring(0, Math.min(e.getPosition(), text.length()));
      int line = (int) before.chars().filter(c -> c == '\n').count() + 1;
      problems.error(
          line,
          before.length() - before.lastIndexOf('\n'),
          "the control character U+%04X is not allowed".formatted(e.getCodePoint()));
    } catch (TooDeep e) {
      problems.error(
          e.line, e.column, "this is nested deeper than " + DEEPEST + " levels; flatten it");
    } catch (YAMLException e) {
      problems.error("this is not YAML: " + e.getMessage());
    }
    return null;
  }

  private static final class TooDeep extends RuntimeException {
    private static final long serialVersionUID = 1L;
    final int line;
    final int column;

    TooDeep(Mark mark) {
      super(null, null, false, false);
      line = mark.getLine() + 1;
      column = mark.getColumn() + 1;
    }
  }

  private Node document() {
    parser.getEvent();
    if (parser.checkEvent(Event.ID.StreamEnd)) {
      problems.error("the file is empty");
      return null;
    }
    DocumentStartEvent start = (DocumentStartEvent) parser.getEvent();
    if (start.getTags() != null && !start.getTags().isEmpty()) {
      problems.error(line(start), column(start), "the directive %TAG is not allowed; leave it out");
    }
    Node root = node(Pointer.ROOT, 0);
    parser.getEvent();
    if (!parser.checkEvent(Event.ID.StreamEnd)) {
      Event second = parser.peekEvent();
      problems.error(
          line(second),
          column(second),
          "a second document begins here; a file has one, so write another file");
    }
    return root;
  }

  private Node node(Pointer path, int depth) {
    Event event = parser.getEvent();
    if (depth > DEEPEST) {
      throw new TooDeep(event.getStartMark());
    }
    if (event instanceof AliasEvent alias) {
      error(
          event,
          path,
          "the alias *" + alias.getAnchor() + " is not allowed; write the value itself");
      return broken(path, event);
    }
    if (event instanceof NodeEvent anchored && anchored.getAnchor() != null) {
      error(event, path, "the anchor &" + anchored.getAnchor() + " is not allowed; leave it out");
    }
    if (event instanceof ScalarEvent scalar) {
      if (scalar.getTag() != null) {
        return tagged(path, event, scalar.getTag());
      }
      return scalar.isPlain()
          ? plain(path, scalar)
          : node(path, Kind.TEXT, scalar.getValue(), event);
    }
    Node out =
        event.is(Event.ID.SequenceStart) ? list(path, event, depth) : map(path, event, depth);
    String tag = ((CollectionStartEvent) event).getTag();
    return tag == null ? out : tagged(path, event, tag);
  }

  private Node tagged(Pointer path, Event event, String tag) {
    String shown = tag.startsWith("tag:yaml.org,2002:") ? "!!" + tag.substring(18) : tag;
    error(event, path, "the tag " + shown + " is not allowed; leave it out");
    return broken(path, event);
  }

  private Node list(Pointer path, Event start, int depth) {
    List<Node> items = new ArrayList<>();
    while (!parser.checkEvent(Event.ID.SequenceEnd)) {
      items.add(node(path.to(items.size()), depth + 1));
    }
    parser.getEvent();
    return node(path, Kind.LIST, Collections.unmodifiableList(items), start);
  }

  private Node map(Pointer path, Event start, int depth) {
    Map<String, Field> fields = new LinkedHashMap<>();
    while (!parser.checkEvent(Event.ID.MappingEnd)) {
      Event at = parser.peekEvent();
      String key = key(path, depth);
      Node value = node(key == null ? path : path.to(key), depth + 1);
      if (key == null) {
        continue;
      }
      Field first = fields.putIfAbsent(key, new Field(line(at), column(at), value));
      if (first != null) {
        error(
            at, path.to(key), "this key stands here a second time; first in line " + first.line());
      }
    }
    parser.getEvent();
    return node(path, Kind.MAP, Collections.unmodifiableMap(fields), start);
  }

  /** The text of a key, or null when it is none; that was reported. */
  private String key(Pointer path, int depth) {
    Event event = parser.peekEvent();
    if (event instanceof ScalarEvent scalar
        && scalar.isPlain()
        && scalar.getValue().equals("<<")
        && scalar.getTag() == null) {
      parser.getEvent();
      error(event, path, "the merge key << is not allowed; write the keys themselves");
      return null;
    }
    if (event instanceof ScalarEvent scalar && scalar.isPlain() && scalar.getValue().isEmpty()) {
      parser.getEvent();
      error(event, path, "a key is missing before ':'");
      return null;
    }
    Node key = node(path, depth + 1);
    if (key.is(Kind.TEXT)) {
      return (String) key.value();
    }
    if (!key.is(Kind.BROKEN)) {
      problems.error(key, "a key is text, but " + key.described() + "; put it in quotes");
    }
    return null;
  }

  private Node plain(Pointer path, ScalarEvent event) {
    String text = event.getValue();
    if (text.isEmpty() || "~nNtTfFyYoO+-.0123456789".indexOf(text.charAt(0)) < 0) {
      return text.isEmpty() ? nothing(path, event) : node(path, Kind.TEXT, text, event);
    }
    if (text.length() > LONGEST_NUMBER) {
      boolean number = NUMBER.matcher(text).matches() || HEX.matcher(text).matches();
      return number ? tooLarge(path, event) : node(path, Kind.TEXT, text, event);
    }
    if (INTEGER.matcher(text).matches()) {
      return integer(path, event, new BigInteger(text));
    }
    if (HEX.matcher(text).matches()) {
      return integer(path, event, new BigInteger(text.substring(2), 16));
    }
    if (BOOLEAN.matcher(text).matches()) {
      return node(path, Kind.BOOLEAN, text.equalsIgnoreCase("true"), event);
    }
    if (NOTHING.matcher(text).matches()) {
      return nothing(path, event);
    }
    if (OLD_BOOLEAN.matcher(text).matches()) {
      return ambiguous(
          path, event, "a boolean to some and text to others; write true or false, or");
    }
    if (OLD_NUMBER.matcher(text).matches()) {
      return ambiguous(
          path, event, "one number to some and another, or text, to others; write it plainly, or");
    }
    if (DATE.matcher(text).matches()) {
      return ambiguous(path, event, "a date to some and text to others;");
    }
    if (NUMBER.matcher(text).matches()) {
      double number = Double.parseDouble(text);
      return Double.isInfinite(number)
          ? tooLarge(path, event)
          : node(path, Kind.NUMBER, number, event);
    }
    if (NOT_FINITE.matcher(text).matches()) {
      boolean nan = text.toLowerCase(java.util.Locale.ROOT).endsWith("nan");
      double infinity = text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      return node(path, Kind.NUMBER, nan ? Double.NaN : infinity, event);
    }
    return node(path, Kind.TEXT, text, event);
  }

  private Node integer(Pointer path, Event event, BigInteger number) {
    if (number.bitLength() > 63) {
      return tooLarge(path, event);
    }
    // not a conditional expression: that would make a long of both
    if (number.bitLength() > 31) {
      return node(path, Kind.INTEGER, number.longValue(), event);
    }
    return node(path, Kind.INTEGER, number.intValue(), event);
  }

  private Node tooLarge(Pointer path, Event event) {
    error(event, path, "this number is too large; put it in quotes if it is text");
    return broken(path, event);
  }

  private Node ambiguous(Pointer path, ScalarEvent event, String what) {
    String text = event.getValue();
    error(event, path, text + " without quotes is " + what + " put it in quotes: \"" + text + '"');
    return broken(path, event);
  }

  private Node nothing(Pointer path, Event event) {
    error(
        event,
        path,
        path.parent() == null
            ? "the file says nothing"
            : "this has no value; write one, or leave the key out");
    return broken(path, event);
  }

  private void error(Event event, Pointer path, String message) {
    problems.error(line(event), column(event), path, message);
  }

  private static Node broken(Pointer path, Event event) {
    return node(path, Kind.BROKEN, "", event);
  }

  private static Node node(Pointer path, Kind kind, Object value, Event event) {
    return new Node(kind, value, line(event), column(event), path);
  }

  private static int line(Event event) {
    return event.getStartMark().getLine() + 1;
  }

  private static int column(Event event) {
    return event.getStartMark().getColumn() + 1;
  }
}
