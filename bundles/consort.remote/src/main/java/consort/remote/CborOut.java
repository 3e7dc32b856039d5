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
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
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

  /** From so many bytes on an array is kept and not copied; at least 256. */
  private static final int LARGE = 4096;

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
    int length = Math.multiplyExact(array.size(), array.type().bytes());
    if (length < LARGE) {
      out.writeBinary(array.toBytes(ByteOrder.LITTLE_ENDIAN));
    } else {
      // To the generator it is no bytes, which is one byte; then that gives way to what it is.
      out.writeBinary(new byte[0]);
      out.flush();
      bytes.unwrite();
      head(length);
      bytes.write(array);
    }
    out.writeEndArray();
  }

  /** RFC 8949, 3: a byte string of a length that needs four bytes, or two. */
  private void head(int length) {
    if (length > 0xffff) {
      bytes.write(0x5a);
      bytes.write(length >> 24);
      bytes.write(length >> 16);
    } else {
      bytes.write(0x59);
    }
    bytes.write(length >> 8);
    bytes.write(length);
  }
}
