// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.Garbled;
import consort.api.NumericArray;
import consort.api.ValueType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the bytes of an arbitrary block are. Numbers without a sign become the next larger ones with
 * one, as arrays have no others.
 */
enum BlockType {
  BYTES(1, null),
  FLOAT32(4, NumericArray.Type.FLOAT32),
  FLOAT64(8, NumericArray.Type.FLOAT64),
  INT8(1, NumericArray.Type.INT8),
  UINT8(1, NumericArray.Type.INT16),
  INT16(2, NumericArray.Type.INT16),
  UINT16(2, NumericArray.Type.INT32),
  INT32(4, NumericArray.Type.INT32),
  UINT32(4, NumericArray.Type.INT64),
  INT64(8, NumericArray.Type.INT64);

  private final int width;
  private final NumericArray.Type array;

  BlockType(int width, NumericArray.Type array) {
    this.width = width;
    this.array = array;
  }

  /** The type by its name, {@code block} or {@code block<float32>}; null for none. */
  static BlockType of(String name) {
    for (BlockType type : values()) {
      if (type.text().equals(name)) {
        return type;
      }
    }
    return null;
  }

  private String text() {
    return this == BYTES ? "block" : "block<" + name().toLowerCase(java.util.Locale.ROOT) + ">";
  }

  /** The type of the result in the API. */
  ValueType type() {
    return this == BYTES ? ValueType.BYTES : ValueType.arrayOf(array);
  }

  /**
   * The value of a block. The numbers are copied once, into the array that is handed out.
   *
   * @param question for the error
   * @throws Garbled when the last number is cut
   */
  Object decode(String question, byte[] bytes, ByteOrder order) {
    if (this == BYTES) {
      return bytes;
    }
    if (bytes.length % width != 0) {
      throw new Garbled(
          "a block of %d bytes in answer to \"%s\" is no whole number of %s of %d bytes"
              .formatted(bytes.length, question, name().toLowerCase(java.util.Locale.ROOT), width));
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(order);
    int count = bytes.length / width;
    return NumericArray.of(
        switch (this) {
          case INT8 -> bytes;
          case UINT8 -> unsignedBytes(bytes);
          case INT16 -> shorts(buffer, count);
          case UINT16 -> unsignedShorts(buffer, count);
          case INT32 -> ints(buffer, count);
          case UINT32 -> unsignedInts(buffer, count);
          case INT64 -> longs(buffer, count);
          case FLOAT32 -> floats(buffer, count);
          case FLOAT64, BYTES -> doubles(buffer, count);
        });
  }

  private static short[] unsignedBytes(byte[] bytes) {
    short[] out = new short[bytes.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (short) (bytes[i] & 0xff);
    }
    return out;
  }

  private static short[] shorts(ByteBuffer buffer, int count) {
    short[] out = new short[count];
    buffer.asShortBuffer().get(out);
    return out;
  }

  private static int[] unsignedShorts(ByteBuffer buffer, int count) {
    int[] out = new int[count];
    for (int i = 0; i < count; i++) {
      out[i] = buffer.getShort() & 0xffff;
    }
    return out;
  }

  private static int[] ints(ByteBuffer buffer, int count) {
    int[] out = new int[count];
    buffer.asIntBuffer().get(out);
    return out;
  }

  private static long[] unsignedInts(ByteBuffer buffer, int count) {
    long[] out = new long[count];
    for (int i = 0; i < count; i++) {
      out[i] = buffer.getInt() & 0xffff_ffffL;
    }
    return out;
  }

  private static long[] longs(ByteBuffer buffer, int count) {
    long[] out = new long[count];
    buffer.asLongBuffer().get(out);
    return out;
  }

  private static float[] floats(ByteBuffer buffer, int count) {
    float[] out = new float[count];
    buffer.asFloatBuffer().get(out);
    return out;
  }

  private static double[] doubles(ByteBuffer buffer, int count) {
    double[] out = new double[count];
    buffer.asDoubleBuffer().get(out);
    return out;
  }
}
