// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** How long a command may take unless the call says otherwise. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD})
public @interface TimeLimit {
  /** The limit: {@code 30s}, {@code 500ms}, {@code 5min}. */
  String value();
}
