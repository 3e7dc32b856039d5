// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import consort.api.ErrorCode;
import consort.api.NumericArray;
import consort.api.Quantity;
import consort.api.Refused;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Writes one message. How values are written stands in {@code docs/reference/wire.md}. */
final class CborOut {

  /** RFC 8746: an array with its shape. */
  static final int SHAPED = 40;

  /** IANA's tag for [name, arguments …]. */
  static final int OBJECT = 27;

  /** How deep lists, maps and arrays may be in each other. */
  static final int DEPTH = 32;

  private static final CBORFactory FACTORY =
      CBORFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_CONTENT).build();

  private final Bytes bytes;
  private final CBORGenerator out;

  CborOut(int capacity) {
    bytes = new Bytes(capacity);
    try {
      out = FACTORY.createGenerator(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** RFC 8746: the tag of a typed array, little-endian. */
  static int tag(NumericArray.Type type) {
    return switch (type) {
      case INT8 -> 72;
      case INT16 -> 77;
      case INT32 -> 78;
      case INT64 -> 79;
      case FLOAT32 -> 85;
      case FLOAT64 -> 86;
    };
  }

  /** Ends the message. */
  Bytes done() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes;
  }

  /** An array of these values. */
  CborOut array(Object... values) {
    start(values.length);
    for (Object value : values) {
      value(value);
    }
    return end();
  }

  /** Begins an array; exactly so many values must follow. */
  CborOut start(int count) {
    try {
      out.writeStartArray(null, count);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  CborOut end() {
    try {
      out.writeEndArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /**
   * Adds a value.
   *
   * @throws Refused when it is of a type that does not travel, or too deep
   */
  CborOut value(Object value) {
    try {
      write(value, 0);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new Refused(ErrorCode.BAD_ARGUMENT, e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  private void write(Object value, int depth) throws IOException {
    if (depth > DEPTH) {
      throw new Refused(
          ErrorCode.BAD_ARGUMENT, "a value is more than " + DEPTH + " lists and maps deep");
    }
    if (value == null) {
      out.writeNull();
    } else if (value instanceof CharSequence text) {
      out.writeString(text.toString());
    } else if (value instanceof Boolean b) {
      out.writeBoolean(b);
    } else if (value instanceof Number number) {
      number(number);
    } else if (value instanceof Enum<?> e) {
      out.writeString(e.name());
    } else if (value instanceof byte[] b) {
      out.writeBinary(b);
    } else if (value instanceof NumericArray a) {
      numbers(a);
    } else if (value instanceof List<?> list) {
      list(list, depth);
    } else if (value instanceof Map<?, ?> map) {
      map(map, depth);
    } else if (value instanceof Duration d) {
      object("duration", d.getSeconds(), d.getNano());
    } else if (value instanceof Instant i) {
      object("instant", i.getEpochSecond(), i.getNano());
    } else if (value instanceof Quantity q) {
      object("quantity", q.value(), q.unit());
    } else if (value instanceof Collection<?> many) {
      list(many, depth);
    } else if (NumericArray.Type.of(value.getClass().getComponentType()) != null) {
      numbers(NumericArray.of(value));
    } else {
      throw new Refused(
          ErrorCode.BAD_ARGUMENT,
          "a value of " + value.getClass().getTypeName() + " cannot go to another node");
    }
  }

  private void number(Number number) throws IOException {
    if (number instanceof Double || number instanceof Float) {
      out.writeNumber(number.doubleValue());
    } else if (number instanceof BigInteger big) {
      out.writeNumber(big);
    } else if (number instanceof BigDecimal big) {
      out.writeNumber(big);
    } else {
      out.writeNumber(number.longValue());
    }
  }

  private void list(Collection<?> list, int depth) throws IOException {
    out.writeStartArray(null, list.size());
    for (Object element : list) {
      write(element, depth + 1);
    }
    out.writeEndArray();
  }

  private void map(Map<?, ?> map, int depth) throws IOException {
    out.writeStartObject(null, map.size());
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.writeFieldName(String.valueOf(entry.getKey()));
      write(entry.getValue(), depth + 1);
    }
    out.writeEndObject();
  }

  private void object(String name, Object first, Object second) throws IOException {
    out.writeTag(OBJECT);
    out.writeStartArray(null, 3);
    out.writeString(name);
    write(first, 0);
    write(second, 0);
    out.writeEndArray();
  }

  private void numbers(NumericArray array) throws IOException {
    out.writeTag(SHAPED);
    out.writeStartArray(null, 2);
    list(array.shape(), 0);
    out.writeTag(tag(array.type()));
    out.writeBinary(new Elements(array), Math.multiplyExact(array.size(), array.type().bytes()));
    out.writeEndArray();
  }

  /** The elements of an array as bytes, without a copy of the whole. */
  private static final class Elements extends InputStream {
    private final NumericArray array;
    private final ByteBuffer chunk = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
    private int next;

    Elements(NumericArray array) {
      this.array = array;
      chunk.limit(0);
    }

    @Override
    public int read() {
      return fill() ? chunk.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      if (length == 0) {
        return 0;
      }
      int element = array.type().bytes();
      if (!chunk.hasRemaining() && length >= element) {
        ByteBuffer target = ByteBuffer.wrap(into, offset, length).order(ByteOrder.LITTLE_ENDIAN);
        int copied = array.copyTo(next, target);
        next += copied;
        return copied == 0 ? -1 : copied * element;
      }
      if (!fill()) {
        return -1;
      }
      int count = Math.min(length, chunk.remaining());
      chunk.get(into, offset, count);
      return count;
    }

    private boolean fill() {
      if (!chunk.hasRemaining()) {
        chunk.clear();
        next += array.copyTo(next, chunk);
        chunk.flip();
      }
      return chunk.hasRemaining();
    }
  }
}
