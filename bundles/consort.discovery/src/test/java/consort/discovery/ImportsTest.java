// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.osgi.service.remoteserviceadmin.EndpointDescription;
import org.osgi.service.remoteserviceadmin.EndpointEvent;
import org.osgi.service.remoteserviceadmin.ImportRegistration;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdmin;

final class ImportsTest {

  private final ExecutorService thread = Imports.thread();
  private final Imports imports = new Imports(thread);
  private final List<String> history = Collections.synchronizedList(new ArrayList<>());

  @AfterEach
  void close() {
    imports.close();
  }

  private static EndpointDescription endpoint(String id) {
    return new EndpointDescription(
        Map.of(
            "endpoint.id",
            id,
            "objectClass",
            new String[] {"consort.api.Instrument"},
            "service.imported.configs",
            List.of("consort.tcp")));
  }

  private void told(int type, String id, String wish) {
    imports.endpointChanged(new EndpointEvent(type, endpoint(id)), wish);
  }

  /** Imports what its name begins with. */
  private RemoteServiceAdmin admin(String name, Throwable failure) {
    return fake(
        RemoteServiceAdmin.class,
        (method, argument) -> {
          String id = ((EndpointDescription) argument).getId();
          if (!id.startsWith(name.substring(0, 1))) {
            return null;
          }
          history.add(name + "+" + id);
          return fake(
              ImportRegistration.class,
              (asked, none) -> {
                if (asked.equals("close")) {
                  history.add(name + "-" + id);
                }
                return asked.equals("getException") ? failure : null;
              });
        });
  }

  private interface Answer {
    Object answer(String method, Object argument);
  }

  private static <T> T fake(Class<T> type, Answer answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "hashCode" -> System.identityHashCode(self);
                  case "equals" -> self == arguments[0];
                  default ->
                      answer.answer(method.getName(), arguments == null ? null : arguments[0]);
                }));
  }

  private List<String> history() throws Exception {
    thread.submit(() -> {}).get(30, TimeUnit.SECONDS);
    List<String> now = List.copyOf(history);
    history.clear();
    return now;
  }

  @Test
  void anEndpointIsImportedOnceForAllWishesAndUntilTheLastOfThem() throws Exception {
    imports.add(admin("a", null));
    told(EndpointEvent.ADDED, "a#DMM1", "(x=1)");
    told(EndpointEvent.ADDED, "a#DMM1", "(x=2)");
    assertThat(history()).containsExactly("a+a#DMM1");

    told(EndpointEvent.REMOVED, "a#DMM1", "(x=1)");
    told(EndpointEvent.REMOVED, "a#DMM1", "(x=1)");
    assertThat(history()).isEmpty();
    told(EndpointEvent.REMOVED, "a#DMM1", "(x=2)");
    assertThat(history()).containsExactly("a-a#DMM1");
  }

  @Test
  void whatComesAndGoesQuicklyIsGone() throws Exception {
    imports.add(admin("a", null));
    for (int i = 0; i < 50; i++) {
      told(EndpointEvent.ADDED, "a#DMM1", "(x=1)");
      told(EndpointEvent.REMOVED, "a#DMM1", "(x=1)");
    }
    assertThat(history()).hasSize(100).startsWith("a+a#DMM1", "a-a#DMM1").endsWith("a-a#DMM1");
  }

  @Test
  void itIsImportedByWhoCanAndByAnotherWhenThatOneGoes() throws Exception {
    told(EndpointEvent.ADDED, "a#DMM1", "(x=1)");
    imports.add(admin("b", null));
    assertThat(history()).isEmpty();
    RemoteServiceAdmin first = admin("a1", null);
    imports.add(first);
    imports.add(admin("a2", null));
    assertThat(history()).containsExactly("a1+a#DMM1");

    imports.remove(first);
    assertThat(history()).containsExactly("a1-a#DMM1", "a2+a#DMM1");
    imports.close();
    assertThat(thread.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(history).containsExactly("a2-a#DMM1");
  }

  @Test
  void whatOneCannotImportAnotherIsAsked() throws Exception {
    imports.add(admin("a1", new IllegalStateException("as the test wants it")));
    imports.add(admin("a2", null));
    told(EndpointEvent.ADDED, "a#DMM1", "(x=1)");

    assertThat(history()).containsExactly("a1+a#DMM1", "a1-a#DMM1", "a2+a#DMM1");
  }
}
