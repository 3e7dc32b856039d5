// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.NumericArray;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BytesTest {

  private final Random random = new Random(7);

  @Test
  void arraysAmongOtherBytesAreCopiedInAnyPiecesThatCutNoElement() {
    Bytes bytes = new Bytes(1);
    bytes.write(NumericArray.of(new short[] {1, 2, 3}));
    bytes.write(42);
    bytes.write(NumericArray.of(new double[] {1, -2.5, Double.NaN}));
    bytes.write(NumericArray.of(new byte[0]));
    bytes.write(NumericArray.of(new int[] {7}));
    bytes.write(new byte[] {8, 9}, 0, 2);
    byte[] all = bytes.toArray();
    assertThat(all).hasSize(6 + 1 + 24 + 4 + 2).startsWith(1, 0, 2, 0, 3, 0, 42).endsWith(8, 9);
    for (int i = 0; i < 10_000; i++) {
      ByteBuffer target = ByteBuffer.allocate(all.length);
      while (target.hasRemaining()) {
        int count = bytes.whole(target.position(), 1 + random.nextInt(target.remaining()));
        if (count > 0) {
          bytes.copyTo(target.position(), count, target);
        }
      }
      assertThat(target.array()).isEqualTo(all);
    }
  }

  @Test
  void aPieceEndsWhereAnElementEnds() {
    Bytes bytes = new Bytes(10);
    bytes.write(1);
    bytes.write(NumericArray.of(new double[4]));
    assertThat(bytes.whole(0, 1)).isEqualTo(1);
    assertThat(bytes.whole(0, 8)).isEqualTo(1);
    assertThat(bytes.whole(0, 9)).isEqualTo(9);
    assertThat(bytes.whole(9, 20)).isEqualTo(16);
    assertThat(bytes.whole(0, 33)).isEqualTo(33);
  }

  @Test
  void moreBytesThanThereCanBeAreRefusedAndNotCountedAsNone() {
    Bytes bytes = new Bytes(10);
    NumericArray mega = NumericArray.of(new byte[1 << 20]);
    for (int i = 1; i < 2048; i++) {
      bytes.write(mega);
    }
    assertThatThrownBy(() -> bytes.write(mega)).isInstanceOf(ArithmeticException.class);
    bytes.write(NumericArray.of(new byte[(1 << 20) - 1]));
    assertThat(bytes.size()).isEqualTo(Integer.MAX_VALUE);
    assertThatThrownBy(() -> bytes.write(1)).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void memoryOfALongMessageIsUsedOnceMoreForOneOfTheSameSize() {
    Spare spare = new Spare();
    byte[] first = spare.take(2 << 20);
    assertThat(spare.take(2 << 20)).isNotSameAs(first);
    spare.give(first);
    assertThat(spare.take((2 << 20) + 1)).hasSize((2 << 20) + 1);
    spare.give(first);
    assertThat(spare.take(2 << 20)).isSameAs(first);
    assertThat(spare.take(2 << 20)).isNotSameAs(first);
    byte[] small = spare.take(1000);
    spare.give(small);
    assertThat(spare.take(1000)).isNotSameAs(small);
  }
}
