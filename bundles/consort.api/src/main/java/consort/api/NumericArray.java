// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Numbers of one primitive type with a shape (row-major). It holds the array it was made of and
 * never changes it; who hands one over must not write to the array any more.
 */
public final class NumericArray {

  /** The types of elements. */
  public enum Type {
    /** {@code byte}: signed 8 bit. */
    INT8(byte.class, 1),
    /** {@code short}: signed 16 bit. */
    INT16(short.class, 2),
    /** {@code int}: signed 32 bit. */
    INT32(int.class, 4),
    /** {@code long}: signed 64 bit. */
    INT64(long.class, 8),
    /** {@code float}: IEEE 754 single. */
    FLOAT32(float.class, 4),
    /** {@code double}: IEEE 754 double. */
    FLOAT64(double.class, 8);

    private final Class<?> component;
    private final int bytes;

    Type(Class<?> component, int bytes) {
      this.component = component;
      this.bytes = bytes;
    }

    /** The Java type of an element. */
    public Class<?> component() {
      return component;
    }

    /** The size of an element in bytes. */
    public int bytes() {
      return bytes;
    }

    /** The type with this component class, or null where there is none. */
    public static Type of(Class<?> component) {
      for (Type type : values()) {
        if (type.component == component) {
          return type;
        }
      }
      return null;
    }
  }

  private final Type type;
  private final Object data;
  private final int[] shape;

  private NumericArray(Type type, Object data, int[] shape) {
    this.type = type;
    this.data = data;
    this.shape = shape;
  }

  /**
   * Wraps a primitive array.
   *
   * @param data a {@code double[]}, {@code float[]}, {@code long[]}, {@code int[]}, {@code short[]}
   *     or {@code byte[]}
   * @param shape the extents, row-major; none means one dimension
   * @throws IllegalArgumentException when it is no such array, or the shape does not fit
   */
  public static NumericArray of(Object data, int... shape) {
    Objects.requireNonNull(data, "data");
    Type type = Type.of(data.getClass().getComponentType());
    if (type == null) {
      throw new IllegalArgumentException(data.getClass().getTypeName() + " is no numeric array");
    }
    int length = Array.getLength(data);
    int[] extents = shape.length == 0 ? new int[] {length} : shape.clone();
    long product = 1;
    for (int extent : extents) {
      if (extent < 0) {
        throw new IllegalArgumentException(
            "the shape " + Arrays.toString(extents) + " is negative");
      }
      product = Math.multiplyExact(product, (long) extent);
    }
    if (product != length) {
      throw new IllegalArgumentException(
          "the shape " + Arrays.toString(extents) + " does not fit " + length + " elements");
    }
    return new NumericArray(type, data, extents);
  }

  /** The type of the elements. */
  public Type type() {
    return type;
  }

  /** The extents, row-major. */
  public List<Integer> shape() {
    return Arrays.stream(shape).boxed().toList();
  }

  /** The number of elements. */
  public int size() {
    return Array.getLength(data);
  }

  /** The element at a row-major index, as a double. */
  public double doubleAt(int index) {
    return Array.getDouble(data, index);
  }

  /** The element at a row-major index, boxed in the wrapper of its own type. */
  public Number at(int index) {
    return (Number) Array.get(data, index);
  }

  /** A copy of the elements as doubles. */
  public double[] toDoubles() {
    if (data instanceof double[] doubles) {
      return doubles.clone();
    }
    double[] out = new double[size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = Array.getDouble(data, i);
    }
    return out;
  }

  /** The Java array that it holds, which nobody may write to. */
  public Object data() {
    return data;
  }

  /** A copy as a Java array of the type's component. */
  public Object toArray() {
    Object out = Array.newInstance(type.component, size());
    System.arraycopy(data, 0, out, 0, size());
    return out;
  }

  /** The elements as bytes in the given order. */
  public byte[] toBytes(ByteOrder order) {
    ByteBuffer out = ByteBuffer.allocate(Math.multiplyExact(size(), type.bytes)).order(order);
    switch (type) {
      case INT8 -> out.put((byte[]) data);
      case INT16 -> out.asShortBuffer().put((short[]) data);
      case INT32 -> out.asIntBuffer().put((int[]) data);
      case INT64 -> out.asLongBuffer().put((long[]) data);
      case FLOAT32 -> out.asFloatBuffer().put((float[]) data);
      case FLOAT64 -> out.asDoubleBuffer().put((double[]) data);
    }
    return out.array();
  }

  /**
   * Copies elements into a buffer, in its byte order, as many whole ones as there is room for.
   *
   * @param from the row-major index of the first
   * @return how many were copied
   */
  public int copyTo(int from, ByteBuffer target) {
    int count = Math.min(size() - from, target.remaining() / type.bytes);
    switch (type) {
      case INT8 -> target.duplicate().put((byte[]) data, from, count);
      case INT16 -> target.asShortBuffer().put((short[]) data, from, count);
      case INT32 -> target.asIntBuffer().put((int[]) data, from, count);
      case INT64 -> target.asLongBuffer().put((long[]) data, from, count);
      case FLOAT32 -> target.asFloatBuffer().put((float[]) data, from, count);
      case FLOAT64 -> target.asDoubleBuffer().put((double[]) data, from, count);
    }
    target.position(target.position() + count * type.bytes);
    return count;
  }

  /**
   * An array of the remaining bytes of a buffer, in its byte order.
   *
   * @param shape the extents, row-major; none means one dimension
   * @throws IllegalArgumentException when the bytes are not whole elements, or the shape does not
   *     fit
   */
  public static NumericArray of(Type type, ByteBuffer bytes, int... shape) {
    if (bytes.remaining() % type.bytes != 0) {
      throw new IllegalArgumentException(
          bytes.remaining() + " bytes are no whole elements of " + type.bytes + " bytes");
    }
    Object data = Array.newInstance(type.component, bytes.remaining() / type.bytes);
    switch (type) {
      case INT8 -> bytes.duplicate().get((byte[]) data);
      case INT16 -> bytes.asShortBuffer().get((short[]) data);
      case INT32 -> bytes.asIntBuffer().get((int[]) data);
      case INT64 -> bytes.asLongBuffer().get((long[]) data);
      case FLOAT32 -> bytes.asFloatBuffer().get((float[]) data);
      case FLOAT64 -> bytes.asDoubleBuffer().get((double[]) data);
    }
    return of(data, shape);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NumericArray that
        && type == that.type
        && Arrays.equals(shape, that.shape)
        && Arrays.deepEquals(new Object[] {data}, new Object[] {that.data});
  }

  @Override
  public int hashCode() {
    return Arrays.deepHashCode(new Object[] {type, shape, data});
  }

  @Override
  public String toString() {
    return type + Arrays.toString(shape);
  }
}
