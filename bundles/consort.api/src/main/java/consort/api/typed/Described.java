// SPDX-License-Identifier: Apache-2.0
package consort.api.typed;

import consort.api.Limits;
import consort.api.Names;
import consort.api.ParameterInfo;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.Options;
import consort.api.driver.Range;
import consort.api.driver.Resource;
import consort.api.driver.Unit;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.List;

/** Reads the annotations of parameters and record components. */
final class Described {

  private Described() {}

  /**
   * What is known of a parameter.
   *
   * @param elements where annotations are looked for; the first that has one wins
   */
  static ParameterInfo parameter(
      String javaName, TypeMapping mapping, AnnotatedElement... elements) {
    String name = Names.snake(javaName);
    Range range = find(Range.class, elements);
    Default standard = find(Default.class, elements);
    Options options = find(Options.class, elements);
    if (range != null && !numeric(mapping.type())) {
      throw new IllegalArgumentException(name + " has a range but is no number");
    }
    if (options != null && !takesOptions(mapping.type())) {
      throw new IllegalArgumentException(name + " has options but is neither text nor a number");
    }
    boolean resource = find(Resource.class, elements) != null;
    if (resource && !takesOptions(mapping.type()) && mapping.type().kind() != ValueType.Kind.ENUM) {
      throw new IllegalArgumentException(
          name + " is a resource but is neither text, an enum nor a number");
    }
    Limits limits = range == null ? null : new Limits(range.min(), range.max());
    ParameterInfo bare =
        new ParameterInfo(name, mapping.type(), unit(elements), null, List.of(), false, null, "");
    List<Object> values = new ArrayList<>();
    if (options != null) {
      for (String option : options.value()) {
        values.add(Values.parse("@Options", bare, option));
      }
    }
    ParameterInfo full =
        new ParameterInfo(
            name,
            mapping.type(),
            bare.unit(),
            limits,
            values,
            mapping.optional() || standard != null,
            null,
            doc(elements),
            resource);
    if (standard == null) {
      return full;
    }
    Object value = Values.parse("@Default", full, standard.value());
    return new ParameterInfo(
        name, full.type(), full.unit(), limits, values, true, value, full.doc(), resource);
  }

  static String unit(AnnotatedElement... elements) {
    Unit unit = find(Unit.class, elements);
    return unit == null ? "" : unit.value();
  }

  static String doc(AnnotatedElement... elements) {
    Doc doc = find(Doc.class, elements);
    return doc == null ? "" : doc.value();
  }

  static <A extends Annotation> A find(Class<A> annotation, AnnotatedElement... elements) {
    for (AnnotatedElement element : elements) {
      A found = element == null ? null : element.getAnnotation(annotation);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static boolean takesOptions(ValueType type) {
    return switch (type.kind()) {
      case STRING, INT, LONG, DOUBLE -> true;
      case VOID, BOOLEAN, ENUM, BYTES, ARRAY, LIST, RECORD, DURATION, INSTANT, QUANTITY -> false;
    };
  }

  /** Whether a value of this type is a number, so that limits make sense. */
  private static boolean numeric(ValueType type) {
    return switch (type.kind()) {
      case INT, LONG, DOUBLE, ARRAY, QUANTITY -> true;
      case LIST -> numeric(type.element());
      case VOID, BOOLEAN, STRING, ENUM, BYTES, RECORD, DURATION, INSTANT -> false;
    };
  }
}
