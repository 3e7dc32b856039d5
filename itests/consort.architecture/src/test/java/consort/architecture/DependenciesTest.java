// SPDX-License-Identifier: Apache-2.0
package consort.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.constructors;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Who may depend on whom; arrows point down only. */
final class DependenciesTest {

  private static final String[] JDK_AND_ANNOTATIONS = {
    "java..",
    "javax.net.ssl",
    "org.osgi.annotation..",
    "org.osgi.service.component.annotations",
    "org.jspecify.annotations"
  };

  private static JavaClasses consort;

  @BeforeAll
  static void read() {
    consort =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("consort");
  }

  @Test
  void theApiKnowsTheJdkAndOsgiAnnotationsOnly() {
    classes()
        .that()
        .resideInAPackage("consort.api..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(with("consort.api.."))
        .check(consort);
  }

  @Test
  void typedInterfacesKnowTheApiOnly() {
    classes()
        .that()
        .resideInAPackage("consort.instruments..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(with("consort.api..", "consort.instruments.."))
        .check(consort);
  }

  @Test
  void driversKnowTheApiAndTypedInterfacesOnly() {
    classes()
        .that()
        .resideInAPackage("consort.driver..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(with("consort.api..", "consort.instruments..", "consort.driver.."))
        .allowEmptyShould(true)
        .check(consort);
  }

  @Test
  void aDriverIsImportedByNobodyElse() {
    noClasses()
        .that()
        .resideOutsideOfPackage("consort.driver..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("consort.driver..")
        .check(consort);
    slices()
        .matching("consort.driver.(**)")
        .should()
        .notDependOnEachOther()
        .allowEmptyShould(true)
        .check(consort);
  }

  @Test
  void facesReachInstrumentsThroughTheApiOnly() {
    noClasses()
        .that()
        .resideInAnyPackage("consort.shell..", "consort.http..", "consort.commands..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("consort.driver..", "consort.coordinator..", "consort.link..")
        .allowEmptyShould(true)
        .check(consort);
  }

  @Test
  void theRuntimeNeverContainsTheTestkit() {
    noClasses()
        .that()
        .resideOutsideOfPackage("consort.testkit..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("consort.testkit..")
        .check(consort);
  }

  /** A bundle is what is released and replaced; the packages of one may know each other. */
  @Test
  void bundlesHaveNoCycles() {
    slices().matching("consort.(*)..").should().beFreeOfCycles().check(consort);
  }

  @Test
  void referencesAreInjectedIntoConstructorsOnly() {
    noFields().should().beAnnotatedWith(Reference.class).allowEmptyShould(true).check(consort);
  }

  @Test
  void aComponentsConstructorWiresAndNeverTalks() {
    constructors()
        .that()
        .areDeclaredInClassesThat()
        .areAnnotatedWith(Component.class)
        .should(neverTalk())
        .allowEmptyShould(true)
        .check(consort);
  }

  private static ArchCondition<JavaConstructor> neverTalk() {
    Pattern talking =
        Pattern.compile(
            "java\\.net\\..*|java\\.nio\\.channels\\..*|java\\.nio\\.file\\.Files|java\\.io\\..*(Stream|Reader|Writer|File)"
                + "|java\\.lang\\.Thread|java\\.lang\\.Process.*|com\\.fazecast\\..*");
    return new ArchCondition<>("do no I/O and start no thread") {
      @Override
      public void check(JavaConstructor constructor, ConditionEvents events) {
        constructor.getCallsFromSelf().stream()
            .filter(call -> talking.matcher(call.getTargetOwner().getName()).matches())
            .forEach(
                call -> events.add(SimpleConditionEvent.violated(call, call.getDescription())));
      }
    };
  }

  private static String[] with(String... packages) {
    String[] all = java.util.Arrays.copyOf(packages, packages.length + JDK_AND_ANNOTATIONS.length);
    System.arraycopy(JDK_AND_ANNOTATIONS, 0, all, packages.length, JDK_AND_ANNOTATIONS.length);
    return all;
  }
}
