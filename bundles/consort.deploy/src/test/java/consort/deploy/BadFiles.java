// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Wrong instrument files and what is said of them. */
final class BadFiles {

  /** What makes a file complete when its other keys are the matter. */
  static final String GOOD = "name: A\ndriver: d\n";

  private BadFiles() {}

  private static Arguments bad(String what, String text, String... findings) {
    return Arguments.of(what, text, List.of(findings));
  }

  static Stream<Arguments> all() {
    return Stream.of(syntax(), refused(), ambiguous(), keys(), values()).flatMap(s -> s);
  }

  private static Stream<Arguments> syntax() {
    return Stream.of(
        bad("empty", "", "i.yaml: the file is empty"),
        bad("comment only", "# nothing\n", "i.yaml: the file is empty"),
        bad("nothing", "---\n", "i.yaml:2:1: the file says nothing"),
        bad("text", "hello", "i.yaml:1:1: 'hello' is text, not a map"),
        bad("list", "- name: A\n", "i.yaml:1:1: this is a list, not a map"),
        bad(
            "half a map",
            "name: A\ndri",
            "i.yaml:2:4: this is not YAML: while scanning a simple key: could not find expected ':'"),
        bad(
            "open quote",
            "name: \"A\ndriver: d\n",
            "i.yaml:3:1: this is not YAML: while scanning a quoted scalar: found unexpected end of stream"),
        bad(
            "open bracket",
            "name: A\nsettings: [1, 2\n",
            "i.yaml:3:1: this is not YAML: while parsing a flow sequence: expected ',' or ']', but got <stream end>"),
        bad(
            "two colons",
            "name: A: B\n",
            "i.yaml:1:8: this is not YAML: mapping values are not allowed here"),
        bad(
            "tab",
            "name: A\nsettings:\n\ta: 1\n",
            "i.yaml:3:1: this is not YAML: while scanning for the next token: found character '\\t(TAB)' that cannot start any token. (Do not use \\t(TAB) for indentation)"),
        bad(
            "control character",
            "name: A\ndriver: d\u0001\n",
            "i.yaml:2:10: the control character U+0001 is not allowed"),
        bad(
            "wrong indentation",
            "name: A\n driver: d\n",
            "i.yaml:2:8: this is not YAML: mapping values are not allowed here"));
  }

  private static Stream<Arguments> refused() {
    return Stream.of(
        bad(
            "anchor",
            GOOD + "settings: {a: &x 1}\n",
            "i.yaml:3:15: /settings/a: the anchor &x is not allowed; leave it out"),
        bad(
            "anchor and alias",
            GOOD + "settings: {a: &x {k: 1}, b: *x}\n",
            "i.yaml:3:15: /settings/a: the anchor &x is not allowed; leave it out",
            "i.yaml:3:29: /settings/b: the alias *x is not allowed; write the value itself"),
        bad(
            "tag",
            GOOD + "settings: {a: !!int \"1\"}\n",
            "i.yaml:3:15: /settings/a: the tag !!int is not allowed; leave it out"),
        bad(
            "tag of a class",
            GOOD + "settings: !!javax.script.ScriptEngineManager [1]\n",
            "i.yaml:3:11: /settings: the tag !!javax.script.ScriptEngineManager is not allowed; leave it out"),
        bad(
            "local tag",
            GOOD + "labels: {a: !mine b}\n",
            "i.yaml:3:13: /labels/a: the tag !mine is not allowed; leave it out"),
        bad(
            "merge key",
            GOOD + "settings: {<<: {a: 1}}\n",
            "i.yaml:3:12: /settings: the merge key << is not allowed; write the keys themselves"),
        bad(
            "key twice",
            GOOD + "name: B\n",
            "i.yaml:3:1: /name: this key stands here a second time; first in line 1"),
        bad(
            "inner key twice",
            GOOD + "settings:\n  a: 1\n  a: 2\n",
            "i.yaml:5:3: /settings/a: this key stands here a second time; first in line 4"),
        bad(
            "two documents",
            GOOD + "---\n" + GOOD,
            "i.yaml:3:1: a second document begins here; a file has one, so write another file"),
        bad(
            "number as key",
            GOOD + "settings: {1: a}\n",
            "i.yaml:3:12: /settings: a key is text, but 1 is an integer; put it in quotes"),
        bad(
            "list as key",
            GOOD + "settings: {[1]: a}\n",
            "i.yaml:3:12: /settings: a key is text, but this is a list; put it in quotes"),
        bad(
            "no key",
            GOOD + "settings:\n  ?\n  : a\n",
            "i.yaml:4:4: /settings: a key is missing before ':'"),
        bad(
            "too deep",
            GOOD + "settings: {a: " + "[".repeat(40) + "]".repeat(40) + "}\n",
            "i.yaml:3:46: this is nested deeper than 32 levels; flatten it"));
  }

