// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.LeaseToken;
import consort.api.NumericArray;
import consort.api.Refused;
import consort.api.Role;
import consort.api.coordinator.Leases;
import consort.api.script.Buffer;
import consort.api.script.Buffers;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Buffers in memory, within a bound. */
@Component(service = Buffers.class)
public final class MemoryBuffers implements Buffers {

  static final Duration LIFE = Duration.ofMinutes(10);
  private static final Duration SWEEP = Duration.ofSeconds(10);

  private final ScriptThreads threads = new ScriptThreads();
  private final Leases leases;
  private final long room;
  private final LongSupplier nanoTime;

  /** Of each id; the one that nobody asked for longest is the first. Guarded by this. */
  private final Map<String, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);

  private long used;
  private ScheduledThreadPoolExecutor sweeper;

  /** Wires. */
  @Activate
  public MemoryBuffers(@Reference Leases leases) {
    this(leases, Math.min(256L << 20, Runtime.getRuntime().maxMemory() / 4), System::nanoTime);
  }

  MemoryBuffers(Leases leases, long room, LongSupplier nanoTime) {
    this.leases = leases;
    this.room = room;
    this.nanoTime = nanoTime;
  }

  private static final class Kept {
    private final Buffer buffer;
    private final Caller owner;
    private final LeaseToken lease;
    private long touched;

    Kept(Buffer buffer, Caller owner, LeaseToken lease, long now) {
      this.buffer = buffer;
      this.owner = owner;
      this.lease = lease;
      this.touched = now;
    }

    long bytes() {
      return (long) buffer.data().size() * buffer.data().type().bytes();
    }
  }

  @Override
  public Buffer keep(Object data, Caller owner, LeaseToken lease) {
    NumericArray array = data instanceof NumericArray a ? widened(a) : NumericArray.of(data);
    String type = array.type() == NumericArray.Type.INT8 ? "uint8" : name(array.type());
    long bytes = (long) array.size() * array.type().bytes();
    if (bytes > room) {
      throw new Refused(
          ErrorCode.BAD_REQUEST,
          "an array of "
              + bytes
              + " bytes is larger than the room for buffers, "
              + room
              + " bytes");
    }
    Buffer buffer =
        new Buffer(
            "buf_" + UUID.randomUUID().toString().replace("-", ""), array, type, Instant.now());
    synchronized (this) {
      sweep();
      Iterator<Kept> oldest = kept.values().iterator();
      while (used + bytes > room && oldest.hasNext()) {
        used -= oldest.next().bytes();
        oldest.remove();
      }
      kept.put(buffer.id(), new Kept(buffer, owner, lease, nanoTime.getAsLong()));
      used += bytes;
      if (sweeper == null) {
        startSweeper();
      }
    }
    return buffer;
  }

  private void startSweeper() {
    sweeper = threads.timer("script buffers");
    sweeper.scheduleWithFixedDelay(
        this::sweep, SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The types of instrument-script-server; the narrow ones are not among them. */
  private static NumericArray widened(NumericArray array) {
    if (array.type() != NumericArray.Type.INT8 && array.type() != NumericArray.Type.INT16) {
      return array;
    }
    int[] wide = new int[array.size()];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = array.at(i).intValue();
    }
    return NumericArray.of(wide);
  }

  private static String name(NumericArray.Type type) {
    return type.name().toLowerCase(java.util.Locale.ROOT);
  }

  @Override
  public synchronized Buffer get(String id, Caller caller) {
    Kept found = find(id, caller);
    found.touched = nanoTime.getAsLong();
    return found.buffer;
  }

  @Override
  public synchronized void release(String id, Caller caller) {
    used -= find(id, caller).bytes();
    kept.remove(id);
  }

  private Kept find(String id, Caller caller) {
    Kept found = kept.get(id);
    if (found != null && isOver(found)) {
      used -= found.bytes();
      kept.remove(id);
      found = null;
    }
    boolean may =
        found != null
            && (caller.role().includes(Role.ADMINISTRATOR)
                || caller.name().equals(found.owner.name()));
    if (!may) {
      throw new Refused(
          ErrorCode.BAD_REQUEST,
          "there is no buffer of this id for you, or none any more: they are kept for "
              + LIFE.toMinutes()
              + " minutes");
    }
    return found;
  }

  /** Releases what is over. */
  synchronized void sweep() {
    for (Iterator<Kept> all = kept.values().iterator(); all.hasNext(); ) {
      Kept one = all.next();
      if (isOver(one)) {
        used -= one.bytes();
        all.remove();
      }
    }
  }

  private boolean isOver(Kept one) {
    if (nanoTime.getAsLong() - one.touched > LIFE.toNanos()) {
      return true;
    }
    try {
      if (one.lease != null) {
        leases.require(one.lease, one.owner);
      }
      return false;
    } catch (Refused over) {
      return true;
    }
  }

  /** Bytes that are kept. */
  synchronized long used() {
    return used;
  }

  /** Releases everything. */
  @Deactivate
  synchronized void close() {
    kept.clear();
    used = 0;
    if (sweeper != null) {
      sweeper.shutdownNow();
    }
  }
}
