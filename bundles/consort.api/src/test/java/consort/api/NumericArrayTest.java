// SPDX-License-Identifier: Apache-2.0
package consort.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class NumericArrayTest {

  @Test
  void hasOneDimensionUnlessToldOtherwise() {
    assertThat(NumericArray.of(new short[] {1, 2, 3}).shape()).containsExactly(3);
    assertThat(NumericArray.of(new double[0]).shape()).containsExactly(0);
    assertThat(NumericArray.of(new int[6], 2, 3).shape()).containsExactly(2, 3);
  }

  @Test
  void refusesAShapeThatDoesNotFit() {
    assertThatThrownBy(() -> NumericArray.of(new int[6], 2, 2))
        .hasMessage("the shape [2, 2] does not fit 6 elements");
    assertThatThrownBy(() -> NumericArray.of(new int[6], -2, -3))
        .hasMessage("the shape [-2, -3] is negative");
    assertThatThrownBy(() -> NumericArray.of(new int[0], Integer.MAX_VALUE, Integer.MAX_VALUE, 8))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void refusesWhatIsNoPrimitiveNumericArray() {
    assertThatThrownBy(() -> NumericArray.of(new boolean[1]))
        .hasMessage("boolean[] is no numeric array");
    assertThatThrownBy(() -> NumericArray.of(new Double[1]))
        .hasMessage("java.lang.Double[] is no numeric array");
    assertThatThrownBy(() -> NumericArray.of("x")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void keepsTheTypeOfItsElements() {
    NumericArray array = NumericArray.of(new long[] {Long.MAX_VALUE});

    assertThat(array.at(0)).isEqualTo(Long.MAX_VALUE);
    assertThat(array.type()).isEqualTo(NumericArray.Type.INT64);
    assertThat(NumericArray.of(new float[] {0.5f}).toDoubles()).containsExactly(0.5);
  }

  @Test
  void givesCopiesOnly() {
    NumericArray array = NumericArray.of(new double[] {1, 2});
    array.toDoubles()[0] = 9;
    ((double[]) array.toArray())[1] = 9;

    assertThat(array).isEqualTo(NumericArray.of(new double[] {1, 2}));
  }

  @Test
  void isEqualByTypeShapeAndElements() {
    NumericArray array = NumericArray.of(new int[] {1, 2, 3, 4});

    assertThat(array)
        .isEqualTo(NumericArray.of(new int[] {1, 2, 3, 4}, 4))
        .hasSameHashCodeAs(NumericArray.of(new int[] {1, 2, 3, 4}))
        .isNotEqualTo(NumericArray.of(new int[] {1, 2, 3, 4}, 2, 2))
        .isNotEqualTo(NumericArray.of(new long[] {1, 2, 3, 4}))
        .hasToString("INT32[4]");
  }

  @Test
  void writesItsElementsAsBytes() {
    NumericArray array = NumericArray.of(new short[] {1, -2});

    assertThat(array.toBytes(ByteOrder.BIG_ENDIAN)).containsExactly(0, 1, 0xff, 0xfe);
    assertThat(array.toBytes(ByteOrder.LITTLE_ENDIAN)).containsExactly(1, 0, 0xfe, 0xff);
  }
}
