// SPDX-License-Identifier: Apache-2.0
package consort.driver.keysight.dmm;

import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.ParameterInfo;
import consort.api.Unreachable;
import consort.api.driver.Connectable;
import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.driver.Options;
import consort.api.driver.Range;
import consort.api.driver.Setup;
import consort.api.driver.TimeLimit;
import consort.api.link.Answers;
import consort.api.link.Link;
import consort.instruments.Multimeter;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.osgi.service.component.annotations.Component;

/**
 * Keysight (Agilent, HP) 34401A, 34461A and 34465A multimeters. Sources: 34401A User's Guide,
 * 34401-90004, chapter 4; Truevolt Series Operating and Service Guide, 34460-90901, SCPI
 * Programming Reference. An overload reads as ±9.9E37.
 */
final class KeysightDmm implements Multimeter, Connectable {

  /** The settings of an instrument file; the integration times are those all models have. */
  record Settings(
      @Default("10")
          @Options({"0.02", "0.2", "1", "10", "100"})
          @Doc("integration time of read and read_several, in periods of the mains")
          double nplc) {}

  private static final Set<String> MODELS = Set.of("34401A", "34461A", "34465A");

  /** What the meter calls its functions in {@code CONF:} and {@code FUNC?}, in our order. */
  private static final List<String> FUNCTIONS =
      List.of("VOLT", "VOLT:AC", "CURR", "CURR:AC", "RES", "FRES", "FREQ", "PER");

  /** The functions whose integration time can be set. */
  private static final Set<String> INTEGRATING = Set.of("VOLT", "CURR", "RES", "FRES");

  private final Link link;
  private final Settings settings;

  KeysightDmm(Link link, Settings settings) {
    this.link = link;
    this.settings = settings;
  }

  @Override
  public Identity connect() {
    Identity identity = Identity.parse(link.ask("*IDN?"));
    if (!MODELS.contains(identity.model())) {
      throw new Unreachable(
          ErrorCode.NOT_CONNECTED,
          "%s is a %s, not one of 34401A, 34461A, 34465A"
              .formatted(link.address(), identity.model()));
    }
    if (link.address().regionMatches(true, 0, "ASRL", 0, 4)) {
      // Over RS-232 the meter takes no other commands before it is in remote mode.
      link.tell("SYST:REM");
    }
    // Errors of others before us are not ours to report.
    link.tell("*CLS");
    return identity;
  }

  @Override
  public double measureVoltage() {
    return link.askDouble("MEAS:VOLT:DC?");
  }

  @Override
  @TimeLimit("20s")
  public double measureAcVoltage() {
    return link.askDouble("MEAS:VOLT:AC?");
  }

  @Override
  public double measureCurrent() {
    return link.askDouble("MEAS:CURR:DC?");
  }

  @Override
  @TimeLimit("20s")
  public double measureAcCurrent() {
    return link.askDouble("MEAS:CURR:AC?");
  }

  @Override
  public double measureResistance() {
    return link.askDouble("MEAS:RES?");
  }

  @Override
  public double measureFourWireResistance() {
    return link.askDouble("MEAS:FRES?");
  }

  @Override
  public double measureFrequency() {
    return link.askDouble("MEAS:FREQ?");
  }

  @Override
  public Function getFunction() {
    String answer = link.ask("FUNC?");
    int index = FUNCTIONS.indexOf(answer.strip().replace("\"", ""));
    if (index < 0) {
      throw Answers.garbled("FUNC?", answer, "is none of " + String.join(", ", FUNCTIONS));
    }
    return Function.values()[index];
  }

  @Override
  public void setFunction(Function function) {
    String name = FUNCTIONS.get(function.ordinal());
    link.tell("CONF:" + name);
    if (INTEGRATING.contains(name)) {
      link.tell("%s:NPLC %s", name, settings.nplc());
    }
    check();
  }

  @Override
  @TimeLimit("20s")
  public double read() {
    return link.askDouble("SAMP:COUN 1;:READ?");
  }

  /** The limit is the reading memory of the 34461A; the other models have more. */
  @Override
  @TimeLimit("10min")
  public double[] readSeveral(@Range(min = 1, max = 10_000) int count) {
    String question = "SAMP:COUN " + count + ";:READ?";
    String[] readings = link.ask(question).split(",");
    if (readings.length != count) {
      throw Answers.garbled(question, readings.length + " readings", "is another number");
    }
    return Arrays.stream(readings).mapToDouble(one -> Answers.toDouble(question, one)).toArray();
  }

  private void check() {
    String[] error = link.ask("SYST:ERR?").split(",", 2);
    int number = (int) Answers.toLong("SYST:ERR?", error[0]);
    if (number != 0) {
      throw new Faulted(number, number + " " + error[error.length - 1].strip().replace("\"", ""));
    }
  }

  /** Makes one instance for each instrument file that names this driver. */
  @Component(property = DriverFactory.NAME + "=keysight.dmm")
  public static final class Factory implements DriverFactory {
    @Override
    public List<ParameterInfo> settings() {
      return Setup.schema(Settings.class);
    }

    @Override
    public KeysightDmm create(Setup setup) {
      return new KeysightDmm(setup.textLink("\n"), setup.settings(Settings.class));
    }
  }
}