  private static Stream<Arguments> ambiguous() {
    String number = "one number to some and another, or text, to others; write it plainly, or";
    String bool = "a boolean to some and text to others; write true or false, or";
    return Stream.of(
        bad(
            "no as a name",
            "name: no\ndriver: d\n",
            "i.yaml:1:7: /name: no without quotes is " + bool + " put it in quotes: \"no\""),
        bad(
            "on for true",
            GOOD + "export: on\n",
            "i.yaml:3:9: /export: on without quotes is " + bool + " put it in quotes: \"on\""),
        bad(
            "octal",
            GOOD + "labels: {inventory: 010}\n",
            "i.yaml:3:21: /labels/inventory: 010 without quotes is "
                + number
                + " put it in quotes: \"010\""),
        bad(
            "sexagesimal",
            GOOD + "settings: {at: 12:30}\n",
            "i.yaml:3:16: /settings/at: 12:30 without quotes is "
                + number
                + " put it in quotes: \"12:30\""),
        bad(
            "grouped digits",
            GOOD + "settings: {n: 1_000}\n",
            "i.yaml:3:15: /settings/n: 1_000 without quotes is "
                + number
                + " put it in quotes: \"1_000\""),
        bad(
            "date",
            GOOD + "labels: {calibrated: 2026-01-31}\n",
            "i.yaml:3:22: /labels/calibrated: 2026-01-31 without quotes is a date to some and text"
                + " to others; put it in quotes: \"2026-01-31\""),
        bad(
            "no value",
            GOOD + "connection:\n",
            "i.yaml:3:12: /connection: this has no value; write one, or leave the key out"),
        bad(
            "null",
            GOOD + "settings: {a: null}\n",
            "i.yaml:3:15: /settings/a: this has no value; write one, or leave the key out"),
        bad(
            "too large an integer",
            GOOD + "settings: {a: 9223372036854775808}\n",
            "i.yaml:3:15: /settings/a: this number is too large; put it in quotes if it is text"),
        bad(
            "too large a number",
            GOOD + "settings: {a: 1e999}\n",
            "i.yaml:3:15: /settings/a: this number is too large; put it in quotes if it is text"));
  }

  private static Stream<Arguments> keys() {
    return Stream.of(
        bad(
            "no name, no driver",
            "export: true\n",
            "i.yaml:1:1: /name: this key is missing",
            "i.yaml:1:1: driver or api_ref is missing; write one of them"),
        bad(
            "driver and definition",
            GOOD + "api_ref: a.yaml\nconnection: X\nio_config: {}\n",
            "i.yaml:3:1: /api_ref: driver and api_ref exclude each other; write one of them",
            "i.yaml:3:10: /api_ref: API definition file not found: @/a.yaml"),
        bad(
            "definition without connection",
            "name: A\napi_ref: a.yaml\nio_config: {}\n",
            "i.yaml:1:1: /connection: this key is missing, and needed with api_ref",
            "i.yaml:2:10: /api_ref: API definition file not found: @/a.yaml"),
        bad(
            "misspelled key",
            GOOD + "conection: X\n",
            "i.yaml:3:1: /conection: unknown key 'conection'; did you mean 'connection'?"),
        bad(
            "misspelled inner key",
            GOOD + "connection: {type: Custom, baud_rate: 9600}\n",
            "i.yaml:3:28: /connection/baud_rate: unknown key 'baud_rate'; did you mean 'baudrate'?"),
        bad(
            "unknown key",
            GOOD + "startup: {colour: red}\n",
            "i.yaml:3:11: /startup/colour: unknown key 'colour'; allowed are delay_ms, init_commands"),
        bad(
            "no type of connection",
            GOOD + "connection: {address: X}\n",
            "i.yaml:3:13: /connection/type: this key is missing"),
        bad(
            "VISA without address",
            GOOD + "connection: {type: VISA}\n",
            "i.yaml:3:13: /connection/address: this key is missing"),
        bad(
            "input without role",
            GOOD + "io_config: {a: {type: int}}\n",
            "i.yaml:3:16: /io_config/a/role: this key is missing"));
  }

