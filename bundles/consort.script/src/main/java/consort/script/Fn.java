// SPDX-License-Identifier: Apache-2.0
package consort.script;

import org.luaj.vm2.Varargs;
import org.luaj.vm2.lib.VarArgFunction;

/** A function of a script that is written in Java. */
final class Fn extends VarArgFunction {

  /** What it does. */
  interface Body {
    Varargs run(Varargs args);
  }

  private final Body body;

  private Fn(Body body) {
    this.body = body;
  }

  static Fn of(Body body) {
    return new Fn(body);
  }

  @Override
  public Varargs invoke(Varargs args) {
    return body.run(args);
  }
}
