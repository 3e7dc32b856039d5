// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.Call;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.Result;
import consort.api.coordinator.TemporaryInstrument;
import java.util.concurrent.CompletionStage;

/** A temporary instrument, and what is given back when it is closed. Threadsafe. */
record Borrowed(TemporaryInstrument instrument, Runnable after) implements TemporaryInstrument {

  @Override
  public String name() {
    return instrument.name();
  }

  @Override
  public InstrumentInfo info() {
    return instrument.info();
  }

  @Override
  public InstrumentStatus status() {
    return instrument.status();
  }

  @Override
  public Result call(Call call) {
    return instrument.call(call);
  }

  @Override
  public CompletionStage<Result> send(Call call) {
    return instrument.send(call);
  }

  @Override
  public <T> T as(Class<T> type) {
    return instrument.as(type);
  }

  @Override
  public void close() {
    instrument.close();
    after.run();
  }
}
