// SPDX-License-Identifier: Apache-2.0
package consort.api.typed;

import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.InstrumentInfo;
import consort.api.Refused;
import consort.api.driver.Doc;
import consort.api.driver.Driver;
import consort.api.driver.InstrumentType;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * The dynamic view of a driver instance that implements typed interfaces. As safe for threads as
 * the instance.
 */
public final class TypedDriver implements Driver {

  /** What is known of a class; thousands of instruments may have one driver. */
  private record Shape(
      List<Class<?>> types, Map<String, TypedCommand> commands, InstrumentInfo info) {}

  /** Kept in the driver's own class, so nothing outlives it. */
  private static final ClassValue<Shape> SHAPES =
      new ClassValue<>() {
        @Override
        protected Shape computeValue(Class<?> driver) {
          return shape(driver);
        }
      };

  private final Object target;
  private final Shape shape;

  private TypedDriver(Object target, Shape shape) {
    this.target = target;
    this.shape = shape;
  }

  private static Shape shape(Class<?> driver) {
    List<Class<?>> types = types(driver);
    Map<String, TypedCommand> commands = new HashMap<>();
    Map<String, CommandInfo> infos = new LinkedHashMap<>();
    String doc = "";
    for (Class<?> type : types) {
      Doc typeDoc = type.getAnnotation(Doc.class);
      doc = doc.isEmpty() && typeDoc != null ? typeDoc.value() : doc;
      for (TypedCommand command : TypedCommand.of(type, driver)) {
        String name = command.info().name();
        TypedCommand other = commands.putIfAbsent(name, command);
        if (other == null) {
          infos.put(name, command.info());
        } else if (!other.info().equals(command.info())
            || !other.method().getName().equals(command.method().getName())) {
          throw new IllegalArgumentException(
              "two commands have one name: "
                  + other.info().signature()
                  + " and "
                  + command.info().signature());
        }
      }
    }
    Doc own = driver.getAnnotation(Doc.class);
    InstrumentInfo info =
        new InstrumentInfo(
            types.stream().map(Class::getSimpleName).toList(),
            own == null ? doc : own.value(),
            List.copyOf(infos.values()));
    return new Shape(types, commands, info);
  }

  /**
   * The driver behind what a factory made: itself when it is a {@link Driver}, else its typed view.
   *
   * @throws IllegalArgumentException when it is neither, or its commands have no clear names
   */
  public static Driver of(Object instance) {
    if (instance instanceof Driver driver) {
      return driver;
    }
    Shape shape = SHAPES.get(instance.getClass());
    if (shape.types().isEmpty()) {
      throw new IllegalArgumentException(
          instance.getClass().getSimpleName()
              + " is no driver: it implements neither Driver nor an interface marked @InstrumentType");
    }
    return new TypedDriver(instance, shape);
  }

  /** The interfaces marked {@link InstrumentType} that a class implements, the nearest first. */
  public static List<Class<?>> types(Class<?> driver) {
    Set<Class<?>> found = new LinkedHashSet<>();
    for (Class<?> c = driver; c != null; c = c.getSuperclass()) {
      collect(List.of(c.getInterfaces()), found);
    }
    return List.copyOf(found);
  }

  private static void collect(Collection<Class<?>> interfaces, Set<Class<?>> found) {
    for (Class<?> type : interfaces) {
      if (type.isAnnotationPresent(InstrumentType.class)) {
        found.add(type);
      }
      collect(List.of(type.getInterfaces()), found);
    }
  }

  /** The typed interfaces of the instance. */
  public List<Class<?>> types() {
    return shape.types();
  }

  @Override
  public InstrumentInfo info() {
    return shape.info();
  }

  @Override
  public Object call(String name, Map<String, Object> arguments) throws Exception {
    TypedCommand command = shape.commands().get(name);
    if (command == null) {
      throw new Refused(ErrorCode.UNKNOWN_COMMAND, "there is no command " + name);
    }
    Object[] java = new Object[command.parameters().size()];
    for (int i = 0; i < java.length; i++) {
      Object value = arguments.get(command.info().parameters().get(i).name());
      try {
        java[i] = command.parameters().get(i).toJava(value);
      } catch (IllegalArgumentException e) {
        // what the constructor of a record does not take was not sent
        String parameter = command.info().parameters().get(i).name();
        throw new Refused(
            ErrorCode.BAD_ARGUMENT, name + " " + parameter + ": " + e.getMessage(), e);
      }
    }
    Object result;
    try {
      result = command.method().invoke(target, java);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
    TypeMapping mapping = command.result();
    if (command.asynchronous() && result != null) {
      return ((CompletionStage<?>) result).thenApply(mapping::toDynamic);
    }
    return mapping.toDynamic(result);
  }

  @Override
  public String toString() {
    return new ArrayList<>(info().types()) + " " + target.getClass().getSimpleName();
  }
}
