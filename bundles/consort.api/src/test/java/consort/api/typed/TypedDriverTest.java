// SPDX-License-Identifier: Apache-2.0
package consort.api.typed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.CommandInfo;
import consort.api.Faulted;
import consort.api.InstrumentInfo;
import consort.api.Limits;
import consort.api.NumericArray;
import consort.api.Refused;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.Driver;
import consort.api.driver.InstrumentType;
import consort.api.driver.Options;
import consort.api.driver.Range;
import consort.api.driver.ReadOnly;
import consort.api.driver.TimeLimit;
import consort.api.driver.Unit;
import consort.api.driver.Urgent;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class TypedDriverTest {

  enum Mode {
    FAST,
    SLOW
  }

  record Point(double x, double y) {
    Point {
      if (x > 100) {
        throw new IllegalArgumentException("x is beyond the table");
      }
    }
  }

  @InstrumentType
  @Doc("Something on a table")
  interface Table {
    @Unit("V")
    @Doc("The level")
    double getLevel();

    @Doc("Sets the level")
    void setLevel(@Unit("V") @Range(min = -10, max = 10) double level);

    boolean isOutputEnabled();

    void setOutputEnabled(boolean on);

    @ReadOnly
    @TimeLimit("30s")
    @Doc("Reads")
    double[] readTrace(@Default("3") int points, Mode mode, Optional<String> note);

    Point moveTo(Point point);

    CompletionStage<Point> home();

    CompletionStage<Void> settle();

    @Urgent
    void stop() throws IOException;

    int getaway();
  }

  /** Package-private on purpose, as drivers are. */
  static class Driven implements Table, AutoCloseable {
    private double level;
    private Optional<String> note = Optional.of("never called");

    @Override
    public double getLevel() {
      return level;
    }

    @Override
    @Doc("Sets the level of this model")
    public void setLevel(@Range(min = 0, max = 6.18) double level) {
      this.level = level;
    }

    @Override
    public boolean isOutputEnabled() {
      return true;
    }

    @Override
    public void setOutputEnabled(boolean on) {
      throw new Faulted(-221, "settings conflict");
    }

    @Override
    public double[] readTrace(int points, Mode mode, Optional<String> note) {
      this.note = note;
      return new double[mode == Mode.FAST ? points : 2 * points];
    }

    @Override
    public Point moveTo(Point point) {
      return new Point(point.y(), point.x());
    }

    @Override
    public CompletionStage<Point> home() {
      return CompletableFuture.completedFuture(new Point(0, 0));
    }

    @Override
    public CompletionStage<Void> settle() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void stop() throws IOException {
      throw new IOException("cut");
    }

    @Override
    public int getaway() {
      throw new StackOverflowError("crash");
    }

    @Override
    public void close() {}
  }

  private final Driven driven = new Driven();
  private final Driver driver = TypedDriver.of(driven);

  private CommandInfo command(String name) {
    return driver.info().command(name).orElseThrow();
  }

  private Object call(String name, Map<String, ?> arguments) throws Exception {
    CommandInfo info = command(name);
    return driver.call(info.name(), Values.bind(info, List.of(), arguments));
  }

  @Test
  void derivesTheCommandsFromTheInterface() {
    InstrumentInfo info = driver.info();

    assertThat(info.types()).containsExactly("Table");
    assertThat(info.doc()).isEqualTo("Something on a table");
    assertThat(info.commands())
        .extracting(CommandInfo::name)
        .containsExactly(
            "get_level",
            "get_output_enabled",
            "getaway",
            "home",
            "move_to",
            "read_trace",
            "set_level",
            "set_output_enabled",
            "settle",
            "stop");
  }

  @Test
  void makesPropertiesOfGetIsAndSet() {
    assertThat(command("get_level").reads()).isTrue();
    assertThat(command("get_level").unit()).isEqualTo("V");
    assertThat(command("get_output_enabled").result()).isEqualTo(ValueType.BOOLEAN);
    assertThat(command("get_output_enabled").reads()).isTrue();
    assertThat(command("set_output_enabled").reads()).isFalse();
    assertThat(command("getaway").reads()).as("get is no word of its own here").isFalse();
  }

  @Test
  void readsAnnotationsOfMethods() {
    assertThat(command("stop").urgent()).isTrue();
    assertThat(command("read_trace").reads()).isTrue();
    assertThat(command("read_trace").deadline()).isEqualTo(Duration.ofSeconds(30));
    assertThat(command("read_trace").signature())
        .isEqualTo("read_trace(points: int = 3, mode: FAST|SLOW, note: string?) -> double[]");
  }

  @Test
  void prefersTheAnnotationsOfTheDriversOwnMethod() {
    CommandInfo set = command("set_level");

    assertThat(set.doc()).isEqualTo("Sets the level of this model");
    assertThat(set.parameters().get(0).limits()).isEqualTo(new Limits(0, 6.18));
    assertThat(set.parameters().get(0).unit()).as("not refined").isEqualTo("V");
  }

  @Test
  void callsAPackagePrivateDriverWithJavaValues() throws Exception {
    assertThat(call("set_level", Map.of("level", 3))).isNull();
    assertThat(call("get_level", Map.of())).isEqualTo(3.0);
    assertThat(call("move_to", Map.of("point", Map.of("x", 1, "y", 2))))
        .isEqualTo(Map.of("x", 2.0, "y", 1.0));
    assertThat(call("read_trace", Map.of("mode", "slow")))
        .isEqualTo(NumericArray.of(new double[6]));
    assertThat(driven.note).isEmpty();
    call("read_trace", Map.of("mode", "FAST", "note", "n"));
    assertThat(driven.note).contains("n");
  }

  @Test
  void givesTheDynamicValueOfAStage() throws Exception {
    CompletionStage<?> home = (CompletionStage<?>) call("home", Map.of());
    CompletionStage<?> settle = (CompletionStage<?>) call("settle", Map.of());

    assertThat(command("home").result().kind()).isEqualTo(ValueType.Kind.RECORD);
    assertThat(home.toCompletableFuture().join()).isEqualTo(Map.of("x", 0.0, "y", 0.0));
    assertThat(command("settle").result()).isEqualTo(ValueType.VOID);
    assertThat(settle.toCompletableFuture().join()).isNull();
  }

  @Test
  void throwsWhatTheDriverThrows() {
    assertThatThrownBy(() -> call("set_output_enabled", Map.of("on", true)))
        .isInstanceOf(Faulted.class)
        .hasMessage("settings conflict");
    assertThatThrownBy(() -> call("stop", Map.of())).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> call("getaway", Map.of())).isInstanceOf(StackOverflowError.class);
  }

  @Test
  void refusesWhatTheConstructorOfARecordRefuses() {
    assertThatThrownBy(() -> call("move_to", Map.of("point", Map.of("x", 101, "y", 0))))
        .isInstanceOf(Refused.class)
        .hasMessage("move_to point: x is beyond the table");
  }

  @Test
  void refusesACommandItDoesNotHave() {
    assertThatThrownBy(() -> driver.call("explode", Map.of()))
        .isInstanceOf(Refused.class)
        .hasMessage("there is no command explode");
  }

  @Test
  void sharesWhatIsKnownOfAClass() {
    assertThat(TypedDriver.of(new Driven()).info()).isSameAs(driver.info());
  }

  @Test
  void leavesADynamicDriverAsItIs() {
    assertThat(TypedDriver.of(driver)).isSameAs(driver);
  }

  @Test
  void refusesWhatImplementsNoTypedInterface() {
    assertThatThrownBy(() -> TypedDriver.of("text"))
        .hasMessage(
            "String is no driver: it implements neither Driver nor an interface marked"
                + " @InstrumentType");
  }

  // What a typed interface must not do

  @InstrumentType
  interface Overloaded {
    void set(double level);

    void set(double level, double offset);
  }

  @InstrumentType
  interface Colliding {
    void readAll();

    void readall();
  }

  @InstrumentType
  interface ColliderOne {
    double read();
  }

  @InstrumentType
  interface ColliderTwo {
    @Unit("V")
    double read();
  }

  @InstrumentType
  interface IsAndGet {
    boolean isOn();

    boolean getOn();
  }

  @InstrumentType
  interface Unmappable {
    void run(Runnable code);
  }

  @InstrumentType
  interface RangeOfText {
    void set(@Range(min = 0) String text);
  }

  @InstrumentType
  interface OptionsOfFlag {
    void set(@Options("true") boolean flag);
  }

  @InstrumentType
  interface DefaultOutside {
    void set(@Range(max = 1) @Default("2") double level);
  }

  @InstrumentType
  interface BadTimeLimit {
    @TimeLimit("soon")
    void set();
  }

  private static void refused(Object instance, String message) {
    assertThatThrownBy(() -> TypedDriver.of(instance))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void refusesOverloads() {
    class Both implements Overloaded {
      @Override
      public void set(double level) {}

      @Override
      public void set(double level, double offset) {}
    }

    refused(new Both(), "Overloaded.set is overloaded; a command has one form");
  }

  @Test
  void refusesTwoCommandsOfOneName() {
    class Spelled implements Colliding {
      @Override
      public void readAll() {}

      @Override
      public void readall() {}
    }

    class Twice implements ColliderOne, ColliderTwo {
      @Override
      public double read() {
        return 0;
      }
    }

    class Property implements IsAndGet {
      @Override
      public boolean isOn() {
        return true;
      }

      @Override
      public boolean getOn() {
        return true;
      }
    }

    refused(new Spelled(), "two commands have one name: read_all() and readall()");
    refused(new Twice(), "two commands have one name: read() -> double and read() -> double [V]");
    assertThatThrownBy(() -> TypedDriver.of(new Property()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("two commands have one name: get_on()");
  }

  @Test
  void refusesAnnotationsAndTypesThatMakeNoSense() {
    refused(
        (Unmappable) code -> {},
        "Unmappable.run: java.lang.Runnable cannot be the type of an argument or result");
    refused((RangeOfText) text -> {}, "RangeOfText.set: text has a range but is no number");
    refused(
        (OptionsOfFlag) flag -> {},
        "OptionsOfFlag.set: flag has options but is neither text nor a number");
    refused(
        (DefaultOutside) level -> {},
        "DefaultOutside.set: @Default level: 2 is outside [-Infinity, 1]");
    refused((BadTimeLimit) () -> {}, "BadTimeLimit.set: @TimeLimit: 'soon' is not a duration");
  }

  // Inheritance

  @InstrumentType
  interface Reader<T> {
    @Doc("Reads")
    T read();

    default double twice() {
      return 2;
    }
  }

  @InstrumentType
  interface DoubleReader extends Reader<Double> {
    @Override
    @Doc("Reads a double")
    Double read();
  }

  static class Base implements DoubleReader {
    @Override
    public Double read() {
      return 1.5;
    }
  }

  static final class Derived extends Base implements ColliderNone {
    @Override
    public void nothing() {}
  }

  @InstrumentType
  interface ColliderNone {
    void nothing();
  }

  @Test
  void findsInterfacesOfSuperclassesTheNearestFirst() {
    assertThat(TypedDriver.types(Derived.class))
        .containsExactly(ColliderNone.class, DoubleReader.class, Reader.class);
  }

  @Test
  void takesTheMoreSpecialReturnTypeAndDefaultMethods() throws Exception {
    List<TypedCommand> commands = TypedCommand.of(DoubleReader.class, Base.class);

    assertThat(commands)
        .extracting(c -> c.info().signature())
        .containsExactly("read() -> double", "twice() -> double");
    assertThat(commands.get(0).info().doc()).isEqualTo("Reads a double");
  }
}
