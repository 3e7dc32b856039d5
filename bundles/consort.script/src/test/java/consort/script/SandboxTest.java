// SPDX-License-Identifier: Apache-2.0
package consort.script;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.script.ScriptRequest;
import consort.api.script.ScriptResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a script cannot do, however it is written. */
final class SandboxTest {

  /** The limit of the scripts here, and how much later they must be over on a busy machine. */
  private static final Duration LIMIT = Duration.ofMillis(300);

  private static final Duration LATEST = LIMIT.plusMillis(600);

  private static ScriptNode node;

  @BeforeAll
  static void start() throws Exception {
    node = new ScriptNode();
  }

  @AfterAll
  static void stop() throws Exception {
    node.close();
  }

  private static ScriptResult run(String text) {
    return node.run(text);
  }

  private static String printed(String text) {
    ScriptResult result = run(text);
    assertThat(result.error()).isNull();
    return result.output();
  }

  /** Each would go on for a very long time. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "while true do xpcall(function() while true do end end, function(e) return e end) end",
        "local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end",
        "while true do local c = coroutine.create(function() while true do end end)"
            + " coroutine.resume(c) end",
        "string.find(string.rep('a', 40), string.rep('a?', 40) .. string.rep('a', 40))",
        "string.find(string.rep('a', 300000), '.-.-.-.-b')",
        "(('x'):rep(300000)):match('(.*)(.*)(.*)(.*)y')",
        "(('x'):rep(300000)):gsub('x*x*x*y', '')",
        "for w in (('a'):rep(200000)):gmatch('a-a-a-b') do end",
        "string.find(('ab'):rep(4000000), ('ab'):rep(3000000) .. 'c', 1, true)"
            + " while true do string.find(('a'):rep(1000000), ('a'):rep(500000) .. 'b', 1, true) end",
        "local t = {} for i = 1, 200000 do t[i] = i % 7 end while true do table.sort(t) end",
        "local s = ('%s'):rep(100) while true do pcall(string.format, s, s) end",
        "setmetatable(_G, {__index = function(t, k) return t[k] end}) while true do pcall(function() return y end) end",
        "local function f() return f() end f()",
        "goto a ::a:: goto a",
        "for i = 1, math.huge do end",
        "repeat until false",
        "os.execute('sleep 1000')",
        "context:sleep(1000)",
        "pcall(context.sleep, context, 1000) while true do end"
      })
  void endsWhatRunsAway(String text) {
    long begin = System.nanoTime();
    ScriptResult result = node.run(ScriptRequest.of(node.script(text)).within(LIMIT));

    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(LATEST);
    assertThat(result.error()).contains("ended: it took longer than its limit of 0.3 s");
  }

  /** Each would take very much memory. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "local s = string.rep('x', 1e9)",
        "local s = ('x'):rep(2^31 - 1, 'yyyyyyyy')",
        "local s = 'x' for i = 1, 40 do s = s .. s end",
        "local s = 'x' for i = 1, 40 do s = s .. s .. s end",
        "local s = ('x'):rep(1e6) for i = 1, 5 do s = s:gsub('x', ('y'):rep(1000)) end",
        "local s = ('x'):rep(1e6):gsub('x', function() return ('y'):rep(1000) end)",
        "local s = ('x'):rep(1e4):gsub('x*', ('%0'):rep(10000))",
        "local s = string.format(('%s'):rep(20), table.unpack((function() local t = {}"
            + " for i = 1, 20 do t[i] = ('x'):rep(1e6) end return t end)()))",
        "local t = {} for i = 1, 200 do t[i] = ('x'):rep(1e5) end local s = table.concat(t)",
        "local s = table.concat({'a', 'b', 'c'}, ('x'):rep(1e7))",
        "local s = string.format('%q', ('\\n'):rep(9e6))"
      })
  void refusesAStringBeforeItIsMade(String text) {
    assertThat(run(text).error()).contains("is longer than the limit of 16777216 bytes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "table.unpack({}, 1, 1e8)",
        "string.byte(('x'):rep(1e6), 1, -1)",
        "string.byte(('x'):rep(1e6), -2e9, 2e9)"
      })
  void refusesMoreValuesThanItHasRoomFor(String text) {
    assertThat(run(text).error()).contains("at most 100000");
  }

  @Test
  void endsAScriptThatTakesTooMuchMemory() throws Exception {
    try (ScriptNode small = new ScriptNode(Budget.INSTRUCTIONS, 32 << 20)) {
      assertThat(small.run("local t = {} while true do t[#t + 1] = {#t} end").error())
          .contains("ended: it took more than 32 MiB of memory");
      assertThat(
              small
                  .run(
                      "local t = {} coroutine.wrap(function()"
                          + " while true do t[#t + 1] = ('x'):rep(1000) .. #t end end)()")
                  .error())
          .contains("ended: it took more than 32 MiB of memory");
    }
  }

  @Test
  void endsAScriptThatTakesTooManySteps() throws Exception {
    try (ScriptNode small = new ScriptNode(1_000_000, 1 << 30)) {
      assertThat(small.run("\nwhile true do\nend").error())
          .isEqualTo(
              "script1.lua:2: ended: it took more than 1000000 steps without a call or a pause");
      small.with("DMM1");
      assertThat(
              small
                  .run("for i = 1, 40 do for k = 1, 100000 do end context:call('DMM1.MEASURE') end")
                  .error())
          .isNull();
    }
  }

  @Test
  void boundsCoroutinesAsEachHasAThread() {
    assertThat(
            run("local all = {} for i = 1, 1000 do all[i] = coroutine.wrap(coroutine.yield)"
                    + " all[i]() end")
                .error())
        .contains("there are 64 coroutines already");
    assertThat(
            printed(
                "for i = 1, 500 do coroutine.wrap(function() coroutine.yield(i) end)"
                    + " end print('made')"))
        .isEqualTo("made\n");
  }

  @Test
  void leavesNoThreadBehind() {
    run("for i = 1, 20 do local c = coroutine.wrap(coroutine.yield) c() end");

    org.awaitility.Awaitility.await()
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(t -> t.getName().startsWith("Coroutine")));
  }

  @Test
  void survivesDeepRecursion() {
    assertThat(run("local function f(n) return 1 + f(n + 1) end f(1)").error())
        .contains("stack overflow");
    assertThat(
            printed(
                "local function f(n) return 1 + f(n + 1) end print(pcall(f, 1))"
                    + " print(coroutine.resume(coroutine.create(f), 1))"))
        .containsPattern("false\t.*stack overflow[^\n]*\nfalse\t.*stack overflow");
    assertThat(
            printed("local function f(n) return n == 0 and 0 or 1 + f(n - 1) end print(f(3000))"))
        .isEqualTo("3000\n");
    assertThat(
            run("local t = {} t.x = setmetatable({}, {__tostring = tostring}) print(t.x)").error())
        .contains("overflow");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "os.execute('rm -rf /')",
        "os.execute('sleep 1; touch /tmp/x')",
        "os.exit(1)",
        "os.remove('/tmp/x')",
        "io.open('/etc/passwd')",
        "io.popen('ls')",
        "io.lines('/etc/passwd')",
        "load('return 1')",
        "dofile('/etc/passwd')",
        "loadfile('/etc/passwd')"
      })
  void saysThatWhatReachesOutIsNotThere(String text) {
    assertThat(run(text).error()).contains("is not available in a script");
  }

  @Test
  void knowsNoClassesAndNoDebugger() {
    assertThat(printed("print(luajava, debug, string.dump, newproxy, module, os.getenv('PATH'))"))
        .isEqualTo("nil\tnil\tnil\tnil\tnil\tnil\n");
    assertThat(printed("print(getmetatable(''))")).isEqualTo("false\n");
  }

  @Test
  void requiresLibrariesBesideTheScriptAndInTheLibraryFolder() throws Exception {
    node.file("beside.lua", "return {name = 'beside'}");
    node.file(
        "scripts/lab/tools.lua", "local M = {} function M.twice(x) return 2 * x end return M");
    node.file("once.lua", "print('loaded')");

    assertThat(
            printed(
                "package.path = package.path .. ';./lib/?.lua'"
                    + " print(require('beside').name, require('lab.tools').twice(21))"
                    + " require('once') require('once')"))
        .isEqualTo("beside\t42\nloaded\n");
    assertThat(run("require('../../etc/passwd')").error()).contains("is no name of a library");
    assertThat(run("require('nothing')").error())
        .contains("there is no nothing.lua beside the script, nor in scripts/");
    Path outside = Files.createTempFile("outside", ".lua");
    Files.createSymbolicLink(node.home.resolve("link.lua"), outside);
    assertThat(run("require('link')").error()).contains("there is no link.lua");
  }

  @Test
  void requiresLibrariesBelowTheFoldersThatThePathNames() throws Exception {
    node.file("measurements/deep/sweep.lua", "return {name = 'sweep'}");
    Path outside = Files.createTempDirectory("outside");
    Files.writeString(outside.resolve("other.lua"), "return {}");

    assertThat(
            printed(
                "package.path = package.path .. ';./measurements/deep/?.lua'"
                    + " print(require('sweep').name, package.loaded.sweep.name)"))
        .isEqualTo("sweep\tsweep\n");
    for (String path :
        List.of(
            outside + "/?.lua",
            "../" + outside.getFileName() + "/?.lua",
            "measurements/../../" + outside.getFileName() + "/?.lua")) {
      assertThat(run("package.path = '" + path + "' require('other')").error())
          .as(path)
          .contains("module 'other' not found");
    }
    assertThat(run("package.path = {} require('other')").error()).contains("not found");
  }

  @Test
  void saysWhatIsWrongWithAFormat() {
    assertThat(run("string.format('%. 3f', 1)").error())
        .contains("invalid option '%. 3f' to 'format'");
    assertThat(run("string.format('%5-d', 1)").error()).contains("invalid option '%5-d'");
    assertThat(run("string.format('%1.2.3f', 1)").error()).contains("invalid format");
    assertThat(run("string.format('%. ', 1)").error()).contains("invalid option '%. '");
  }

  @Test
  void oneScriptDoesNotSeeTheNext() {
    run("string.rep = nil math.pi = 3 getmetatable('').__index = {} x = 1");

    assertThat(printed("print(x, math.pi > 3.1, ('ab'):rep(2))")).isEqualTo("nil\ttrue\tabab\n");
  }

  @Test
  void addsMethodsToStrings() {
    assertThat(
            printed(
                "function string.trim(s) return (s:gsub('^%s+', ''):gsub('%s+$', '')) end"
                    + " print((' a b '):trim() .. '|')"))
        .isEqualTo("a b|\n");
  }

  @Test
  void formatsAsCDoes() {
    assertThat(
            printed(
                "print(string.format('%d|%5d|%-5d|%05d|%+d|%x|%X|%o', 3.0, 42, 42, 42, 42, 255, 255, 8))"
                    + " print(string.format('%.3f|%8.2f|%e|%g|%g|%g|%.10g', 3.14159, 2.5, 12345.678,"
                    + " 0.0001, 1e20, 100, 0.1))"
                    + " print(string.format('%s|%5s|%-5s|%.2s|%q|%c|%%', 'a', 'b', 'c', 'def', 'x\"y', 65))"
                    + " print(string.format('%5.1f|%g|%g', -0.05, 1/0, 0))"
                    + " print(pcall(string.format, '%d', 3.5))"))
        .isEqualTo(
            "3|   42|42   |00042|+42|ff|FF|10\n"
                + "3.142|    2.50|1.234568e+04|0.0001|1e+20|100|0.1\n"
                + "a|    b|c    |de|\"x\\\"y\"|A|%\n"
                + " -0.1|inf|0\n"
                + "false\tbad argument #2 to 'format' (3.5 is not a whole number)\n");
  }

  @Test
  void matchesPatternsAsLuaDoes() {
    assertThat(
            printed(
                "print(('key = value'):match('^(%w+)%s*=%s*(%w+)$'))"
                    + " print(('hello world'):find('o w')) print(('hello'):find('l+'))"
                    + " print(('a.b'):find('.', 1, true)) print(('[x[y]z]'):match('%b[]'))"
                    + " print(('THE (quick) fox'):find('%((%a+)%)'))"
                    + " print(('abc'):gsub('%w', '%0%0')) print(('hello world'):gsub('o', {o = '0'}))"
                    + " print(('abc'):gsub('', '-')) print(('x=1,y=2'):gsub('(%w)=(%w)', '%2=%1', 1))"
                    + " for k, v in ('a=1, b=2'):gmatch('(%w)=(%w)') do io.write(k, v, ';') end"
                    + " print(('THE (quick) fox'):gsub('%f[%a]%a+', string.lower))"
                    + " print(('abab'):match('(ab)%1')) print(('x'):match('()')) print(('2024-01-02'):match('(%d+)-(%d+)'))"))
        .isEqualTo(
            "key\tvalue\n5\t7\n3\t4\n2\t2\n[x[y]z]\n5\t11\tquick\naabbcc\t3\nhell0 w0rld\t2\n"
                + "-a-b-c-\t4\n1=x,y=2\t1\na1;b2;the (quick) fox\t3\nab\n1\n2024\t01\n");
    for (String bad : new String[] {"%", "[a", "(a", "%b", "%f"}) {
      assertThat(run("('a'):find('" + bad + "')").error())
          .containsPattern("script.*(pattern|capture)");
    }
  }

  @Test
  void passesErrorsOfEveryKind() {
    assertThat(
            printed(
                "print(pcall(error, 'plain', 0)) print(select(2, pcall(error, {code = 7})).code)"
                    + " print(pcall(function() error('here') end))"
                    + " print(pcall(function() local x = nil + 1 end))"
                    + " print(xpcall(function() error('a', 0) end, function(e) return e .. '!' end))"
                    + " print(coroutine.resume(coroutine.create(function() error({}) end)) == false)"
                    + " print(pcall(coroutine.wrap(function() error('deep', 0) end)))"))
        .matches(
            "false\tplain\n7\nfalse\tscript\\d+.lua:1: here\n"
                + "false\tscript\\d+.lua:1: attempt to perform arithmetic .*nil.*\n"
                + "false\ta!\ntrue\nfalse\tdeep\n");
  }

  @Test
  void is26ReportsAnErrorWithItsLine() {
    assertThat(run("\n\nerror(\"boom\")").error()).matches("script\\d+\\.lua:3: boom");
    assertThat(run("\nlocal x = = 1").error())
        .matches("script\\d+\\.lua:2: unexpected symbol near =");
    assertThat(run("x = ").error()).matches("script\\d+\\.lua:1: unexpected symbol near <eof>");
    assertThat(run("x = then").error()).matches("script\\d+\\.lua:1: unexpected symbol near then");
    assertThat(run("local t\nt.x = 1").error()).matches("script\\d+\\.lua:2: .*index.*nil.*");
    assertThat(run("error()").error()).contains("nil");
    assertThat(run("error({})").error()).contains("raised a table");
  }

  @Test
  void sortsInsertsAndPacksLikeLua() {
    assertThat(
            printed(
                "local t = {} for i = 10, 1, -1 do t[#t + 1] = i end table.sort(t)"
                    + " print(table.concat(t, ',')) table.sort(t, function(a, b) return a > b end)"
                    + " print(table.concat(t, ',', 1, 3)) table.insert(t, 1, 99) table.remove(t)"
                    + " print(t[1], #t, table.unpack({1, 2, 3})) print(select('#', table.unpack({}, 1, 3)))"))
        .isEqualTo("1,2,3,4,5,6,7,8,9,10\n10,9,8\n99\t10\t1\t2\t3\n3\n");
    assertThat(run("table.sort({3, 'x', 1})").error()).contains("attempt to compare");
  }

  @Test
  void boundsWhatIsPrinted() {
    assertThat(printed("for i = 1, 3000 do print(('x'):rep(1000)) end"))
        .hasSizeLessThan((1 << 20) + 100)
        .endsWith("… the output is longer than 1 MiB\n");
  }

  @Test
  void pausesWhereScriptsUseTheSystemsSleep() {
    long begin = System.nanoTime();

    assertThat(
            printed(
                "print(os.execute('sleep 0.05')) print(os.time() > 1e9, type(os.clock()), #os.date())"))
        .startsWith("true\texit\t0\ntrue\tnumber\t");
    assertThat(System.nanoTime() - begin).isGreaterThan(50_000_000);
  }
}
