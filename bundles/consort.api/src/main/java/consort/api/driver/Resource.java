// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A parameter that names the part of the instrument which the command touches, and the only one:
 * with {@code port0/line0} the command {@code write} of {@code Dev1} touches {@code
 * Dev1/port0/line0}, and a lease on {@code Dev1/port1} does not stop it. Several name it from the
 * outside in. A command without such a parameter touches the whole instrument, and so does a value
 * of other characters than letters, digits, {@code _}, {@code -}, {@code .} and {@code /}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.PARAMETER})
public @interface Resource {}
