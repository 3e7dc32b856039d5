// SPDX-License-Identifier: Apache-2.0
package consort.api.typed;

import consort.api.NumericArray;
import consort.api.ParameterInfo;
import consort.api.Quantity;
import consort.api.ValueType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * How values of a Java type are carried as dynamic values. Known are boolean, int, long, float,
 * double and their wrappers, String, enums, {@code byte[]}, numeric arrays, {@link NumericArray},
 * lists, records, {@link Optional} (for what may be absent), {@link Duration}, {@link Instant},
 * {@link Quantity} and void. Immutable.
 */
public final class TypeMapping {

  private static final Map<Class<?>, ValueType> SIMPLE =
      Map.ofEntries(
          Map.entry(void.class, ValueType.VOID),
          Map.entry(Void.class, ValueType.VOID),
          Map.entry(boolean.class, ValueType.BOOLEAN),
          Map.entry(Boolean.class, ValueType.BOOLEAN),
          Map.entry(int.class, ValueType.INT),
          Map.entry(Integer.class, ValueType.INT),
          Map.entry(long.class, ValueType.LONG),
          Map.entry(Long.class, ValueType.LONG),
          Map.entry(double.class, ValueType.DOUBLE),
          Map.entry(Double.class, ValueType.DOUBLE),
          Map.entry(String.class, ValueType.STRING),
          Map.entry(byte[].class, ValueType.BYTES),
          Map.entry(Duration.class, ValueType.DURATION),
          Map.entry(Instant.class, ValueType.INSTANT),
          Map.entry(Quantity.class, ValueType.QUANTITY));

  private final ValueType type;
  private final boolean optional;
  private final UnaryOperator<Object> toJava;
  private final UnaryOperator<Object> toDynamic;

  private TypeMapping(
      ValueType type,
      boolean optional,
      UnaryOperator<Object> toJava,
      UnaryOperator<Object> toDynamic) {
    this.type = type;
    this.optional = optional;
    this.toJava = toJava;
    this.toDynamic = toDynamic;
  }

  /**
   * The mapping of a Java type.
   *
   * @throws IllegalArgumentException when the type is not one of those above
   */
  public static TypeMapping of(Type java) {
    if (java instanceof Class<?> c) {
      return ofClass(c);
    }
    if (java instanceof ParameterizedType p && p.getRawType() == List.class) {
      return ofList(of(p.getActualTypeArguments()[0]));
    }
    if (java instanceof ParameterizedType p && p.getRawType() == Optional.class) {
      TypeMapping inner = of(p.getActualTypeArguments()[0]);
      return new TypeMapping(
          inner.type,
          true,
          v -> Optional.ofNullable(v).map(inner.toJava),
          v -> ((Optional<?>) v).map(o -> inner.toDynamic.apply(o)).orElse(null));
    }
    throw unknown(java);
  }

  private static IllegalArgumentException unknown(Type java) {
    return new IllegalArgumentException(
        java.getTypeName() + " cannot be the type of an argument or result");
  }

  private static TypeMapping ofClass(Class<?> c) {
    ValueType simple = SIMPLE.get(c);
    if (simple != null) {
      return new TypeMapping(simple, false, UnaryOperator.identity(), UnaryOperator.identity());
    }
    if (c == float.class || c == Float.class) {
      return new TypeMapping(
          ValueType.DOUBLE, false, v -> single((Double) v), v -> ((Float) v).doubleValue());
    }
    if (c == NumericArray.class) {
      return new TypeMapping(
          ValueType.arrayOf(null), false, UnaryOperator.identity(), UnaryOperator.identity());
    }
    NumericArray.Type element = NumericArray.Type.of(c.getComponentType());
    if (element != null) {
      return new TypeMapping(
          ValueType.arrayOf(element),
          false,
          v -> ((NumericArray) v).toArray(),
          v -> NumericArray.of(v));
    }
    if (c.isEnum()) {
      return ofEnum(c);
    }
    if (c.isRecord()) {
      return ofRecord(c);
    }
    throw unknown(c);
  }

