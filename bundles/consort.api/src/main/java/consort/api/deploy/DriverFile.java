// SPDX-License-Identifier: Apache-2.0
package consort.api.deploy;

/**
 * A jar of {@code drivers/} and what became of it.
 *
 * @param file the file, as findings name it
 * @param digest SHA-256 of its bytes, in hex
 * @param version its {@code Bundle-Version}
 * @param bundle the id of its bundle; -1 while it has none
 * @param ready whether its driver factory is there
 * @param problem why it cannot be used; empty when nothing is wrong
 */
public record DriverFile(
    String file, String digest, String version, long bundle, boolean ready, String problem) {}
