// SPDX-License-Identifier: Apache-2.0
package consort.api.typed;

import consort.api.Call;
import consort.api.Caller;
import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Garbled;
import consort.api.Instrument;
import consort.api.Refused;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.driver.InstrumentType;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An instrument under a typed interface: every method is a call of the command of its name, so a
 * view also works for an instrument whose driver knows nothing of the interface but has its
 * commands. Safe for threads.
 */
public final class TypedView implements InvocationHandler {

  private final Instrument instrument;
  private final Class<?> type;
  private final Map<Method, TypedCommand> commands = new HashMap<>();

  private TypedView(Instrument instrument, Class<?> type) {
    this.instrument = instrument;
    this.type = type;
    Map<String, TypedCommand> byMethodName = new HashMap<>();
    TypedCommand.of(type, null).forEach(c -> byMethodName.put(c.method().getName(), c));
    for (Method method : type.getMethods()) {
      TypedCommand command = byMethodName.get(method.getName());
      if (command != null) {
        commands.put(method, command);
      }
    }
  }

  /**
   * The view of an instrument under an interface. Its class is defined by the interface's own class
   * loader, so it never ties a consumer to a driver.
   *
   * @throws IllegalArgumentException when the type is no interface marked {@link InstrumentType}
   */
  public static <T> T of(Instrument instrument, Class<T> type) {
    if (!type.isInterface() || !type.isAnnotationPresent(InstrumentType.class)) {
      throw new IllegalArgumentException(
          type.getName() + " is no interface marked @InstrumentType");
    }
    TypedView view = new TypedView(instrument, type);
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, view));
  }

  /**
   * The commands that a typed interface stands for, sorted by name.
   *
   * @throws IllegalArgumentException when methods are overloaded, or a type cannot be mapped
   */
  public static List<CommandInfo> commands(Class<?> type) {
    return TypedCommand.of(type, null).stream().map(TypedCommand::info).toList();
  }

  /** The instrument behind a view; empty when the object is none. */
  public static Optional<Instrument> instrument(Object view) {
    return Proxy.isProxyClass(view.getClass())
            && Proxy.getInvocationHandler(view) instanceof TypedView typed
        ? Optional.of(typed.instrument)
        : Optional.empty();
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) {
    TypedCommand command = commands.get(method);
    if (command == null) {
      return ofObject(proxy, method, arguments);
    }
    List<TypeMapping> mappings = command.parameters();
    List<?> positional = List.of();
    if (arguments != null) {
      Object[] dynamic = new Object[arguments.length];
      for (int i = 0; i < dynamic.length; i++) {
        dynamic[i] = mappings.get(i).toDynamic(arguments[i]);
      }
      positional = Collections.unmodifiableList(Arrays.asList(dynamic));
    }
    Call call = new Call(command.info().name(), positional, Map.of(), null, Caller.SERVICE, "");
    if (command.asynchronous()) {
      return instrument.send(call).thenApply(r -> result(command, r.value())).toCompletableFuture();
    }
    return result(command, instrument.call(call).value());
  }

  /** A driver that knows nothing of the interface may give an int where a double is meant. */
  private Object result(TypedCommand command, Object value) {
    TypeMapping mapping = command.result();
    Class<?> declared = command.method().getReturnType();
    if (declared.isArray() && declared.isInstance(value)) {
      // It was made for this call: what others may have, too, is no Java array.
      return value;
    }
    boolean primitive = declared.isPrimitive();
    if (mapping.type().kind() == ValueType.Kind.VOID || (value == null && !primitive)) {
      return mapping.toJava(null);
    }
    String where = instrument.name() + "." + command.info().name();
    try {
      return mapping.toJava(Values.convert(where, mapping.type(), value));
    } catch (Refused | IllegalArgumentException e) {
      throw new Garbled(ErrorCode.GARBLED, e.getMessage(), e);
    }
  }

  private Object ofObject(Object proxy, Method method, Object[] arguments) {
    return switch (method.getName()) {
      case "equals" -> proxy == arguments[0];
      case "hashCode" -> System.identityHashCode(proxy);
      default -> type.getSimpleName() + " " + instrument.name();
    };
  }
}
