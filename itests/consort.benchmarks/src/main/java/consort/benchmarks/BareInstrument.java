// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import consort.api.Call;
import consort.api.CallCounts;
import consort.api.CommandInfo;
import consort.api.Instrument;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.Reason;
import consort.api.Result;
import consort.api.State;
import consort.api.driver.Identity;
import consort.api.typed.TypedView;
import java.time.Instant;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.framework.BundleContext;
import org.osgi.service.remoteserviceadmin.RemoteConstants;

/** An instrument without a guard and a driver: it answers on whatever thread asks. */
final class BareInstrument implements Instrument {

  static final String NAME = "BARE";

  private final InstrumentInfo info =
      new InstrumentInfo(
          List.of(), "Answers at once.", TypedView.commands(MeshBenchmark.Remote.class));
  private final CommandInfo measure = info.command("measure").orElseThrow();

  static void register(BundleContext context) {
    context.registerService(
        Instrument.class,
        new BareInstrument(),
        new Hashtable<>(
            Map.of(
                Instrument.NAME,
                NAME,
                RemoteConstants.SERVICE_EXPORTED_INTERFACES,
                "*",
                RemoteConstants.SERVICE_EXPORTED_CONFIGS,
                "consort.tcp")));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public InstrumentInfo info() {
    return info;
  }

  @Override
  public InstrumentStatus status() {
    return new InstrumentStatus(
        NAME,
        State.READY,
        Reason.NONE,
        "",
        Instant.EPOCH,
        "none",
        "",
        Identity.UNKNOWN,
        "",
        0,
        0,
        new CallCounts(0, 0, 0, 0),
        List.of());
  }

  @Override
  public Result call(Call call) {
    long now = System.nanoTime();
    return new Result(3.0, measure, now, now);
  }

  @Override
  public CompletionStage<Result> send(Call call) {
    return CompletableFuture.completedFuture(call(call));
  }

  @Override
  public <T> T as(Class<T> type) {
    return TypedView.of(this, type);
  }
}
