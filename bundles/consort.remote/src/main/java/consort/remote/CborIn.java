// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import consort.api.NumericArray;
import consort.api.Quantity;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one message. What comes out is of a closed set of types: null, Boolean, Long, Double, big
 * numbers, String, {@code byte[]}, {@link NumericArray}, lists, maps with text keys, {@link
 * Duration}, {@link Instant} and {@link Quantity}; it is converted to declared types by who knows
 * these.
 */
final class CborIn {

  /** How many values a message may have beside the elements of arrays of numbers. */
  static final int VALUES = 200_000;

  private static final CBORFactory FACTORY =
      CBORFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(CborOut.DEPTH + 8)
                  .maxNumberLength(100)
                  .maxNameLength(1000)
                  .maxStringLength(Limits.MESSAGE)
                  .build())
          .build();

  private final CBORParser in;
  private final int size;
  private int values;

  private CborIn(byte[] bytes, int offset, int length) throws IOException {
    in = FACTORY.createParser(bytes, offset, length);
    size = length;
  }

  /**
   * Reads the array that a message is.
   *
   * @param least how many values it has at least; more are for later versions
   * @throws Malformed when it is anything else
   */
  static List<?> message(byte[] bytes, int offset, int length, int least) throws Malformed {
    try {
      CborIn reader = new CborIn(bytes, offset, length);
      Object value = reader.read(reader.in.nextToken(), 0);
      if (!(value instanceof List<?> list) || reader.in.nextToken() != null) {
        throw new Malformed("a message is one array");
      }
      if (list.size() < least) {
        throw new Malformed("a message of " + list.size() + " values has too few");
      }
      return list;
    } catch (Malformed e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // The parser answers some broken input with runtime exceptions.
      throw new Malformed("a message cannot be read: " + e.getMessage(), e);
    }
  }

  private Object read(JsonToken token, int depth) throws IOException {
    if (token == null) {
      throw new Malformed("a message ends too early");
    }
    if (++values > VALUES) {
      throw new Malformed("a message has more than " + VALUES + " values");
    }
    if (depth > CborOut.DEPTH + 4) {
      throw new Malformed("a message is too deep");
    }
    int tag = in.getCurrentTag();
    return switch (token) {
      case VALUE_NULL -> null;
      case VALUE_TRUE -> Boolean.TRUE;
      case VALUE_FALSE -> Boolean.FALSE;
      case VALUE_NUMBER_INT -> integer();
      case VALUE_NUMBER_FLOAT -> real();
      case VALUE_STRING -> in.getText();
      case VALUE_EMBEDDED_OBJECT -> bytes(tag);
      case START_ARRAY ->
          switch (tag) {
            case CborOut.SHAPED -> shaped(depth);
            case CborOut.OBJECT -> object(depth);
            default -> list(depth);
          };
      case START_OBJECT -> map(depth);
      case END_ARRAY, END_OBJECT, FIELD_NAME, NOT_AVAILABLE ->
          throw new Malformed("a message is out of order");
    };
  }

  private Number integer() throws IOException {
    return switch (in.getNumberType()) {
      case INT, LONG -> (Number) in.getLongValue();
      default -> in.getBigIntegerValue();
    };
  }

  private Number real() throws IOException {
    return switch (in.getNumberType()) {
      case BIG_DECIMAL -> in.getDecimalValue();
      default -> (Number) in.getDoubleValue();
    };
  }

  private List<Object> list(int depth) throws IOException {
    List<Object> list = new ArrayList<>();
    for (JsonToken token = in.nextToken(); token != JsonToken.END_ARRAY; token = in.nextToken()) {
      list.add(read(token, depth + 1));
    }
    return Collections.unmodifiableList(list);
  }

  private Map<String, Object> map(int depth) throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    for (JsonToken token = in.nextToken(); token != JsonToken.END_OBJECT; token = in.nextToken()) {
      if (token != JsonToken.FIELD_NAME) {
        throw new Malformed("the key of a map is no text");
      }
      String key = in.currentName();
      if (map.containsKey(key)) {
        throw new Malformed("a map has a key twice");
      }
      map.put(key, read(in.nextToken(), depth + 1));
    }
    return Collections.unmodifiableMap(map);
  }

  private Object object(int depth) throws IOException {
    List<Object> parts = list(depth);
    if (parts.size() == 3 && parts.get(0) instanceof String name) {
      Object first = parts.get(1);
      Object second = parts.get(2);
      try {
        if (first instanceof Long seconds && second instanceof Long nanos) {
          switch (name) {
            case "duration":
              return Duration.ofSeconds(seconds, nanos);
            case "instant":
              return Instant.ofEpochSecond(seconds, nanos);
            default:
              break;
          }
        } else if (first instanceof Double number
            && second instanceof String unit
            && name.equals("quantity")) {
          return new Quantity(number, unit);
        }
      } catch (ArithmeticException | DateTimeException | IllegalArgumentException e) {
        throw new Malformed("a " + name + " is wrong", e);
      }
    }
    throw new Malformed("an object is of no known kind");
  }

  private byte[] bytes(int tag) throws IOException {
    if (tag >= 0) {
      throw new Malformed("a byte string has the tag " + tag);
    }
    return in.getBinaryValue();
  }

  private NumericArray shaped(int depth) throws IOException {
    JsonToken token = in.nextToken();
    if (token != JsonToken.START_ARRAY || !(read(token, depth + 1) instanceof List<?> shape)) {
      throw new Malformed("an array of numbers has no shape");
    }
    int[] extents = new int[shape.size()];
    for (int i = 0; i < extents.length; i++) {
      if (!(shape.get(i) instanceof Long extent) || extent < 0 || extent > size) {
        throw new Malformed("a shape is wrong");
      }
      extents[i] = extent.intValue();
    }
    if (in.nextToken() != JsonToken.VALUE_EMBEDDED_OBJECT || extents.length == 0) {
      throw new Malformed("an array of numbers has no numbers");
    }
    NumericArray.Type type = type(in.getCurrentTag());
    Elements elements = new Elements(type, extents);
    in.readBinaryValue(Base64Variants.MIME_NO_LINEFEEDS, elements);
    if (in.nextToken() != JsonToken.END_ARRAY) {
      throw new Malformed("an array of numbers has more than shape and numbers");
    }
    return elements.array();
  }

  private static NumericArray.Type type(int tag) throws Malformed {
    for (NumericArray.Type type : NumericArray.Type.values()) {
      if (CborOut.tag(type) == tag) {
        return type;
      }
    }
    throw new Malformed("the tag " + tag + " is none of an array of numbers");
  }

  /** Takes the bytes of a byte string, which come at once, without a copy of them. */
  private static final class Elements extends OutputStream {
    private final NumericArray.Type type;
    private final int[] shape;
    private NumericArray array;

    Elements(NumericArray.Type type, int[] shape) {
      this.type = type;
      this.shape = shape;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
      if (array != null) {
        throw new Malformed("the bytes of an array of numbers come in pieces");
      }
      try {
        ByteBuffer bytes = ByteBuffer.wrap(from, offset, length).order(ByteOrder.LITTLE_ENDIAN);
        array = NumericArray.of(type, bytes, shape);
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw new Malformed("the shape " + Arrays.toString(shape) + " does not fit", e);
      }
    }

    NumericArray array() throws IOException {
      if (array == null) {
        write(new byte[0], 0, 0);
      }
      return array;
    }
  }
}
