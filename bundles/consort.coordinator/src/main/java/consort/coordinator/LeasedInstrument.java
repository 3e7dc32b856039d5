// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.Caller;
import consort.api.Instrument;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.LeaseToken;
import consort.api.Result;
import consort.api.typed.TypedView;
import java.util.concurrent.CompletionStage;

/** An instrument whose calls are made under a lease, by its owner. */
record LeasedInstrument(Instrument instrument, LeaseToken token, Caller owner)
    implements Instrument {

  private Call under(Call call) {
    Call signed = call.caller() == Caller.SERVICE ? call.by(owner) : call;
    return signed.under(token);
  }

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
    return instrument.call(under(call));
  }

  @Override
  public CompletionStage<Result> send(Call call) {
    return instrument.send(under(call));
  }

  @Override
  public <T> T as(Class<T> type) {
    return TypedView.of(this, type);
  }

  @Override
  public String toString() {
    return instrument + " under lease " + token;
  }
}