  private static Float single(double number) {
    float single = (float) number;
    if (Float.isInfinite(single) && Double.isFinite(number)) {
      throw new IllegalArgumentException(number + " is beyond the largest float");
    }
    return single;
  }

  private static TypeMapping ofEnum(Class<?> c) {
    Map<String, Object> constants = new LinkedHashMap<>();
    for (Object constant : c.getEnumConstants()) {
      constants.put(((Enum<?>) constant).name(), constant);
    }
    return new TypeMapping(
        ValueType.oneOf(List.copyOf(constants.keySet())),
        false,
        constants::get,
        v -> ((Enum<?>) v).name());
  }

  private static TypeMapping ofList(TypeMapping element) {
    return new TypeMapping(
        ValueType.listOf(element.type),
        false,
        v -> each((List<?>) v, element.toJava),
        v -> each((List<?>) v, element.toDynamic));
  }

  private static List<Object> each(List<?> list, UnaryOperator<Object> mapping) {
    List<Object> out = new ArrayList<>(list.size());
    list.forEach(v -> out.add(mapping.apply(v)));
    return Collections.unmodifiableList(out);
  }

  private static TypeMapping ofRecord(Class<?> c) {
    RecordComponent[] components = c.getRecordComponents();
    List<ParameterInfo> fields = new ArrayList<>();
    List<TypeMapping> mappings = new ArrayList<>();
    for (RecordComponent component : components) {
      TypeMapping mapping = of(component.getGenericType());
      mappings.add(mapping);
      fields.add(Described.parameter(component.getName(), mapping, component));
    }
    Constructor<?> constructor;
    try {
      constructor =
          c.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
    } catch (NoSuchMethodException e) {
      throw new IllegalArgumentException(c + " has no canonical constructor", e);
    }
    constructor.setAccessible(true);
    Method[] accessors =
        Arrays.stream(components).map(RecordComponent::getAccessor).toArray(Method[]::new);
    for (Method accessor : accessors) {
      accessor.setAccessible(true);
    }
    return new TypeMapping(
        ValueType.recordOf(fields),
        false,
        v -> makeRecord(constructor, fields, mappings, (Map<?, ?>) v),
        v -> readRecord(accessors, fields, mappings, v));
  }

  private static Object makeRecord(
      Constructor<?> constructor,
      List<ParameterInfo> fields,
      List<TypeMapping> mappings,
      Map<?, ?> values) {
    Object[] arguments = new Object[fields.size()];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = mappings.get(i).toJava(values.get(fields.get(i).name()));
    }
    try {
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      throw unchecked(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("cannot make a " + constructor.getDeclaringClass(), e);
    }
  }

  private static Object readRecord(
      Method[] accessors, List<ParameterInfo> fields, List<TypeMapping> mappings, Object value) {
    Map<String, Object> out = new LinkedHashMap<>();
    for (int i = 0; i < accessors.length; i++) {
      try {
        Object field = mappings.get(i).toDynamic(accessors[i].invoke(value));
        if (field != null) {
          out.put(fields.get(i).name(), field);
        }
      } catch (InvocationTargetException e) {
        throw unchecked(e.getCause());
      } catch (ReflectiveOperationException e) {
        throw new IllegalArgumentException("cannot read " + accessors[i], e);
      }
    }
    return Collections.unmodifiableMap(out);
  }

  private static RuntimeException unchecked(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException e ? e : new IllegalArgumentException(cause);
  }

  /** The dynamic type. */
  public ValueType type() {
    return type;
  }

  /** Whether a value may be absent: the Java type is an {@link Optional}. */
  public boolean optional() {
    return optional;
  }

  /** The Java value of a dynamic one. Null stays null, save for an {@link Optional}. */
  public Object toJava(Object dynamic) {
    return dynamic == null && !optional ? null : toJava.apply(dynamic);
  }

  /** The dynamic value of a Java one. Null stays null. */
  public Object toDynamic(Object java) {
    return java == null ? null : toDynamic.apply(java);
  }
}
