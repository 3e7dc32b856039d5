// SPDX-License-Identifier: Apache-2.0
package consort.driver.template;

import consort.api.driver.Connectable;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.driver.Range;
import consort.api.driver.Setup;
import consort.api.link.Link;
import consort.instruments.DcPowerSupply;
import org.osgi.service.component.annotations.Component;

/** Example PSU-1, 30 V, 3 A. Source: an imaginary manual, chapter 4, "SCPI commands". */
final class ExamplePsu implements DcPowerSupply, Connectable {

  private final Link link;

  ExamplePsu(Link link) {
    this.link = link;
  }

  @Override
  public Identity connect() {
    return Identity.parse(link.ask("*IDN?"));
  }

  @Override
  public double getVoltage() {
    return link.askDouble("VOLT?");
  }

  @Override
  public void setVoltage(@Range(min = 0, max = 30) double voltage) {
    link.tell("VOLT %.3f", voltage);
  }

  @Override
  public double getCurrentLimit() {
    return link.askDouble("CURR?");
  }

  @Override
  public void setCurrentLimit(@Range(min = 0, max = 3) double current) {
    link.tell("CURR %.4f", current);
  }

  @Override
  public boolean isOutputEnabled() {
    return link.askBoolean("OUTP?");
  }

  @Override
  public void setOutputEnabled(boolean enabled) {
    link.tell(enabled ? "OUTP 1" : "OUTP 0");
  }

  @Override
  public double measureVoltage() {
    return link.askDouble("MEAS:VOLT?");
  }

  @Override
  public double measureCurrent() {
    return link.askDouble("MEAS:CURR?");
  }

  /** Makes one instance for each instrument file that names this driver. */
  @Component(property = DriverFactory.NAME + "=example.psu")
  public static final class Factory implements DriverFactory {
    @Override
    public ExamplePsu create(Setup setup) {
      return new ExamplePsu(setup.textLink("\n"));
    }
  }
}
