// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.Objects;

/**
 * The authenticated identity behind a call.
 *
 * @param name who: a user, a node, a script
 * @param role what it may do
 * @param face the face it comes through: {@code service}, {@code shell}, {@code http} …
 */
public record Caller(String name, Role role, String face) {

  /** Code of the same JVM that calls the OSGi service. */
  public static final Caller SERVICE = new Caller("local", Role.ADMINISTRATOR, "service");

  /** Checks that nothing is missing. */
  public Caller {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(face, "face");
  }

  /**
   * Checks the role for something that is not the call of an instrument.
   *
   * @throws Refused when it is not enough
   */
  public void require(Role needed, String what) {
    if (!role.includes(needed)) {
      throw new Refused(
          ErrorCode.NOT_ALLOWED, what + " needs the role " + needed + "; " + name + " is " + role);
    }
  }
}
