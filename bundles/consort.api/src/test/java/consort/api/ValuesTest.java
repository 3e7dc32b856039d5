// SPDX-License-Identifier: Apache-2.0
package consort.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ValuesTest {

  private static final ValueType RANGE = ValueType.oneOf(List.of("AUTO", "mV", "MV", "SECONDS"));
  private static final ValueType POINT =
      ValueType.recordOf(
          List.of(
              ParameterInfo.of("x_axis", ValueType.DOUBLE),
              new ParameterInfo("label", ValueType.STRING, "", null, List.of(), true, "none", "")));

  static Stream<Arguments> takes() {
    byte[] bytes = {1, 2};
    return Stream.of(
        arguments(ValueType.BOOLEAN, true, true),
        arguments(ValueType.INT, 3, 3),
        arguments(ValueType.INT, 3.0, 3),
        arguments(ValueType.INT, 3L, 3),
        arguments(ValueType.INT, (byte) -3, -3),
        arguments(ValueType.INT, new BigDecimal("3e2"), 300),
        arguments(ValueType.INT, (long) Integer.MIN_VALUE, Integer.MIN_VALUE),
        arguments(ValueType.LONG, 3, 3L),
        arguments(ValueType.LONG, Long.MAX_VALUE, Long.MAX_VALUE),
        arguments(ValueType.LONG, BigInteger.valueOf(Long.MIN_VALUE), Long.MIN_VALUE),
        arguments(ValueType.DOUBLE, 3, 3.0),
        arguments(ValueType.DOUBLE, 1L << 53, 0x1p53),
        arguments(ValueType.DOUBLE, 0.5f, 0.5),
        arguments(ValueType.DOUBLE, new BigDecimal("0.1"), 0.1),
        arguments(ValueType.DOUBLE, BigInteger.TWO.pow(100), 0x1p100),
        arguments(ValueType.DOUBLE, Double.NaN, Double.NaN),
        arguments(ValueType.DOUBLE, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY),
        arguments(ValueType.STRING, "", ""),
        arguments(ValueType.STRING, new StringBuilder("µ\n"), "µ\n"),
        arguments(RANGE, "auto", "AUTO"),
        arguments(RANGE, "MV", "MV"),
        arguments(RANGE, TimeUnit.SECONDS, "SECONDS"),
        arguments(ValueType.BYTES, bytes, bytes),
        arguments(ValueType.arrayOf(null), new int[] {1, 2}, NumericArray.of(new int[] {1, 2})),
        arguments(ValueType.arrayOf(null), List.of(1, 2.5), NumericArray.of(new double[] {1, 2.5})),
        arguments(
            ValueType.arrayOf(NumericArray.Type.INT16),
            List.of(1, 2.0),
            NumericArray.of(new short[] {1, 2})),
        arguments(
            ValueType.arrayOf(NumericArray.Type.FLOAT64),
            NumericArray.of(new int[] {1, 2, 3, 4, 5, 6}, 2, 3),
            NumericArray.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3)),
        arguments(ValueType.listOf(ValueType.INT), List.of(1, 2.0), List.of(1, 2)),
        arguments(POINT, Map.of("XAxis", 1), Map.of("x_axis", 1.0, "label", "none")),
        arguments(ValueType.DURATION, Duration.ofDays(1), Duration.ofDays(1)),
        arguments(ValueType.DURATION, "500ms", Duration.ofMillis(500)),
        arguments(ValueType.DURATION, "1.5 s", Duration.ofMillis(1500)),
        arguments(ValueType.DURATION, "2us", Duration.ofNanos(2000)),
        arguments(ValueType.DURATION, "7ns", Duration.ofNanos(7)),
        arguments(ValueType.DURATION, "5min", Duration.ofMinutes(5)),
        arguments(ValueType.DURATION, "5m", Duration.ofMinutes(5)),
        arguments(ValueType.DURATION, "2h", Duration.ofHours(2)),
        arguments(ValueType.DURATION, "PT1M30S", Duration.ofSeconds(90)),
        arguments(ValueType.INSTANT, Instant.EPOCH, Instant.EPOCH),
        arguments(ValueType.INSTANT, "1970-01-01T00:00:00Z", Instant.EPOCH),
        arguments(ValueType.QUANTITY, "3.3 mV", new Quantity(3.3, "mV")),
        arguments(ValueType.QUANTITY, new Quantity(1, "A"), new Quantity(1, "A")),
        arguments(ValueType.VOID, null, null));
  }

  @ParameterizedTest
  @MethodSource("takes")
  void takesForEachKind(ValueType type, Object given, Object expected) {
    Object converted = Values.convert("SET x", type, given);

    assertThat(converted).isEqualTo(expected);
  }

  static Stream<Arguments> refuses() {
    return Stream.of(
        arguments(ValueType.BOOLEAN, 1, "1 is not a boolean"),
        arguments(ValueType.BOOLEAN, "true", "'true' is not a boolean"),
        arguments(ValueType.INT, 3.5, "3.5 is not an int"),
        arguments(ValueType.INT, "3", "'3' is not an int"),
        arguments(ValueType.INT, true, "true is not an int"),
        arguments(ValueType.INT, 1L << 31, "2147483648 is not an int"),
        arguments(ValueType.INT, Double.NaN, "NaN is not an int"),
        arguments(ValueType.INT, Double.POSITIVE_INFINITY, "Infinity is not an int"),
        arguments(ValueType.INT, null, "nothing is not an int"),
        arguments(ValueType.LONG, 1e19, "1.0E19 is not a long"),
        arguments(ValueType.LONG, BigInteger.TWO.pow(63), "9223372036854775808 is not a long"),
        arguments(ValueType.DOUBLE, "3.3", "'3.3' is not a double"),
        arguments(ValueType.DOUBLE, "", "'' is not a double"),
        arguments(ValueType.DOUBLE, (1L << 53) + 1, "9007199254740993 is not a double"),
        arguments(ValueType.DOUBLE, Long.MAX_VALUE, "9223372036854775807 is not a double"),
        arguments(
            ValueType.DOUBLE,
            BigInteger.TWO.pow(63).subtract(BigInteger.ONE),
            "9223372036854775807 is not a double"),
        arguments(ValueType.DOUBLE, new BigDecimal("1e400"), "1E+400 is not a double"),
        arguments(ValueType.DOUBLE, List.of(1), "[1] is not a double"),
        arguments(ValueType.DOUBLE, new Quantity(1, "V"), "1 V is not a double"),
        arguments(ValueType.STRING, 3, "3 is not a string"),
        arguments(RANGE, "slow", "'slow' is not one of AUTO, mV, MV, SECONDS"),
        arguments(RANGE, 1, "1 is not an AUTO|mV|MV|SECONDS"),
        arguments(ValueType.BYTES, "0102", "'0102' is not a bytes"),
        arguments(ValueType.arrayOf(null), List.of(1, "2"), "[1]: '2' is not a double"),
        arguments(ValueType.arrayOf(null), 1, "1 is not a number[]"),
        arguments(
            ValueType.arrayOf(NumericArray.Type.INT8), List.of(1, 128), "[1]: 128 is not a byte"),
        arguments(
            ValueType.arrayOf(NumericArray.Type.INT32),
            new double[] {1, 2.5},
            "[1]: 2.5 is not an int"),
        arguments(
            ValueType.arrayOf(NumericArray.Type.FLOAT32),
            new double[] {1e300},
            "[0]: 1.0E300 is not a float"),
        arguments(ValueType.arrayOf(null), Arrays.asList(1, null), "[1]: nothing is not a double"),
        arguments(ValueType.listOf(ValueType.INT), List.of(1, "x"), "[1]: 'x' is not an int"),
        arguments(ValueType.listOf(ValueType.INT), 1, "1 is not a list<int>"),
        arguments(POINT, Map.of("x_axis", 1, "y", 2), "has no parameter 'y'; it has x_axis, label"),
        arguments(POINT, Map.of("label", "a"), "x_axis is missing"),
        arguments(POINT, Map.of(1, 2), "1 is not the name of a field"),
        arguments(ValueType.DURATION, 5, "5 is not a duration"),
        arguments(ValueType.DURATION, "5", "'5' is not a duration"),
        arguments(ValueType.DURATION, "-5s", "'-5s' is not a duration"),
        arguments(ValueType.DURATION, "0.5ns", "'0.5ns' is not a duration"),
        arguments(ValueType.DURATION, "999999999999h", "'999999999999h' is not a duration"),
        arguments(ValueType.INSTANT, "yesterday", "'yesterday' is not an instant"),
        arguments(ValueType.QUANTITY, 3.3, "3.3 is not a quantity"),
        arguments(ValueType.QUANTITY, "3.3", "'3.3' is not a quantity"),
        arguments(ValueType.VOID, 1, "1 is not a void"));
  }

  @ParameterizedTest
  @MethodSource("refuses")
  void refusesForEachKindAndSaysWhat(ValueType type, Object given, String message) {
    assertThatThrownBy(() -> Values.convert("SET x", type, given))
        .isInstanceOf(Refused.class)
        .hasMessageStartingWith("SET x")
        .hasMessageEndingWith(message);
  }

  @Test
  void prefersTheOptionWithTheSameCase() {
    assertThat(Values.convert("SET", RANGE, "mV")).isEqualTo("mV");
    assertThat(Values.convert("SET", RANGE, "MV")).isEqualTo("MV");
  }

  @Test
  void keepsLongTextIntactAndShortensItInMessages() {
    String text = "ab\u0000".repeat(40_000);

    assertThat(Values.convert("SAY", ValueType.STRING, text)).isEqualTo(text);
    assertThatThrownBy(() -> Values.convert("SAY", ValueType.DOUBLE, text))
        .hasMessageContaining("is not a double")
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(120));
    assertThatThrownBy(() -> Values.convert("SAY", RANGE, text))
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(150));
  }

  // Limits

  private static ParameterInfo limited(ValueType type, double min, double max) {
    return new ParameterInfo("level", type, "V", new Limits(min, max), List.of(), false, null, "");
  }

  @Test
  void refusesANumberOutsideTheLimitsWithFactLimitAndUnit() {
    Refused refused =
        catchThrowableOfType(
            Refused.class,
            () -> Values.convert("SET_LEVEL", limited(ValueType.DOUBLE, -10, 10), 11));

    assertThat(refused).hasMessage("SET_LEVEL level: 11 V is outside [-10 V, 10 V]");
    assertThat(refused.code()).isEqualTo(ErrorCode.OUT_OF_RANGE);
  }

  @Test
  void takesTheLimitsThemselves() {
    assertThat(Values.convert("SET", limited(ValueType.DOUBLE, -10, 10), -10)).isEqualTo(-10.0);
    assertThat(Values.convert("SET", limited(ValueType.DOUBLE, -10, 10), 10)).isEqualTo(10.0);
  }

  @Test
  void refusesNotANumberWhereThereAreLimits() {
    ParameterInfo open = limited(ValueType.DOUBLE, 0, Double.POSITIVE_INFINITY);

    assertThatThrownBy(() -> Values.convert("SET", open, Double.NaN))
        .hasMessage("SET level: NaN V is outside [0 V, Infinity V]");
    assertThat(Values.convert("SET", ParameterInfo.of("level", ValueType.DOUBLE), Double.NaN))
        .isEqualTo(Double.NaN);
  }

  @Test
  void appliesLimitsToEveryElement() {
    assertThatThrownBy(
            () ->
                Values.convert(
                    "SET", limited(ValueType.arrayOf(null), 0, 1), new double[] {0, Double.NaN}))
        .hasMessage("SET level[1]: NaN V is outside [0 V, 1 V]");
    ValueType table = ValueType.listOf(ValueType.listOf(ValueType.DOUBLE));
    assertThatThrownBy(
            () -> Values.convert("SET", limited(table, 0, 1), List.of(List.of(0), List.of(1, 2))))
        .hasMessage("SET level[1][1]: 2 V is outside [0 V, 1 V]");
  }

  @Test
  void checksOptionsOfNumbersAndText() {
    ParameterInfo baud =
        new ParameterInfo("baud", ValueType.INT, "", null, List.of(9600, 19200), false, null, "");

    assertThat(Values.convert("SET", baud, 9600.0)).isEqualTo(9600);
    assertThatThrownBy(() -> Values.convert("SET", baud, 300))
        .hasMessage("SET baud: 300 is not one of 9600, 19200");
  }

  // Quantities

  @Test
  void takesAQuantityForANumberWithAUnit() {
    ParameterInfo level = limited(ValueType.DOUBLE, -10, 10);

    assertThat(Values.convert("SET", level, new Quantity(3300, "mV"))).isEqualTo(3.3);
    assertThatThrownBy(() -> Values.convert("SET", level, new Quantity(11, "kV")))
        .hasMessage("SET level: 11000 V is outside [-10 V, 10 V]");
    assertThatThrownBy(() -> Values.convert("SET", level, new Quantity(1, "A")))
        .hasMessage("SET level: 1 A cannot be expressed in V");
  }

  @Test
  void refusesAQuantityOfAnotherUnitAlsoWithoutLimits() {
    ParameterInfo level =
        new ParameterInfo("level", ValueType.QUANTITY, "V", null, List.of(), false, null, "");

    assertThat(Values.convert("SET", level, "3 mV")).isEqualTo(new Quantity(3, "mV"));
    assertThatThrownBy(() -> Values.convert("SET", level, "3 A"))
        .hasMessage("SET level: 3 A cannot be expressed in V");
  }

  @Test
  void appliesLimitsToAQuantityInTheUnitOfTheParameter() {
    ParameterInfo level = limited(ValueType.QUANTITY, 0, 1);

    assertThat(Values.convert("SET", level, "999 mV")).isEqualTo(new Quantity(999, "mV"));
    assertThatThrownBy(() -> Values.convert("SET", level, "1001 mV"))
        .hasMessage("SET level: 1.001 V is outside [0 V, 1 V]");
  }

  // Binding

  private static final CommandInfo MOVE =
      new CommandInfo(
          "move",
          List.of(
              ParameterInfo.of("target_position", ValueType.DOUBLE),
              new ParameterInfo("speed", ValueType.DOUBLE, "", null, List.of(), true, 2.0, ""),
              new ParameterInfo("note", ValueType.STRING, "", null, List.of(), true, null, "")),
          ValueType.VOID,
          "",
          false,
          false,
          null,
          "");

  @Test
  void bindsPositionalAndNamedArgumentsAndFillsInDefaults() {
    assertThat(Values.bind(MOVE, List.of(1), Map.of()))
        .isEqualTo(Map.of("target_position", 1.0, "speed", 2.0));
    assertThat(Values.bind(MOVE, List.of(1), Map.of("SPEED", 3, "note", "x")))
        .isEqualTo(Map.of("target_position", 1.0, "speed", 3.0, "note", "x"));
    assertThat(Values.bind(MOVE, List.of(), Map.of("TargetPosition", 1)).keySet())
        .containsExactly("target_position", "speed");
  }

  @Test
  void countsNullAsAbsent() {
    Map<String, Object> named = new HashMap<>();
    named.put("target_position", 1);
    named.put("speed", null);
    named.put("note", null);
    assertThat(Values.bind(MOVE, List.of(), named))
        .isEqualTo(Map.of("target_position", 1.0, "speed", 2.0));

    assertThat(Values.bind(MOVE, Arrays.asList(1, null), Map.of("speed", 4)))
        .isEqualTo(Map.of("target_position", 1.0, "speed", 4.0));
    named.put("target_position", null);
    assertThat(Values.bind(MOVE, List.of(7), named)).containsEntry("target_position", 7.0);
    assertThatThrownBy(() -> Values.bind(MOVE, List.of(), named))
        .hasMessage("move: target_position is missing");
  }

  @Test
  void refusesMissingUnknownDoubledAndSurplusArguments() {
    assertThatThrownBy(() -> Values.bind(MOVE, List.of(), Map.of()))
        .hasMessage("move: target_position is missing");
    assertThatThrownBy(() -> Values.bind(MOVE, List.of(1), Map.of("sped", 1)))
        .hasMessage("move: has no parameter 'sped'; it has target_position, speed, note");
    assertThatThrownBy(() -> Values.bind(MOVE, List.of(1), Map.of("target_position", 2)))
        .hasMessage("move: target_position is given twice");
    Map<String, Object> spellings = new LinkedHashMap<>();
    spellings.put("target_position", 1);
    spellings.put("TargetPosition", 2);
    assertThatThrownBy(() -> Values.bind(MOVE, List.of(), spellings))
        .hasMessage("move: target_position is given twice");
    assertThatThrownBy(() -> Values.bind(MOVE, List.of(1, 2, "a", 4), Map.of()))
        .hasMessageStartingWith("move: takes 3 arguments, not 4: move(target_position: double,");
  }

  @Test
  void refusesArgumentsOfACommandWithoutParameters() {
    CommandInfo read =
        new CommandInfo("read", List.of(), ValueType.DOUBLE, "V", false, true, null, "");

    assertThat(Values.bind(read, List.of(), Map.of())).isEmpty();
    assertThatThrownBy(() -> Values.bind(read, List.of(), Map.of("x", 1)))
        .hasMessage("read: has no parameter 'x'; it has none");
  }

  // What people type

  static Stream<Arguments> typed() {
    return Stream.of(
        arguments(ValueType.BOOLEAN, "on", true),
        arguments(ValueType.BOOLEAN, "False", false),
        arguments(ValueType.INT, "3", 3),
        arguments(ValueType.INT, " 3.0 ", 3),
        arguments(ValueType.LONG, "9007199254740993", 9007199254740993L),
        arguments(ValueType.DOUBLE, "-3.3e-3", -0.0033),
        arguments(ValueType.DOUBLE, "NaN", Double.NaN),
        arguments(ValueType.STRING, " as it is ", " as it is "),
        arguments(ValueType.STRING, "3", "3"),
        arguments(RANGE, "Auto", "AUTO"),
        arguments(ValueType.listOf(ValueType.STRING), "[a, b]", List.of("a", "b")),
        arguments(ValueType.listOf(ValueType.INT), "1,2", List.of(1, 2)),
        arguments(ValueType.listOf(ValueType.INT), "[]", List.of()),
        arguments(
            ValueType.arrayOf(NumericArray.Type.INT64),
            "[9007199254740993]",
            NumericArray.of(new long[] {9007199254740993L})),
        arguments(
            ValueType.arrayOf(NumericArray.Type.FLOAT64),
            "1, 2.5",
            NumericArray.of(new double[] {1, 2.5})),
        arguments(ValueType.DURATION, "2s", Duration.ofSeconds(2)),
        arguments(ValueType.QUANTITY, "1 kOhm", new Quantity(1, "kOhm")));
  }

  @ParameterizedTest
  @MethodSource("typed")
  void readsWhatAPersonTyped(ValueType type, String text, Object expected) {
    assertThat(Values.parse("SET", ParameterInfo.of("x", type), text)).isEqualTo(expected);
  }

  @Test
  void readsBytesAsHexOrBase64() {
    ParameterInfo data = ParameterInfo.of("data", ValueType.BYTES);

    assertThat(Values.parse("SEND", data, "0x0aFF")).isEqualTo(new byte[] {10, -1});
    assertThat(Values.parse("SEND", data, "Cv8=")).isEqualTo(new byte[] {10, -1});
    assertThatThrownBy(() -> Values.parse("SEND", data, "0x0")).isInstanceOf(Refused.class);
  }

  @Test
  void readsANumberWithItsUnitWhereTheParameterHasOne() {
    assertThat(Values.parse("SET", limited(ValueType.DOUBLE, 0, 1), "500 mV")).isEqualTo(0.5);
    assertThatThrownBy(() -> Values.parse("SET", limited(ValueType.DOUBLE, 0, 1), "2000 mV"))
        .hasMessage("SET level: 2 V is outside [0 V, 1 V]");
    assertThatThrownBy(() -> Values.parse("SET", ParameterInfo.of("x", ValueType.DOUBLE), "500 mV"))
        .hasMessage("SET x: '500 mV' is not a double");
  }

  @Test
  void refusesWhatIsNotOneWholeValue() {
    ParameterInfo number = ParameterInfo.of("x", ValueType.DOUBLE);
    for (String text : List.of("banana", "3.3V", "1f", "0x1p3", "1,5", "1e400", "", "1 2")) {
      assertThatThrownBy(() -> Values.parse("SET", number, text))
          .as(text)
          .isInstanceOf(Refused.class)
          .hasMessage("SET x: '" + text + "' is not a double");
    }
    assertThatThrownBy(() -> Values.parse("SET", ParameterInfo.of("x", ValueType.INT), "3.5"))
        .hasMessage("SET x: 3.5 is not an int");
    assertThatThrownBy(() -> Values.parse("SET", ParameterInfo.of("x", ValueType.BOOLEAN), "2"))
        .hasMessage("SET x: '2' is not a boolean");
  }

  // For people

  @Test
  void writesValuesForPeople() {
    assertThat(Values.text(3.0)).isEqualTo("3");
    assertThat(Values.text(3.25)).isEqualTo("3.25");
    assertThat(Values.text(1e20)).isEqualTo("1.0E20");
    assertThat(Values.text(null)).isEmpty();
    assertThat(Values.text(new byte[] {10, -1})).isEqualTo("0x0aff");
    assertThat(Values.text(new byte[33])).isEqualTo("33 bytes");
    assertThat(Values.text(NumericArray.of(new double[] {1, 2.5}))).isEqualTo("[1, 2.5]");
    assertThat(Values.text(NumericArray.of(new int[1_000_000])))
        .isEqualTo("[0, 0, 0, 0, 0, 0, 0, 0, … 1000000 elements]");
    assertThat(Values.text(Map.of("mass", 1.0))).isEqualTo("{mass: 1}");
    assertThat(Values.text(new Quantity(3, "V"))).isEqualTo("3 V");
  }
}
