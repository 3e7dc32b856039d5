// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON of plain values, read strictly: no second value behind the first, no key twice, bounded
 * depth and sizes.
 */
public final class Json {

  private static final int DEEPEST = 64;
  private static final int LONGEST_TEXT = 16 << 20;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxStringLength(LONGEST_TEXT)
                  .maxNumberLength(100)
                  .maxNameLength(1000)
                  .build())
          .build();

  private Json() {}

  /**
   * Reads one JSON object of UTF-8 text.
   *
   * @return maps, lists, text, booleans, null, and numbers as Integer, Long, BigInteger or Double
   * @throws IllegalArgumentException when it is something else; the message is for people
   */
  public static Map<String, Object> read(byte[] text) {
    try (JsonParser parser = FACTORY.createParser(decoded(text))) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("a JSON object is expected");
      }
      Map<String, Object> out = object(parser);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("something follows the JSON object" + where(parser));
      }
      return out;
    } catch (JacksonException e) {
      var at = e.getLocation();
      throw new IllegalArgumentException(
          e.getOriginalMessage()
              + (at == null
                  ? ""
                  : " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr())),
          e);
    } catch (IOException e) {
      throw new IllegalArgumentException("this is not UTF-8 text", e);
    }
  }

  /** The parser itself would guess the encoding, and take two bytes where one must do. */
  private static String decoded(byte[] text) throws CharacterCodingException {
    String decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    return decoded.startsWith("\uFEFF") ? decoded.substring(1) : decoded;
  }

  private static String where(JsonParser parser) {
    var at = parser.currentTokenLocation();
    return " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr());
  }

  private static Map<String, Object> object(JsonParser parser) throws IOException {
    Map<String, Object> out = new LinkedHashMap<>();
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      out.put(name, value(parser));
    }
    return out;
  }

  private static Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(parser));
        }
        yield list;
      }
      case VALUE_NUMBER_INT -> parser.getNumberValue();
      case VALUE_NUMBER_FLOAT -> {
        double number = parser.getDoubleValue();
        if (Double.isInfinite(number)) {
          throw new IllegalArgumentException(
              parser.getText() + " is beyond the range of a double" + where(parser));
        }
        yield number;
      }
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> whole(parser.getText(), parser);
    };
  }

  /** Half a character cannot be passed on: as bytes it would be a question mark. */
  private static String whole(String text, JsonParser parser) {
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      if (Character.getType(text.codePointAt(i)) == Character.SURROGATE) {
        throw new IllegalArgumentException("a text has half a character" + where(parser));
      }
    }
    return text;
  }

  /** Writes a reply on one line. */
  public static String write(Map<String, ?> map) {
    return write(map, false);
  }

  /** Writes a reply with an indent of two blanks. */
  public static String pretty(Map<String, ?> map) {
    return write(map, true);
  }

  private static String write(Map<String, ?> map, boolean pretty) {
    StringWriter out = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(out)) {
      if (pretty) {
        generator.setPrettyPrinter(new DefaultPrettyPrinter());
      }
      write(generator, map);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString();
  }

  private static void write(JsonGenerator out, Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      out.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.writeFieldName(String.valueOf(entry.getKey()));
        write(out, entry.getValue());
      }
      out.writeEndObject();
    } else if (value instanceof Iterable<?> list) {
      out.writeStartArray();
      for (Object element : list) {
        write(out, element);
      }
      out.writeEndArray();
    } else if (value instanceof Double d) {
      out.writeNumber(d);
    } else if (value instanceof Float f) {
      out.writeNumber(f);
    } else if (value instanceof java.math.BigInteger big) {
      out.writeNumber(big);
    } else if (value instanceof Number n) {
      out.writeNumber(n.longValue());
    } else if (value instanceof Boolean b) {
      out.writeBoolean(b);
    } else if (value == null) {
      out.writeNull();
    } else {
      out.writeString(value.toString());
    }
  }
}
