// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.NumericArray;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Bytes that grow at the end. Large arrays of numbers are not copied: they are kept, and become
 * bytes as these are copied out, little-endian.
 */
final class Bytes extends OutputStream {

  /** An array whose bytes come after so many others. */
  private record Insert(int at, NumericArray array) {
    int length() {
      return array.size() * array.type().bytes();
    }
  }

  private final List<Insert> inserts = new ArrayList<>(0);
  private byte[] data;
  private int used;
  private int inserted;

  Bytes(int capacity) {
    data = new byte[capacity];
  }

  @Override
  public void write(int b) {
    room(1);
    data[used++] = (byte) b;
  }

  @Override
  public void write(byte[] from, int offset, int length) {
    room(length);
    System.arraycopy(from, offset, data, used, length);
    used += length;
  }

  /**
   * Adds the elements of an array.
   *
   * @throws ArithmeticException when they are more bytes than there can be
   */
  void write(NumericArray array) {
    Insert insert = new Insert(size(), array);
    inserted = Math.addExact(inserted, Math.multiplyExact(array.size(), array.type().bytes()));
    Math.addExact(inserted, used);
    inserts.add(insert);
  }

  /** Takes the last byte back, which was written as one. */
  void unwrite() {
    used--;
  }

  private void room(int more) {
    Math.addExact(size(), more);
    if (data.length - used < more) {
      data = Arrays.copyOf(data, Math.max(Math.addExact(used, more), 2 * data.length));
    }
  }

  int size() {
    return used + inserted;
  }

  /** So many bytes from there on, or the few less that end between two elements of an array. */
  int whole(int from, int count) {
    int end = from + count;
    for (Insert insert : inserts) {
      if (insert.at < end && end < insert.at + insert.length()) {
        return count - (end - insert.at) % insert.array.type().bytes();
      }
    }
    return count;
  }

  /**
   * Copies bytes.
   *
   * @param from the first; begin and end are not within an element of an array
   */
  void copyTo(int from, int count, ByteBuffer target) {
    int next = from;
    int end = from + count;
    int before = 0;
    for (Insert insert : inserts) {
      int raw = Math.min(end, insert.at) - next;
      if (raw > 0) {
        target.put(data, next - before, raw);
        next += raw;
      }
      int left = Math.min(end, insert.at + insert.length()) - next;
      if (left > 0) {
        ByteBuffer elements = target.slice(target.position(), left).order(ByteOrder.LITTLE_ENDIAN);
        insert.array.copyTo((next - insert.at) / insert.array.type().bytes(), elements);
        target.position(target.position() + left);
        next += left;
      }
      before += insert.length();
    }
    if (next < end) {
      target.put(data, next - before, end - next);
    }
  }

  /** All of them. */
  byte[] toArray() {
    ByteBuffer all = ByteBuffer.allocate(size());
    copyTo(0, size(), all);
    return all.array();
  }
}
