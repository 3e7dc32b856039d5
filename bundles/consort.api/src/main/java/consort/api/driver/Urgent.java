// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A command that may overtake a running one: it runs beside it on its own thread and skips the
 * queue, not the checks.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD})
public @interface Urgent {}
