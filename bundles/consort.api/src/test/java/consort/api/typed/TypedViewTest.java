// SPDX-License-Identifier: Apache-2.0
package consort.api.typed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Garbled;
import consort.api.Instrument;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.NumericArray;
import consort.api.Refused;
import consort.api.Result;
import consort.api.driver.InstrumentType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class TypedViewTest {

  enum Mode {
    FAST,
    SLOW
  }

  record Reading(double mass, boolean stable) {}

  @InstrumentType
  interface Everything {
    double getLevel();

    void setLevel(double level);

    boolean isOn();

    Mode mode(Mode wanted);

    double[] trace(int points);

    Reading read(Optional<String> note);

    Optional<String> name();

    CompletionStage<Double> move(double target);
  }

  /** Answers each command with what the test says, and remembers the last call. */
  private static final class Canned implements Instrument {
    private final Map<String, Object> answers = new HashMap<>();
    private Call last;

    @Override
    public String name() {
      return "X1";
    }

    @Override
    public InstrumentInfo info() {
      throw new UnsupportedOperationException();
    }

    @Override
    public InstrumentStatus status() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Result call(Call call) {
      last = call;
      Object answer = answers.get(call.command());
      if (answer instanceof RuntimeException e) {
        throw e;
      }
      return new Result(answer, null, 0, 0);
    }

    @Override
    public CompletionStage<Result> send(Call call) {
      try {
        return CompletableFuture.completedFuture(call(call));
      } catch (RuntimeException e) {
        return CompletableFuture.failedFuture(e);
      }
    }

    @Override
    public <T> T as(Class<T> type) {
      return TypedView.of(this, type);
    }
  }

  private final Canned instrument = new Canned();
  private final Everything view = instrument.as(Everything.class);

  @Test
  void callsTheCommandOfTheMethod() {
    instrument.answers.put("get_level", 3.5);
    instrument.answers.put("get_on", true);

    assertThat(view.getLevel()).isEqualTo(3.5);
    assertThat(view.isOn()).isTrue();
    view.setLevel(4);
    assertThat(instrument.last.command()).isEqualTo("set_level");
    assertThat(instrument.last.positional().get(0)).isEqualTo(4.0);
  }

  @Test
  void carriesEnumsArraysRecordsAndOptionals() {
    instrument.answers.put("mode", "SLOW");
    instrument.answers.put("trace", NumericArray.of(new double[] {1, 2}));
    instrument.answers.put("read", Map.of("mass", 1.5, "stable", true));

    assertThat(view.mode(Mode.FAST)).isEqualTo(Mode.SLOW);
    assertThat(instrument.last.positional().get(0)).isEqualTo("FAST");
    assertThat(view.trace(2)).containsExactly(1, 2);
    assertThat(view.read(Optional.empty())).isEqualTo(new Reading(1.5, true));
    assertThat(instrument.last.positional().get(0)).isNull();
    assertThat(view.name()).isEmpty();
    instrument.answers.put("name", "n");
    assertThat(view.name()).contains("n");
  }

  @Test
  void givesAStageForAnAsynchronousCommand() {
    instrument.answers.put("move", 7.0);
    assertThat(view.move(7).toCompletableFuture().join()).isEqualTo(7.0);

    instrument.answers.put("move", new Refused(ErrorCode.STOPPED, "stopped"));
    assertThat(view.move(7).toCompletableFuture()).isCompletedExceptionally();
  }

  @Test
  void throwsWhatTheInstrumentThrows() {
    Refused refused = new Refused(ErrorCode.BUSY, "X1 is busy");
    instrument.answers.put("get_level", refused);

    assertThatThrownBy(view::getLevel).isSameAs(refused);
  }

  @Test
  void convertsTheResultOfADriverThatKnowsNothingOfTheInterface() {
    instrument.answers.put("get_level", 3);
    instrument.answers.put("set_level", "OK");
    instrument.answers.put("mode", "slow");

    assertThat(view.getLevel()).isEqualTo(3.0);
    view.setLevel(1);
    assertThat(view.mode(Mode.FAST)).isEqualTo(Mode.SLOW);
  }

  @Test
  void saysWhenTheResultDoesNotFit() {
    instrument.answers.put("get_level", "banana");

    assertThatThrownBy(view::getLevel)
        .isInstanceOf(Garbled.class)
        .hasMessage("X1.get_level: 'banana' is not a double");
    instrument.answers.clear();
    assertThatThrownBy(view::getLevel)
        .isInstanceOf(Garbled.class)
        .hasMessage("X1.get_level: nothing is not a double");
  }

  @Test
  void isAnObjectOfItsOwn() {
    assertThat(view).isEqualTo(view).isNotEqualTo(instrument.as(Everything.class));
    assertThat(view.hashCode()).isEqualTo(view.hashCode());
    assertThat(view).hasToString("Everything X1");
  }

  @Test
  void isDefinedByTheLoaderOfTheInterface() {
    assertThat(view.getClass().getClassLoader()).isSameAs(Everything.class.getClassLoader());
  }

  @Test
  void refusesATypeThatIsNoInstrumentType() {
    assertThatThrownBy(() -> instrument.as(Runnable.class))
        .hasMessage("java.lang.Runnable is no interface marked @InstrumentType");
    assertThatThrownBy(() -> instrument.as(Canned.class))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void hasTheSameCommandsAsADriverOfTheInterface() {
    List<String> names =
        TypedCommand.of(Everything.class, null).stream()
            .map(TypedCommand::info)
            .map(CommandInfo::name)
            .toList();

    assertThat(names).contains("get_level", "set_level", "get_on", "move");
  }
}
