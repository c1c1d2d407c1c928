// Quantisation, and operators on quantised tensors: to the code.
#include <gtest/gtest.h>

#include "tests/cuda/kernels/cases.h"

namespace mica {
namespace {

std::vector<DeviceCase> all_conversions() {
  Cases cases;
  for (const char* type : {"uint8", "int8", "uint16", "int16"}) {
    const std::string t = type;
    cases.add("quantize_" + t, "x: float[3,50], z: " + t + "[]", "y = QuantizeLinear(x, float[] 0.013, z)");
    cases.add("dequantize_" + t, "x: " + t + "[3,50], z: " + t + "[]", "y = DequantizeLinear(x, float[] 0.013, z)",
              1e-6);
    cases.add("quantize_axis_" + t, "x: float[2,3,5], z: " + t + "[3]",
              "y = QuantizeLinear(x, float[3] [0.013, 0.5, 0.001], z) {axis=1}");
    cases.add("dequantize_axis_" + t, "x: " + t + "[2,3,5], z: " + t + "[3]",
              "y = DequantizeLinear(x, float[3] [0.013, 0.5, 0.001], z) {axis=1}", 1e-6);
    cases.add("quantize_last_axis_" + t, "x: float[2,3], z: " + t + "[3]",
              "y = QuantizeLinear(x, float[3] [0.013, 0.5, 0.001], z) {axis=-1}");
    cases.add("quantize_blocks_" + t, "x: float[2,5,3], s: float[2,3,3], z: " + t + "[2,3,3]",
              "a = Abs(s)  y = QuantizeLinear(x, a, z) {axis=1, block_size=2}");
    cases.add("dequantize_blocks_" + t, "x: " + t + "[2,5], s: float[2,3], z: " + t + "[2,3]",
              "y = DequantizeLinear(x, s, z) {axis=1, block_size=2}", 1e-6);
  }
  cases.add("quantize_half", "x: float16[3,50]", "y = QuantizeLinear(x, float16[] 0.013)");
  cases.add("quantize_brain", "x: bfloat16[3,50]", "y = QuantizeLinear(x, bfloat16[] 0.013)");
  cases.add("quantize_integers", "x: int32[3,50]", "y = QuantizeLinear(x, float[] 0.7) {output_dtype=3}");
  cases.add("dequantize_integers", "x: int32[3,50]", "y = DequantizeLinear(x, float[] 0.7)", 1e-6);
  cases.add("dequantize_to_half", "x: int8[3,50]", "y = DequantizeLinear(x, float16[] 0.013)", 1e-3);
  cases.add("dynamic", "x: float[7,1000]", "y, s, z = DynamicQuantizeLinear(x)", 1e-7, "y, s, z");
  cases.add("dynamic_positive", "x: float[11]", "a = Abs(x)  y, s, z = DynamicQuantizeLinear(a)", 1e-7, "y, s, z");
  cases.add("dynamic_nothing", "x: float[0]", "y, s, z = DynamicQuantizeLinear(x)", 0, "y, s, z");
  cases.add("odd_numbers", "x: float[1,6]", "y = QuantizeLinear(x, float[] 0.5, int8[] 3)", 0, "y",
            {{"x", Tensor::of<float>({1, 6}, {NAN, INFINITY, -INFINITY, 0.25f, 0.75f, -0.25f})}});
  return cases.all();
}

std::vector<DeviceCase> all_products() {
  Cases cases;
  for (const char* a : {"uint8", "int8"}) {
    for (const char* b : {"uint8", "int8"}) {
      const std::string s = a, t = b, name = s + "_" + t;
      cases.add("integer_" + name, "a: " + s + "[37,33], b: " + t + "[33,41], z: " + s + "[], w: " + t + "[]",
                "y = MatMulInteger(a, b, z, w)");
      cases.add("integer_lines_" + name,
                "a: " + s + "[2,5,9], b: " + t + "[2,9,7], z: " + s + "[2,5,1], w: " + t + "[2,1,7]",
                "y = MatMulInteger(a, b, z, w)");
      cases.add("conv_integer_" + name, "x: " + s + "[2,3,9,8], w: " + t + "[5,3,3,3], z: " + s + "[], v: " + t + "[5]",
                "y = ConvInteger(x, w, z, v) {pads=[1,1,0,1], strides=[2,1]}");
    }
  }
  for (const char* type : {"uint8", "int8"}) {
    const std::string t = type;
    cases.add("qlinear_matmul_" + t,
              "a: " + t + "[3,20,33], az: " + t + "[], b: " + t + "[33,41], bs: float[41], bz: " + t +
                  "[41], yz: " + t + "[]",
              "c = Abs(bs)  y = QLinearMatMul(a, float[] 0.013, az, b, c, bz, float[] 3.7, yz)");
    cases.add(
        "qgemm_" + t,
        "a: " + t + "[20,33], az: " + t + "[], b: " + t + "[41,33], bz: " + t + "[], c: int32[41], yz: " + t + "[]",
        "y = com.microsoft.QGemm(a, float[] 0.013, az, b, float[] 0.02, bz, c, float[] 0.7, yz) {transB=1, alpha=0.5}");
    cases.add("qgemm_floats_" + t,
              "a: " + t + "[33,20], az: " + t + "[], b: " + t + "[33,41], bz: " + t + "[], c: int32[20,1]",
              "y = com.microsoft.QGemm(a, float[] 0.013, az, b, float[] 0.02, bz, c) {transA=1}", 1e-6);
    cases.add("to_float_" + t, "a: " + t + "[20,33], b: " + t + "[33,41], s: float[41], z: " + t + "[], c: float[41]",
              "y = com.microsoft.MatMulIntegerToFloat(a, b, float[] 0.013, s, z, _, c)", 1e-5);
    cases.add("dynamic_" + t, "a: float[2,10,33], b: " + t + "[33,41], s: float[41], z: " + t + "[41]",
              "y = com.microsoft.DynamicQuantizeMatMul(a, b, s, z)", 1e-5);
    const std::string conv = "xz: " + t + "[], wz: " + t + "[], yz: " + t + "[], ws: float[34]";
    const std::string operands = "x, float[] 0.013, xz, w, s, wz, float[] 0.9, yz";
    cases.add("qlinear_conv_" + t, "x: " + t + "[2,17,9,8], w: " + t + "[34,17,3,3], b: int32[34], " + conv,
              "s = Abs(ws)  y = QLinearConv(" + operands + ", b) {pads=[1,1,1,1]}");
    cases.add("qlinear_conv_last_" + t, "x: " + t + "[2,9,8,32], w: " + t + "[34,32,3,3], " + conv,
              "s = Abs(ws)  y = com.microsoft.QLinearConv(" + operands + ") {pads=[1,1,1,1], channels_last=1}");
    cases.add(
        "qlinear_conv_depthwise_" + t, "x: " + t + "[2,9,8,34], w: " + t + "[34,1,3,3], " + conv,
        "s = Abs(ws)  y = com.microsoft.QLinearConv(" + operands + ") {strides=[2,2], group=34, channels_last=1}");
    const std::string scales = "float[] 0.013, az, b, float[] 0.021, bz, float[] 0.03, cz";
    const std::string zeros = ", az: " + t + "[], bz: " + t + "[], cz: " + t + "[]";
    const std::string unary = "x: " + t + "[3,50], xz: " + t + "[], yz: " + t + "[]";
    // A sigmoid that lies between two codes to the last digit may become either.
    cases.add("qlinear_sigmoid_" + t, unary, "y = com.microsoft.QLinearSigmoid(x, float[] 0.03, xz, float[] 0.004, yz)",
              1);
    cases.add("qlinear_leaky_relu_" + t, unary,
              "y = com.microsoft.QLinearLeakyRelu(x, float[] 0.03, xz, float[] 0.02, yz) {alpha=0.2}");
    cases.add("qlinear_softmax_" + t, unary,
              "y = com.microsoft.QLinearSoftmax(x, float[] 0.03, xz, float[] 0.004, yz) {opset=13}", 1);
    cases.add("qlinear_concat_" + t, "a: " + t + "[3,5,2], b: " + t + "[3,1,2], az: " + t + "[], yz: " + t + "[]",
              "y = com.microsoft.QLinearConcat(float[] 0.03, yz, a, float[] 0.02, az, b, float[] 0.05, yz) {axis=1}");
    for (const char* op : {"QLinearAdd", "QLinearMul"}) {
      cases.add(std::string(op) + "_" + t, "a: " + t + "[3,1,50], b: " + t + "[7,1]" + zeros,
                std::string("y = com.microsoft.") + op + "(a, " + scales + ")");
    }
    cases.add("pool_" + t, "x: " + t + "[2,3,9,8], xz: " + t + "[], yz: " + t + "[]",
              "y = com.microsoft.QLinearAveragePool(x, float[] 0.013, xz, float[] 0.011, yz) "
              "{kernel_shape=[3,2], pads=[1,0,1,1], strides=[2,1]}");
    cases.add("global_pool_" + t, "x: " + t + "[2,9,8,5], xz: " + t + "[], yz: " + t + "[]",
              "y = com.microsoft.QLinearGlobalAveragePool(x, float[] 0.013, xz, float[] 0.011, yz) {channels_last=1}");
  }
  cases.add("no_depth", "a: uint8[3,0], b: uint8[0,4]", "y = MatMulInteger(a, b)");
  cases.add("no_rows", "a: uint8[0,3], b: uint8[3,4]", "y = MatMulInteger(a, b)");
  return cases.all();
}

// With constant weights, in tiles that are partly empty.
std::vector<DeviceCase> all_on_tensor_cores() {
  Cases cases;
  const auto add = [&](const std::string& name, const std::string& inputs, const std::string& body) {
    cases.add_for(Precision::Float32, "int8 mma", name, inputs, body, 0);
  };
  const std::string scales = "float[] 0.013, az, b, float[] 0.021, bz, float[] 2.5, cz";
  for (const char* a : {"uint8", "int8"}) {
    for (const char* b : {"uint8", "int8"}) {
      const std::string s = a, t = b, name = s + "_" + t;
      const std::string columns = Cases::constant("b", t + "[80,75]", 80 * 75);
      add("integer_" + name, "a: " + s + "[70,80], z: " + s + "[], w: " + t + "[]",
          columns + "y = MatMulInteger(a, b, z, w)");
      add("integer_lines_" + name, "a: " + s + "[2,35,80], z: " + s + "[2,35,1], w: " + t + "[75]",
          columns + "y = MatMulInteger(a, b, z, w)");
      const std::string filters = Cases::constant("w", t + "[40,16,3,3]", 40 * 16 * 9);
      add("conv_integer_" + name, "x: " + s + "[2,16,9,8], z: " + s + "[], v: " + t + "[40]",
          filters + "y = ConvInteger(x, w, z, v) {pads=[1,0,1,1], strides=[1,2]}");
    }
    const std::string t = a;
    const std::string matrix = Cases::constant("b", t + "[48,41]", 48 * 41);
    add("qlinear_" + t, "a: " + t + "[37,48], az: " + t + "[], bz: " + t + "[], cz: " + t + "[]",
        matrix + "y = QLinearMatMul(a, " + scales + ")");
    const std::string conv = "xz: " + t + "[], wz: " + t + "[], yz: " + t + "[], ws: float[34]";
    const std::string operands = "x, float[] 0.013, xz, w, s, wz, float[] 3.9, yz";
    const auto filters = [&](const std::string& dims, int count) {
      return Cases::constant("w", t + "[" + dims + "]", count) + "s = Abs(ws)  ";
    };
    add("qlinear_conv_" + t, "x: " + t + "[2,17,9,8], b: int32[34], " + conv,
        filters("34,17,3,3", 34 * 17 * 9) + "y = QLinearConv(" + operands + ", b) {pads=[1,1,1,1]}");
    add("qlinear_conv_last_" + t, "x: " + t + "[2,9,8,32], b: int32[34], " + conv,
        filters("34,32,3,3", 34 * 32 * 9) + "y = com.microsoft.QLinearConv(" + operands +
            ", b) {pads=[1,1,1,1], channels_last=1}");
    add("qlinear_conv_groups_" + t, "x: " + t + "[2,9,8,40], " + conv,
        filters("34,20,3,2", 34 * 20 * 6) + "y = com.microsoft.QLinearConv(" + operands +
            ") {strides=[2,1], group=2, channels_last=1}");
  }
  add("parts", "a: uint8[20,528], z: uint8[]",
      Cases::constant("b", "int8[528,24]", 528 * 24) + "y = MatMulInteger(a, b, z)");
  add("conv_parts", "x: uint8[1,64,6,5], z: uint8[]",
      Cases::constant("w", "int8[20,64,3,3]", 20 * 64 * 9) + "y = ConvInteger(x, w, z) {pads=[1,1,1,1]}");
  add("many_matrices", "a: uint8[130,20,16], z: uint8[]",
      Cases::constant("b", "int8[130,16,24]", 130 * 16 * 24) + "y = MatMulInteger(a, b, z)");
  add("large_conv", "x: uint8[2,16,66,64], z: uint8[]",
      Cases::constant("w", "int8[256,16,1,1]", 256 * 16) + "y = ConvInteger(x, w, z)");
  const std::string bert = Cases::constant("b", "int8[64,40]", 64 * 40);
  cases.add_for(Precision::Float32, "int8 mma", "to_float", "a: uint8[9,64], z: uint8[], c: float[40]",
                bert + "y = com.microsoft.MatMulIntegerToFloat(a, b, float[] 0.01, float[] 0.02, z, _, c)", 1e-6);
  cases.add_for(Precision::Float32, "int8 mma", "dynamic", "x: float[9,64], c: float[40]",
                bert + "y = com.microsoft.DynamicQuantizeMatMul(x, b, float[] 0.02, _, c)", 1e-6);
  cases.add_for(Precision::Float32, "int8", "odd_depth", "a: uint8[9,63], z: uint8[]",
                Cases::constant("b", "int8[63,40]", 63 * 40) + "y = MatMulInteger(a, b, z)", 0);
  return cases.all();
}

std::vector<DeviceCase> all_few_bits() {
  Cases cases;
  for (const int bits : {2, 4, 8}) {
    const auto add = [&](const std::string& name, int m, int n, int k, const std::string& inputs,
                         const std::string& operands, const std::string& type = "float", double tolerance = 2e-5) {
      constexpr int kBlock = 32;
      const int blocks = (k + kBlock - 1) / kBlock;
      const std::string size = std::to_string(n) + "," + std::to_string(blocks);
      const std::string rows = std::to_string(m) + "," + std::to_string(k);
      cases.add(name + "_" + std::to_string(bits),
                "a: " + type + "[" + rows + "], b: uint8[" + size + "," + std::to_string(kBlock * bits / 8) +
                    "], s: " + type + "[" + size + "]" + inputs,
                "t = Mul(s, " + type + "[] 0.01)  y = com.microsoft.MatMulNBits(a, b, t" + operands +
                    ") {K=" + std::to_string(k) + ", N=" + std::to_string(n) + ", bits=" + std::to_string(bits) +
                    ", block_size=" + std::to_string(kBlock) + "}",
                tolerance);
    };
    const std::string packed_zeros = ", z: uint8[7," + std::to_string((3 * bits + 7) / 8) + "]";
    add("one_row", 1, 7, 90, "", "");
    add("few_rows", 6, 7, 96, packed_zeros, ", z");
    add("bias", 3, 7, 90, ", z: float[7,3], c: float[7]", ", z, _, c");
    add("many_rows", 40, 7, 90, packed_zeros, ", z");
    add("large_tiles", 600, 600, 64, "", "");
    add("half", 2, 7, 90, "", "", "float16", 2e-2);
    add("many_half", 20, 7, 90, "", "", "float16", 2e-2);
    add("brain", 2, 7, 90, "", "", "bfloat16", 1e-1);
  }
  const std::string body = "y = com.microsoft.MatMulNBits(a, b, s, _, g) {K=40, N=5, bits=4, block_size=32}";
  std::vector<int32_t> groups(40);
  for (size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<int32_t>(i * 7 % 2);
  cases.add("groups", "a: float[2,40], b: uint8[5,2,16], s: float[5,2], g: int32[40]", body, 2e-5, "y",
            {{"g", Tensor::of<int32_t>({40}, std::span<const int32_t>(groups))}});
  return cases.all();
}

class Quantized : public testing::TestWithParam<DeviceCase> {};
TEST_P(Quantized, AgreesWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Conversions, Quantized, testing::ValuesIn(all_conversions()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Products, Quantized, testing::ValuesIn(all_products()), name_of_case);
INSTANTIATE_TEST_SUITE_P(TensorProducts, Quantized, testing::ValuesIn(all_on_tensor_cores()), name_of_case);
INSTANTIATE_TEST_SUITE_P(FewBits, Quantized, testing::ValuesIn(all_few_bits()), name_of_case);

}  // namespace
}  // namespace mica