  private static Stream<Arguments> values() {
    String duration =
        ": a duration is a number and a unit (us, ms, s, min, h), like 500ms, 1.5s, 2min";
    String durations = "^[0-9]{1,9}([.][0-9]{1,9})? ?(us|ms|s|min|h)$";
    return Stream.of(
        bad(
            "name that begins with a digit",
            "name: 1DMM\ndriver: d\n",
            "i.yaml:1:7: /name: '1DMM' does not match ^[A-Za-z][A-Za-z0-9_]*$: a name begins with a"
                + " letter and has letters, digits and underscores only"),
        bad(
            "name with a line feed",
            "name: \"A\\n\"\ndriver: d\n",
            "i.yaml:1:7: /name: 'A\\n' does not match ^[A-Za-z][A-Za-z0-9_]*$: a name begins with a"
                + " letter and has letters, digits and underscores only"),
        bad(
            "endless name",
            "name: " + "A".repeat(100_000) + "\ndriver: d\n",
            "i.yaml:1:7: /name: '" + "A".repeat(60) + "…' is longer than 64 characters"),
        bad(
            "number as name",
            "name: 5\ndriver: d\n",
            "i.yaml:1:7: /name: 5 is an integer, not text; in quotes '5' does not match ^[A-Za-z][A-Za-z0-9_]*$: a name begins with a letter and has letters, digits and underscores only"),
        bad(
            "unknown type of connection",
            GOOD + "connection: {type: Serial, address: X}\n",
            "i.yaml:3:20: /connection/type: 'Serial' is not one of VISA, Custom, Simulated, None"),
        bad(
            "type in small letters",
            GOOD + "connection: {type: visa, address: X}\n",
            "i.yaml:3:20: /connection/type: 'visa' is not one of VISA, Custom, Simulated, None;"
                + " did you mean 'VISA'?"),
        bad(
            "connection is a number",
            GOOD + "connection: 5\n",
            "i.yaml:3:13: /connection: 5 is an integer, not text or a map; put it in quotes"),
        bad(
            "text for a number",
            GOOD + "connection: {type: None, baudrate: \"9600\"}\n",
            "i.yaml:3:36: /connection/baudrate: '9600' is text, not an integer; leave the quotes out"),
        bad(
            "word for a number",
            GOOD + "connection: {type: None, baudrate: fast}\n",
            "i.yaml:3:36: /connection/baudrate: 'fast' is text, not an integer"),
        bad(
            "half a bit",
            GOOD + "connection: {type: None, data_bits: 7.5}\n",
            "i.yaml:3:37: /connection/data_bits: 7.5 is a number, not an integer"),
        bad(
            "number out of range",
            GOOD + "connection: {type: None, data_bits: 9}\n",
            "i.yaml:3:37: /connection/data_bits: 9 is outside [5, 8]"),
        bad(
            "number not among the options",
            GOOD + "connection: {type: None, stop_bits: 3}\n",
            "i.yaml:3:37: /connection/stop_bits: 3 is not one of 1, 1.5, 2"),
        bad(
            "long termination",
            GOOD + "connection: {type: None, termination: abcd}\n",
            "i.yaml:3:39: /connection/termination: 'abcd' is longer than 3 characters"),
        bad(
            "not a number where one is wanted",
            GOOD + "io_config: {a: {type: int, role: input, scale: .nan}}\n",
            "i.yaml:3:48: /io_config/a/scale: NaN is a number, not a finite number"),
        bad(
            "name of an input",
            GOOD + "io_config: {1a: {type: int, role: input}}\n",
            "i.yaml:3:13: /io_config/1a: '1a' does not match ^[A-Za-z_][A-Za-z0-9_]*$: the name of an"
                + " input or output begins with a letter or underscore and has letters, digits and"
                + " underscores only"),
        bad(
            "inputs twice",
            GOOD + "settings: {io_config: {}}\nio_config: {}\n",
            "i.yaml:3:23: /settings/io_config: io_config is a key of its own already; leave this one out"),
        bad(
            "number among the commands",
            GOOD + "startup: {init_commands: [\"*CLS\", 5]}\n",
            "i.yaml:3:35: /startup/init_commands/1: 5 is an integer, not text; put it in quotes"),
        bad(
            "one command without a list",
            GOOD + "startup: {init_commands: \"*CLS\"}\n",
            "i.yaml:3:26: /startup/init_commands: '*CLS' is text, not a list"),
        bad(
            "negative delay",
            GOOD + "startup: {delay_ms: -1}\n",
            "i.yaml:3:21: /startup/delay_ms: -1 is outside [0, 600000]"),
        bad(
            "deadline without unit",
            GOOD + "deadline: 30\n",
            "i.yaml:3:11: /deadline: 30 is an integer, not text; in quotes '30' does not match "
                + durations
                + duration),
        bad(
            "deadline with an unknown unit",
            GOOD + "deadline: 30 days\n",
            "i.yaml:3:11: /deadline: '30 days' does not match " + durations + duration),
        bad(
            "no deadline at all",
            GOOD + "deadline: 0s\n",
            "i.yaml:3:11: /deadline: a duration of nothing is not allowed"),
        bad(
            "version without quotes",
            GOOD + "version: 1.10\n",
            "i.yaml:3:10: /version: 1.1 is a number, not text; put it in quotes"),
        bad(
            "range of versions",
            GOOD + "version: \"[1,2)\"\n",
            "i.yaml:3:10: /version: '[1,2)' does not match"
                + " ^[0-9]{1,9}([.][0-9]{1,9}){0,2}([.][A-Za-z0-9_-]+)?$: a version is up to three"
                + " numbers and perhaps a qualifier: \"1\", \"1.2\", \"1.2.3\", \"1.2.3.rc1\""),
        bad(
            "back-off that shrinks",
            GOOD + "reconnect: {first: 10s, cap: 1s}\n",
            "i.yaml:3:30: /reconnect/cap: the longest wait (cap) is shorter than the first (10000 ms)"),
        bad(
            "reconnect is text",
            GOOD + "reconnect: never\n",
            "i.yaml:3:12: /reconnect: 'never' is text, not true or false or a map"),
        bad(
            "requires itself",
            "name: PSU1\ndriver: d\nrequires: [{instrument: PSU1}]\n",
            "i.yaml:3:12: /requires/0: PSU1 cannot require itself"),
        bad(
            "requires a state that is none",
            GOOD + "requires: [{instrument: CRYO, state: COLD}]\n",
            "i.yaml:3:38: /requires/0/state: 'COLD' is not one of READY, OFFLINE, STOPPED"),
        bad(
            "health without an interval that passes",
            GOOD + "health: {interval: 0s}\n",
            "i.yaml:3:20: /health/interval: a duration of nothing is not allowed"),
        bad(
            "isolation",
            GOOD + "isolation: process\n",
            "i.yaml:3:12: /isolation: process is not supported by this version; write none, or leave"
                + " the key out"),
        bad(
            "text for a boolean",
            GOOD + "export: \"true\"\n",
            "i.yaml:3:9: /export: 'true' is text, not true or false; leave the quotes out"),
        bad(
            "number as label",
            GOOD + "labels: {shelf: 4}\n",
            "i.yaml:3:17: /labels/shelf: 4 is an integer, not text; put it in quotes"),
        bad(
            "everything at once",
            "name: 1\ndrivr: d\nsettings: {a: *x}\nexport: 1\n",
            "i.yaml:1:1: driver or api_ref is missing; write one of them",
            "i.yaml:1:7: /name: 1 is an integer, not text; in quotes '1' does not match ^[A-Za-z][A-Za-z0-9_]*$: a name begins with a letter and has letters, digits and underscores only",
            "i.yaml:2:1: /drivr: unknown key 'drivr'; did you mean 'driver'?",
            "i.yaml:3:15: /settings/a: the alias *x is not allowed; write the value itself",
            "i.yaml:4:9: /export: 1 is an integer, not true or false"));
  }
}
