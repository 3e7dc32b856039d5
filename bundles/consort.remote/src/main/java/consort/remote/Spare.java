// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.lang.ref.SoftReference;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Keeps the memory of one long message for the next: traces come in the same size again and again,
 * and to get megabytes that are zero costs as much as to receive them. Any thread.
 */
final class Spare {

  private static final int LONG = 1 << 20;

  private final AtomicReference<SoftReference<byte[]>> kept =
      new AtomicReference<>(new SoftReference<>(null));

  /** Memory of this size, with anything in it. */
  byte[] take(int size) {
    byte[] last = size < LONG ? null : kept.getAndSet(new SoftReference<>(null)).get();
    return last != null && last.length == size ? last : new byte[size];
  }

  /** Takes back what nobody looks at any more. */
  void give(byte[] memory) {
    if (memory.length >= LONG) {
      kept.set(new SoftReference<>(memory));
    }
  }
}
