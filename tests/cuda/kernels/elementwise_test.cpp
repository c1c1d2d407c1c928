// Element-wise operators, Cast and Where. Narrow floats differ by a rounding of the type.
#include <gtest/gtest.h>

#include "tests/cuda/kernels/device_case.h"

namespace mica {
namespace {

constexpr double kHalf = 1e-3, kBrain = 8e-3;

// y = op(x) {attributes} for floats of all types and an odd number of elements.
std::vector<DeviceCase> unary(const std::string& op, const std::string& attributes = "", double rtol = 2e-6) {
  std::vector<DeviceCase> cases;
  const auto add = [&](const std::string& type, double relative) {
    cases.push_back({op.substr(op.rfind('.') + 1) + "_" + type + std::to_string(cases.size()),
                     "graph g(x: " + type + "[3,0,5], z: " + type +
                         "[3,7,11]) -> (y, w) opset 27, com.microsoft 1 { y = " + op + "(x)" + attributes +
                         "  w = " + op + "(z)" + attributes + " }",
                     relative, relative});
  };
  add("float", rtol);
  add("float16", kHalf);
  add("bfloat16", kBrain);
  add("double", 1e-12);
  return cases;
}

std::vector<DeviceCase> all_unary() {
  std::vector<DeviceCase> cases;
  const auto append = [&](std::vector<DeviceCase> more) {
    for (DeviceCase& one : more) {
      one.name += "_" + std::to_string(cases.size());
      cases.push_back(std::move(one));
    }
  };
  for (const char* op : {"Abs",
                         "Neg",
                         "Relu",
                         "Sign",
                         "Acos",
                         "Acosh",
                         "Asin",
                         "Asinh",
                         "Atan",
                         "Atanh",
                         "Ceil",
                         "Cos",
                         "Cosh",
                         "Erf",
                         "Exp",
                         "Floor",
                         "Log",
                         "Mish",
                         "Reciprocal",
                         "Round",
                         "Sigmoid",
                         "Sin",
                         "Sinh",
                         "Softplus",
                         "Softsign",
                         "Sqrt",
                         "Tan",
                         "Tanh",
                         "Gelu",
                         "HardSwish",
                         "com.microsoft.Gelu",
                         "com.microsoft.QuickGelu"}) {
    append(unary(op));
  }
  append(unary("Gelu", " {approximate=\"tanh\"}"));
  append(unary("Celu", " {alpha=1.5}"));
  append(unary("Elu", " {alpha=0.5}"));
  append(unary("Selu"));
  append(unary("LeakyRelu", " {alpha=0.1}"));
  append(unary("HardSigmoid", " {alpha=0.3, beta=0.4}"));
  append(unary("Swish", " {alpha=1.3}"));
  append(unary("ThresholdedRelu", " {alpha=0.2}"));
  append(unary("Shrink", " {bias=0.3, lambd=0.2}"));
  return cases;
}

class Unary : public testing::TestWithParam<DeviceCase> {};
TEST_P(Unary, AgreesWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Unary, testing::ValuesIn(all_unary()), name_of_case);

DeviceCase binary(const std::string& op, const std::string& a, const std::string& b, double rtol = 0) {
  static int number = 0;
  return {op + "_" + std::to_string(number++), "graph g(a: " + a + ", b: " + b + ") -> (y) { y = " + op + "(a, b) }",
          rtol, rtol};
}

std::vector<DeviceCase> all_binary() {
  std::vector<DeviceCase> cases;
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu"}) {
    cases.push_back(binary(op, "float[2,3,5]", "float[2,3,5]"));
    cases.push_back(binary(op, "float[7,2,3,5]", "float[3,1]"));
    cases.push_back(binary(op, "double[4,1,3]", "double[4,1,1]"));
    cases.push_back(binary(op, "float16[3,5]", "float16[5]", kHalf));
    cases.push_back(binary(op, "bfloat16[3,5]", "bfloat16[]", kBrain));
    cases.push_back(binary(op, "int32[3,5]", "int32[3,5]"));
    cases.push_back(binary(op, "int64[3,1]", "int64[3,1]"));
  }
  for (const char* op : {"Add", "Mul", "Max"}) {
    cases.push_back(binary(op, "float[5,1,3]", "float[4,1]"));  // both are stretched
    cases.push_back(binary(op, "float[0,3]", "float[3]"));
    cases.push_back(binary(op, "uint8[3,100]", "uint8[3,100]"));
    cases.push_back(binary(op, "int8[3,100]", "int8[3,100]"));
    cases.push_back(binary(op, "uint32[3,100]", "uint32[]"));
  }
  for (const char* op : {"Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal"}) {
    cases.push_back(binary(op, "float[2,3,5]", "float[3,5]"));
    cases.push_back(binary(op, "double[2,3]", "double[]"));
    cases.push_back(binary(op, "int64[4,10]", "int64[4,10]"));
    cases.push_back(binary(op, "int32[4,10]", "int32[]"));
  }
  for (const char* op : {"And", "Or", "Xor"}) cases.push_back(binary(op, "bool[3,1,4]", "bool[2,1]"));
  cases.push_back(binary("Pow", "float[6,7]", "float[7]", 4e-6));
  for (const char* type : {"float", "double", "int64", "int32", "int8", "uint8", "uint16"}) {
    const std::string t = type;
    for (const char* attributes : {"", " {fmod=1}"}) {
      cases.push_back({"mod_" + t + std::to_string(cases.size()),
                       "graph g(a: " + t + "[3,1,50], b: " + t + "[4,1]) -> (y) { y = Mod(a, b)" + attributes + " }", 0,
                       0});
    }
  }
  for (const char* type : {"uint8", "uint16", "uint32", "uint64", "int8", "int32", "int64"}) {
    const std::string t = type;
    for (const char* op : {"BitwiseAnd", "BitwiseOr", "BitwiseXor"}) {
      cases.push_back(binary(op, t + "[3,1,50]", t + "[4,1]"));
    }
    cases.push_back({"bitwise_not_" + t, "graph g(a: " + t + "[3,50]) -> (y) { y = BitwiseNot(a) }", 0, 0});
    if (t[0] != 'u') continue;
    cases.push_back({"shift_" + t,
                     "graph g(a: " + t + "[3,50], b: " + t +
                         "[50]) -> (y, z) { y = BitShift(a, b) {direction=\"LEFT\"}  z = BitShift(a, b) "
                         "{direction=\"RIGHT\"} }",
                     0, 0});
  }
  for (const char* type : {"float", "float16", "bfloat16", "double"}) {
    const std::string t = type, test = "graph g(x: " + t + "[7,50], z: " + t + "[7,50]) -> (";
    cases.push_back({"tests_" + t, test + R"(a, b, c, d) { s = Sub(z, z)  i = Div(x, s)  n = Sub(i, i)
      a = IsNaN(n)  b = IsInf(i)  c = IsInf(i) {detect_negative=0}  d = IsInf(i) {detect_positive=0} })"});
  }
  for (const char* op : {"Max", "Min", "Sum", "Mean"}) {
    for (const char* type : {"float", "float16", "bfloat16"}) {
      const std::string t = type, name = std::string(op) + "_" + t;
      const double tolerance = t == "float" ? 2e-6 : t == "float16" ? kHalf : kBrain;
      cases.push_back({"one_" + name, "graph g(a: " + t + "[3,5]) -> (y) { y = " + op + "(a) }", 0, 0});
      cases.push_back({"four_" + name,
                       "graph g(a: " + t + "[5], b: " + t + "[3,1], c: " + t + "[2,1,5], d: " + t +
                           "[]) -> (y) { y = " + op + "(a, b, c, d) }",
                       tolerance, tolerance});
    }
  }
  cases.push_back({"not_", "graph g(a: bool[3,11]) -> (y) { y = Not(a) }"});
  cases.push_back({"neg_integers", "graph g(a: int8[3,100], b: int64[3,10]) -> (y, z) { y = Neg(a)  z = Abs(b) }"});
  cases.push_back({"in_place", R"(graph g(a: float[4,5], b: float[5]) -> (y) {
    c = Add(a, b)  d = Mul(c, b)  e = Exp(d)  y = Sub(b, e) })"});
  cases.push_back({"clip_both", "graph g(x: float[5,5]) -> (y) { y = Clip(x, float[] -0.5, float[] 0.25) }", 0, 0});
  cases.push_back({"clip_below", "graph g(x: float16[5,5]) -> (y) { y = Clip(x, float16[] -0.5) }", 0, 0});
  cases.push_back({"clip_above", "graph g(x: float[5,5]) -> (y) { y = Clip(x, _, float[] 0.25) }", 0, 0});
  for (const char* type : {"float", "bfloat16", "double"}) {
    cases.push_back({std::string("clip_by_attributes_") + type,
                     std::string("graph g(x: ") + type + "[5,5]) -> (y) opset 6 { y = Clip(x) {min=-0.5, max=0.25} }",
                     0, 0});
  }
  for (const char* type : {"float", "float16", "int64", "int8", "bool", "complex128"}) {
    const std::string t = type;
    cases.push_back({"where_" + t,
                     "graph g(c: bool[4,1], a: " + t + "[4,3], b: " + t + "[2,1,1]) -> (y) { y = Where(c, a, b) }", 0,
                     0});
  }
  return cases;
}

class Binary : public testing::TestWithParam<DeviceCase> {};
TEST_P(Binary, AgreesWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Binary, testing::ValuesIn(all_binary()), name_of_case);

DeviceCase chain(const std::string& name, const std::string& inputs, const std::string& names,
                 const std::string& program, double tolerance = 4e-6) {
  return {name,
          "graph g(" + inputs + ") -> (y) opset 27, mica 1, com.microsoft 1 { y = mica.ElementwiseChain(" + names +
              ") {program=\"" + program + "\"} }",
          tolerance, tolerance};
}

std::vector<DeviceCase> all_chains() {
  const std::string unary =
      "x0: float; t0 = Abs:13(x0); t1 = LeakyRelu:16(t0) {alpha=0.2}; t2 = Gelu:20(t1) {approximate=\\\"tanh\\\"}; "
      "t3 = com.microsoft.QuickGelu:1(t2) {alpha=1.5}; t4 = Sigmoid:13(t3); t5 = Gelu:20(t4)";
  const std::string broadcast =
      ", x3: float; t0 = Mul:14(x0, x1); t1 = Sub:14(t0, x2); t2 = Clip:13(t1, x3, _); t3 = Max:13(t2, x0)";
  const std::string tests =
      "x0: float, x1: bool; t0 = Less:13(x0, x0); t1 = Not:1(t0); t2 = And:7(t1, x1); t3 = Cast:13(t2) {to=1}; "
      "t4 = Where:16(x1, t3, x0); t5 = Cast:13(t4) {to=10}; t6 = Cast:13(t5) {to=1}";
  return {
      chain("unary", "x: float[3,7,11]", "x", unary),
      chain("empty", "x: float[3,0,11]", "x", unary),
      chain("broadcast", "x: float[2,3,5], a: float[5], b: float[3,1], c: float[]", "x, a, b, c",
            "x0: float, x1: float, x2: float" + broadcast),
      chain("both_stretched", "x: float[2,1,5], a: float[3,1], b: float[1], c: float[1]", "x, a, b, c",
            "x0: float, x1: float, x2: float" + broadcast),
      chain("clip_by_attributes", "x: float[4,5]", "x",
            "x0: float; t0 = Exp:13(x0); t1 = Clip:6(t0) {min=0.5, max=1.25}; t2 = Neg:13(t1)"),
      chain("tests", "x: float[4,5], m: bool[5]", "x, m", tests, 1e-3),
      chain("truth", "x: float[4,5], z: float[5]", "x, z",
            "x0: float, x1: float; t0 = Add:14(x0, x1); t1 = Less:13(t0, x1)"),
      chain("float16", "x: float16[4,5], z: float16[5]", "x, z",
            "x0: float16, x1: float16; t0 = Mul:14(x0, x1); t1 = Tanh:13(t0)", kHalf),
      chain("bfloat16", "x: bfloat16[4,5], z: bfloat16[5]", "x, z",
            "x0: bfloat16, x1: bfloat16; t0 = Mul:14(x0, x1); t1 = Tanh:13(t0)", kBrain),
      // What the device has no chains of is launched operator by operator.
      chain("integers_are_put_back", "x: int64[4,5], z: int64[5]", "x, z",
            "x0: int64, x1: int64; t0 = Mul:14(x0, x1); t1 = Sub:14(t0, x1)", 0),
  };
}

class Chains : public testing::TestWithParam<DeviceCase> {};
TEST_P(Chains, AgreesWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Chains, testing::ValuesIn(all_chains()), name_of_case);

std::vector<DeviceCase> all_casts() {
  struct Type {
    const char* name;
    int number;
  };
  constexpr Type kTypes[] = {{"float", 1},    {"uint8", 2},   {"int8", 3},    {"uint16", 4},
                             {"int16", 5},    {"int32", 6},   {"int64", 7},   {"bool", 9},
                             {"float16", 10}, {"double", 11}, {"uint32", 12}, {"bfloat16", 16}};
  std::vector<DeviceCase> cases;
  for (const Type& from : kTypes) {
    std::string graph = "graph g(x: " + std::string(from.name) + "[5,7]) -> (";
    std::string body;
    for (const Type& to : kTypes) {
      if (from.number == to.number) continue;
      graph += (body.empty() ? "" : ", ") + std::string("y") + std::to_string(to.number);
      body += "  y" + std::to_string(to.number) + " = Cast(x) {to=" + std::to_string(to.number) + "}";
    }
    cases.push_back({"from_" + std::string(from.name), graph + ") {" + body + " }", 0, 0});
  }
  const std::vector<float> extremes = {0.0f,     -0.0f, 1.5f,  -1.5f,  2.5f,   65504.0f,
                                       65520.0f, 1e-8f, 3e38f, 127.9f, -128.9f};
  cases.push_back({"extremes",
                   R"(graph g(x: float[1,11]) -> (a, b, c, d) {
    a = Cast(x) {to=10}  b = Cast(x) {to=16}  c = Cast(x) {to=6}  d = Cast(x) {to=3} })",
                   0,
                   0,
                   {{"x", Tensor::of<float>({1, 11}, std::span(extremes))}}});
  return cases;
}

class Casts : public testing::TestWithParam<DeviceCase> {};
TEST_P(Casts, AgreesWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Casts, testing::ValuesIn(all_casts()), name_of_case);

}  // namespace
}  // namespace mica
