// SPDX-License-Identifier: Apache-2.0
package consort.api.typed;

import consort.api.CommandInfo;
import consort.api.Names;
import consort.api.ParameterInfo;
import consort.api.Refused;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.driver.ReadOnly;
import consort.api.driver.TimeLimit;
import consort.api.driver.Urgent;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** A method of a typed interface, and the command it is. */
record TypedCommand(
    Method method,
    CommandInfo info,
    List<TypeMapping> parameters,
    TypeMapping result,
    boolean asynchronous) {

  /**
   * The commands of a typed interface, sorted by name.
   *
   * @param implementation a class that implements it and may refine annotations, or null
   * @throws IllegalArgumentException when methods are overloaded, or a type cannot be mapped
   */
  static List<TypedCommand> of(Class<?> type, Class<?> implementation) {
    Map<String, Method> methods = new HashMap<>();
    for (Method method : type.getMethods()) {
      if (Modifier.isStatic(method.getModifiers()) || method.isBridge()) {
        continue;
      }
      Method other = methods.put(method.getName(), method);
      if (other != null && !Arrays.equals(other.getParameterTypes(), method.getParameterTypes())) {
        throw new IllegalArgumentException(
            type.getSimpleName()
                + "."
                + method.getName()
                + " is overloaded; a command has one form");
      }
      // A more special return type wins over the one it refines.
      if (other != null && method.getReturnType().isAssignableFrom(other.getReturnType())) {
        methods.put(method.getName(), other);
      }
    }
    return methods.values().stream()
        .map(method -> of(method, implementation))
        .sorted(Comparator.comparing(command -> command.info.name()))
        .toList();
  }

  private static TypedCommand of(Method method, Class<?> implementation) {
    try {
      method.setAccessible(true);
      return read(method, refined(method, implementation));
    } catch (IllegalArgumentException | Refused e) {
      throw new IllegalArgumentException(
          method.getDeclaringClass().getSimpleName()
              + "."
              + method.getName()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static Method refined(Method method, Class<?> implementation) {
    if (implementation == null) {
      return null;
    }
    try {
      return implementation.getMethod(method.getName(), method.getParameterTypes());
    } catch (NoSuchMethodException e) {
      return null;
    }
  }

  private static TypedCommand read(Method method, Method refined) {
    List<TypeMapping> mappings = new ArrayList<>();
    List<ParameterInfo> parameters = new ArrayList<>();
    Parameter[] declared = method.getParameters();
    for (int i = 0; i < declared.length; i++) {
      TypeMapping mapping = TypeMapping.of(declared[i].getParameterizedType());
      AnnotatedElement own = refined == null ? null : refined.getParameters()[i];
      ParameterInfo parameter =
          Described.parameter(declared[i].getName(), mapping, own, declared[i]);
      mappings.add(mapping);
      parameters.add(parameter);
    }
    Type returned = method.getGenericReturnType();
    boolean asynchronous =
        returned instanceof ParameterizedType p
            && p.getRawType() instanceof Class<?> raw
            && CompletionStage.class.isAssignableFrom(raw);
    TypeMapping result =
        TypeMapping.of(
            asynchronous ? ((ParameterizedType) returned).getActualTypeArguments()[0] : returned);
    boolean getter = isGetter(method, result.type());
    String name = Names.snake(method.getName());
    if (getter && name.startsWith("is_")) {
      name = "get_" + name.substring(3);
    }
    TimeLimit limit = Described.find(TimeLimit.class, refined, method);
    CommandInfo info =
        new CommandInfo(
            name,
            parameters,
            result.type(),
            Described.unit(refined, method),
            Described.find(Urgent.class, refined, method) != null,
            getter || Described.find(ReadOnly.class, refined, method) != null,
            limit == null
                ? null
                : (Duration) Values.convert("@TimeLimit", ValueType.DURATION, limit.value()),
            Described.doc(refined, method));
    return new TypedCommand(method, info, mappings, result, asynchronous);
  }

  private static boolean isGetter(Method method, ValueType result) {
    String name = method.getName();
    if (method.getParameterCount() > 0 || result.kind() == ValueType.Kind.VOID) {
      return false;
    }
    return begins(name, "get") || (result.kind() == ValueType.Kind.BOOLEAN && begins(name, "is"));
  }

  private static boolean begins(String name, String prefix) {
    return name.length() > prefix.length()
        && name.startsWith(prefix)
        && Character.isUpperCase(name.charAt(prefix.length()));
  }
}
