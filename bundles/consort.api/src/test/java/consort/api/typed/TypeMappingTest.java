// SPDX-License-Identifier: Apache-2.0
package consort.api.typed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import consort.api.Limits;
import consort.api.NumericArray;
import consort.api.ParameterInfo;
import consort.api.Quantity;
import consort.api.ValueType;
import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.Options;
import consort.api.driver.Range;
import consort.api.driver.Unit;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TypeMappingTest {

  private enum Mode {
    FAST,
    SLOW {
      @Override
      public String toString() {
        return "slow and careful";
      }
    }
  }

  private record Point(
      @Unit("mm") @Range(min = 0) double x,
      @Default("A") @Options({"A", "B"}) @Doc("its name") String label,
      Optional<Duration> rest) {}

  /** One method per type: generic types are written as a return type. */
  @SuppressWarnings("unused")
  private interface Types {
    List<Integer> integers();

    List<List<String>> table();

    Optional<Double> perhaps();

    List<Point> points();

    Map<String, String> map();

    List<?> anything();
  }

  private static Type generic(String name) {
    Method method =
        Arrays.stream(Types.class.getMethods())
            .filter(m -> m.getName().equals(name))
            .findFirst()
            .orElseThrow();
    return method.getGenericReturnType();
  }

  static Stream<Arguments> values() {
    return Stream.of(
        arguments(boolean.class, "boolean", true, true),
        arguments(int.class, "int", 3, 3),
        arguments(Long.class, "long", 3L, 3L),
        arguments(float.class, "double", 0.5f, 0.5),
        arguments(Float.class, "double", Float.NaN, Double.NaN),
        arguments(double.class, "double", 0.1, 0.1),
        arguments(String.class, "string", "x", "x"),
        arguments(Mode.class, "FAST|SLOW", Mode.SLOW, "SLOW"),
        arguments(byte[].class, "bytes", new byte[] {1}, new byte[] {1}),
        arguments(
            double[].class, "double[]", new double[] {1, 2}, NumericArray.of(new double[] {1, 2})),
        arguments(short[].class, "short[]", new short[] {1}, NumericArray.of(new short[] {1})),
        arguments(
            NumericArray.class,
            "number[]",
            NumericArray.of(new int[6], 2, 3),
            NumericArray.of(new int[6], 2, 3)),
        arguments(Duration.class, "duration", Duration.ZERO, Duration.ZERO),
        arguments(Instant.class, "instant", Instant.EPOCH, Instant.EPOCH),
        arguments(Quantity.class, "quantity", new Quantity(1, "V"), new Quantity(1, "V")),
        arguments(generic("integers"), "list<int>", List.of(1, 2), List.of(1, 2)),
        arguments(
            generic("table"), "list<list<string>>", List.of(List.of("a")), List.of(List.of("a"))),
        arguments(generic("perhaps"), "double", Optional.of(1.0), 1.0),
        arguments(
            generic("points"),
            "list<{x: double, label: string, rest: duration}>",
            List.of(new Point(1, "A", Optional.empty())),
            List.of(Map.of("x", 1.0, "label", "A"))));
  }

  @ParameterizedTest
  @MethodSource("values")
  void carriesAValueBothWays(Type type, String name, Object java, Object dynamic) {
    TypeMapping mapping = TypeMapping.of(type);

    assertThat(mapping.type()).hasToString(name);
    assertThat(mapping.toDynamic(java)).isEqualTo(dynamic);
    assertThat(mapping.toJava(dynamic)).isEqualTo(java);
  }

  @Test
  void readsTheAnnotationsOfARecord() {
    List<ParameterInfo> fields = TypeMapping.of(Point.class).type().fields();

    assertThat(fields)
        .containsExactly(
            new ParameterInfo(
                "x",
                ValueType.DOUBLE,
                "mm",
                new Limits(0, Double.POSITIVE_INFINITY),
                List.of(),
                false,
                null,
                ""),
            new ParameterInfo(
                "label", ValueType.STRING, "", null, List.of("A", "B"), true, "A", "its name"),
            new ParameterInfo("rest", ValueType.DURATION, "", null, List.of(), true, null, ""));
  }

  @Test
  void givesAnAbsentValueAsEmptyOptional() {
    TypeMapping mapping = TypeMapping.of(generic("perhaps"));

    assertThat(mapping.optional()).isTrue();
    assertThat(mapping.toJava(null)).isEqualTo(Optional.empty());
    assertThat(mapping.toDynamic(Optional.empty())).isNull();
    assertThat(TypeMapping.of(String.class).toJava(null)).isNull();
  }

  @Test
  void refusesADoubleThatNoFloatHolds() {
    assertThatThrownBy(() -> TypeMapping.of(float.class).toJava(1e300))
        .hasMessage("1.0E300 is beyond the largest float");
  }

  @Test
  void copiesAnArrayForTheDriver() {
    double[] mine = {1};
    double[] drivers = (double[]) TypeMapping.of(double[].class).toJava(NumericArray.of(mine));
    drivers[0] = 2;

    assertThat(mine).containsExactly(1);
  }

  @ParameterizedTest
  @ValueSource(classes = {Object.class, char.class, Thread.class, int[][].class, List.class})
  void refusesOtherClasses(Class<?> type) {
    assertThatThrownBy(() -> TypeMapping.of(type))
        .hasMessage(type.getTypeName() + " cannot be the type of an argument or result");
  }

  @ParameterizedTest
  @ValueSource(strings = {"map", "anything"})
  void refusesOtherGenericTypes(String method) {
    assertThatThrownBy(() -> TypeMapping.of(generic(method)))
        .hasMessageEndingWith("cannot be the type of an argument or result");
  }
}
