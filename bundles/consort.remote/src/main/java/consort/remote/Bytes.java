// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.io.OutputStream;
import java.util.Arrays;

/** Bytes that grow at the end, as {@link java.io.ByteArrayOutputStream} without its copy. */
final class Bytes extends OutputStream {

  private byte[] data;
  private int size;

  Bytes(int capacity) {
    data = new byte[capacity];
  }

  @Override
  public void write(int b) {
    room(1);
    data[size++] = (byte) b;
  }

  @Override
  public void write(byte[] from, int offset, int length) {
    room(length);
    System.arraycopy(from, offset, data, size, length);
    size += length;
  }

  private void room(int more) {
    if (data.length - size < more) {
      data = Arrays.copyOf(data, Math.max(Math.addExact(size, more), 2 * data.length));
    }
  }

  /** The bytes from index 0 on; the array itself, which may be longer. */
  byte[] array() {
    return data;
  }

  int size() {
    return size;
  }
}
