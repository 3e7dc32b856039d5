// SPDX-License-Identifier: Apache-2.0
package consort.yaml;

/**
 * The way from the root of a file to a value, written as a JSON pointer (RFC 6901). It shares its
 * beginning with those of its neighbours, so that a file of a megabyte costs no gigabyte of
 * pointers.
 *
 * @param parent the way to the map or list around the value; null for the root
 * @param step the key in it, or the index from 0
 */
public record Pointer(Pointer parent, String step) {

  /** The whole file. */
  public static final Pointer ROOT = new Pointer(null, "");

  /** To the value of a key. */
  public Pointer to(String key) {
    return new Pointer(this, key);
  }

  /** To an entry of a list, from 0. */
  public Pointer to(int index) {
    return new Pointer(this, Integer.toString(index));
  }

  /** {@code /io_config/reading/scale}; empty for the root. Very long keys are cut. */
  @Override
  public String toString() {
    return parent == null
        ? ""
        : parent + "/" + Node.cut(step).replace("~", "~0").replace("/", "~1");
  }
}
