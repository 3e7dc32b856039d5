// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * An interface whose methods are commands of an instrument. Where its package is exported,
 * instruments are also published as services under it. A driver must not write to an array that it
 * has returned: it may be on its way to another node.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE})
public @interface InstrumentType {}
