// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.NumericArray;
import consort.api.ValueType;

/** The types that a definition knows, whatever it calls them. */
enum DataType {
  INT(ValueType.LONG),
  FLOAT(ValueType.DOUBLE),
  STRING(ValueType.STRING),
  BOOL(ValueType.BOOLEAN),
  INTS(ValueType.arrayOf(NumericArray.Type.INT64)),
  FLOATS(ValueType.arrayOf(NumericArray.Type.FLOAT64));

  private final ValueType type;

  DataType(ValueType type) {
    this.type = type;
  }

  /** The type by one of its names, null for none. */
  static DataType of(String name) {
    return switch (name) {
      case "int", "integer", "int64" -> INT;
      case "float", "double" -> FLOAT;
      case "string" -> STRING;
      case "bool", "boolean" -> BOOL;
      case "array<int>" -> INTS;
      case "array", "array<float>" -> FLOATS;
      default -> null;
    };
  }

  /** The type in the API. */
  ValueType type() {
    return type;
  }

  /** Whether it is a number, so that it may be scaled and have limits. */
  boolean isNumber() {
    return this == INT || this == FLOAT;
  }

  /** Whether its values are made of numbers. */
  boolean isNumeric() {
    return isNumber() || this == INTS || this == FLOATS;
  }
}
