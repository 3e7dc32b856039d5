// SPDX-License-Identifier: Apache-2.0
package consort.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InstrumentExceptionTest {

  @ParameterizedTest
  @EnumSource(ErrorCode.class)
  void isMadeOfEveryCode(ErrorCode code) {
    InstrumentException made = InstrumentException.of(code, "text", null);

    assertThat(made.code()).isEqualTo(code);
    assertThat(made.kind()).isEqualTo(code.kind());
    assertThat(made).hasMessage("text");
    assertThat(made.getClass().getSimpleName().toUpperCase(java.util.Locale.ROOT))
        .isEqualTo(code.kind().name().replace("_", ""));
  }

  @Test
  void saysItsCodeWhereADriverSaidNothing() {
    assertThat(new Faulted(5, null)).hasMessage(ErrorCode.INSTRUMENT_ERROR.text());
  }

  @Test
  void refusesACodeOfAnotherKind() {
    assertThatThrownBy(() -> new Refused(ErrorCode.STUCK, "x"))
        .hasMessage("STUCK is not a code of REFUSED");
  }

  @Test
  void fillsInWhatIsNotKnownOfTheOrigin() {
    InstrumentException e =
        new Garbled("x").at(Origin.link("TCPIP::h::1::SOCKET", "VOLT?", "ba\nna"));
    e.at(new Origin("PSU1", "get_voltage", "other", "other", "other"));

    assertThat(e.origin())
        .isEqualTo(new Origin("PSU1", "get_voltage", "TCPIP::h::1::SOCKET", "VOLT?", "ba\\nna"));
  }

  @Test
  void shortensAndShowsWhatWasOnTheWire() {
    Origin origin = Origin.link("", "\u0001\t" + "x".repeat(100_000), "");

    assertThat(origin.sent()).startsWith("\\x01\\tx").endsWith("x…");
    assertThat(origin.sent().length()).isLessThan(220);
  }

  @Test
  void copiesEverythingForASecondCaller() {
    Faulted faulted = new Faulted(-113, "undefined header");
    faulted.at(new Origin("PSU1", "", "", "", ""));
    InstrumentException copy = faulted.copy();

    assertThat(copy).isInstanceOf(Faulted.class).hasMessage("undefined header").hasCause(faulted);
    assertThat(((Faulted) copy).number()).isEqualTo(-113);
    assertThat(copy.origin().instrument()).isEqualTo("PSU1");
  }
}
