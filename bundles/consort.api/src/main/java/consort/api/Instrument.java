// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A named thing a client can use. What is behind it is the guard: it checks, queues, limits and
 * times every call, and it stays the same object while the driver is exchanged. All methods may be
 * called by any thread.
 */
@ProviderType
public interface Instrument {

  /** The service property with the instrument's name. */
  String NAME = "consort.instrument";

  /** The name, unique in a mesh. */
  String name();

  /**
   * What it can do; that of the driver now in use.
   *
   * @throws Unreachable when no driver was ever connected
   */
  InstrumentInfo info();

  /** The state at this moment; never blocks. */
  InstrumentStatus status();

  /**
   * Calls a command and waits for its result, at most until the deadline.
   *
   * @throws Refused when it was certainly not sent
   * @throws Unreachable when there is no driver or link now
   * @throws TimedOut when no answer came in time and the effect is unknown
   * @throws Garbled when the answer makes no sense
   * @throws Faulted when the instrument reports an error
   */
  Result call(Call call);

  /**
   * Calls a command without waiting.
   *
   * @return completes with the result, or exceptionally with an {@link InstrumentException}; a
   *     dependent stage must not block, it runs on a thread of the runtime. A call whose future is
   *     cancelled while it waits is not sent; one that has begun goes on, for nobody
   */
  CompletionStage<Result> send(Call call);

  /** Calls a command with positional arguments and gives the bare value. */
  default Object call(String command, Object... arguments) {
    return call(Call.of(command, arguments)).value();
  }

  /**
   * The instrument under one of its typed interfaces.
   *
   * @throws IllegalArgumentException when the type is no {@code @InstrumentType} interface
   */
  <T> T as(Class<T> type);
}
