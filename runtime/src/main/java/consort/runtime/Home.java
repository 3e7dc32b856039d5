// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The folder a node lives in: what the user drops, and what the node writes under {@code data}. */
record Home(Path root) {

  private static final Pattern PORT = Pattern.compile("\"port\"\\s*:\\s*(\\d+)");
  private static final Pattern NODE = Pattern.compile("\"node\"\\s*:\\s*\"([^\"]*)\"");
  private static final Pattern CONFIGURED = Pattern.compile("(?m)^node:\\s*[\"']?([^\"'#\\s]+)");
  private static final Pattern MESH =
      Pattern.compile("(?m)^[\"']?(remote|peers|discovery)[\"']?\\s*:");
  private static final Pattern DISCOVERY = Pattern.compile("(?m)^[\"']?discovery[\"']?\\s*:");
  private static final Pattern HOST = Pattern.compile("([\\w-]+)");
  private static final Pattern PID = Pattern.compile("\"pid\"\\s*:\\s*(\\d+)");

  /** What a listening node says about itself. */
  record Node(long pid, int port, String name) {}

  Path logs() {
    return root.resolve("data/logs");
  }

  Path cache() {
    return root.resolve("data/cache");
  }

  Path lock() {
    return root.resolve("data/run/lock");
  }

  Path pidFile() {
    return root.resolve("data/run/server.pid");
  }

  Path nodeFile() {
    return root.resolve("data/run/node.json");
  }

  Path daemonOut() {
    return logs().resolve("daemon.out");
  }

  /** Makes the folders, and fills those that are not there yet from the distribution's defaults. */
  void prepare(Path defaults) throws IOException {
    Files.createDirectories(logs());
    Files.createDirectories(lock().getParent());
    for (String folder : new String[] {"etc", "drivers", "definitions", "instruments", "scripts"}) {
      if (!Files.exists(root.resolve(folder))) {
        copy(defaults.resolve(folder), root.resolve(folder));
      }
    }
  }

  /**
   * As the configuration says, else the computer's; asking the network for it could take seconds.
   */
  String nodeName() {
    for (Path file :
        List.of(root.resolve("etc/consort.yaml"), Path.of("/proc/sys/kernel/hostname"))) {
      try {
        var name = (file.startsWith(root) ? CONFIGURED : HOST).matcher(Files.readString(file));
        if (name.find()) {
          return name.group(1);
        }
      } catch (IOException notThere) {
        // The next one.
      }
    }
    return "consort";
  }

  /**
   * The folders of the distribution with the bundles that the configuration asks for. Those of the
   * mesh come first, so that what is exported finds them.
   */
  List<String> bundleFolders() throws IOException {
    Path file = root.resolve("etc/consort.yaml");
    String configuration = Files.exists(file) ? Files.readString(file) : "";
    List<String> folders = new ArrayList<>();
    if (MESH.matcher(configuration).find()) {
      folders.add("mesh");
    }
    if (DISCOVERY.matcher(configuration).find()) {
      folders.add("zookeeper");
    }
    folders.add("bundle");
    return folders;
  }

  /** The node that listens now, if its file is there and complete. */
  Optional<Node> node() {
    try {
      String text = Files.readString(nodeFile());
      var pid = PID.matcher(text);
      var port = PORT.matcher(text);
      var name = NODE.matcher(text);
      return pid.find() && port.find() && name.find()
          ? Optional.of(
              new Node(
                  Long.parseLong(pid.group(1)), Integer.parseInt(port.group(1)), name.group(1)))
          : Optional.empty();
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }

  /** The process that runs on this home; a file left by one that was killed does not count. */
  Optional<ProcessHandle> process() {
    try {
      return ProcessHandle.of(Long.parseLong(Files.readString(pidFile()).strip()))
          .filter(ProcessHandle::isAlive)
          .filter(handle -> isLocked());
    } catch (IOException | NumberFormatException none) {
      return Optional.empty();
    }
  }

  /** Process numbers are used again, so only the lock tells that the process is a node. */
  private boolean isLocked() {
    try (var lock = Lock.tryTake(lock())) {
      return lock == null;
    } catch (IOException unreadable) {
      return true;
    }
  }

  /** What went wrong with a file, for people: the JDK's own message is often only the path. */
  static String said(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "no permission to write " + e.getMessage();
    }
    if (e instanceof NoSuchFileException) {
      return e.getMessage() + " is not there and cannot be made";
    }
    if (e instanceof FileAlreadyExistsException) {
      return e.getMessage() + " is a file; a folder is needed there";
    }
    return String.valueOf(e.getMessage());
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    } catch (UncheckedIOException walking) {
      throw walking.getCause();
    }
  }
}
