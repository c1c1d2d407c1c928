// Damaged files: an error or a model, never anything else. Meant for the address and undefined behaviour sanitizers.
#include <gtest/gtest.h>

#include <random>

#include "graph/onnx/export.h"
#include "graph/onnx/values.h"
#include "graph/text_format.h"
#include "tests/unit/onnx_model.h"

namespace mica {
namespace {

// A bit of everything.
std::string sample() {
  auto model = new_model();
  auto& graph = *model.mutable_graph();
  add_info(*graph.add_input(), "x", {-1, 4});
  add_info(*graph.add_output(), "y", {2});
  onnx::write_tensor(Tensor::of<float>({2, 2}, {1, 2, 3, 4}), "w", *graph.add_initializer());
  onnx::write_tensor(Tensor::of<std::string>({2}, {"one", "two"}), "s", *graph.add_initializer());
  auto& typed = *graph.add_initializer();
  typed.set_name("typed");
  typed.set_data_type(6);
  typed.add_dims(3);
  for (int i = 0; i < 3; ++i) typed.add_int32_data(i);
  auto& sparse = *graph.add_sparse_initializer();
  onnx::write_tensor(Tensor::of<float>({2}, {5, 7}), "sp", *sparse.mutable_values());
  onnx::write_tensor(Tensor::of<int64_t>({2}, {1, 3}), "", *sparse.mutable_indices());
  sparse.add_dims(4);
  auto& branch = add_node(graph, "If", {"x"}, {"h"});
  auto& body = add_graph(branch, "then_branch");
  body.add_output()->set_name("t");
  add_node(body, "Add", {"x", "w"}, {"t"});
  auto& call = add_node(graph, "F", {"h", "s"}, {"y"}, "local");
  auto& attribute = *call.add_attribute();
  attribute.set_name("value");
  attribute.set_type(proto::AttributeProto::TENSOR);
  onnx::write_tensor(Tensor::of<bool>({3}, {true, false, true}), "", *attribute.mutable_t());
  auto& function = *model.add_functions();
  function.set_name("F");
  function.set_domain("local");
  function.add_input("a");
  function.add_input("b");
  function.add_output("c");
  auto& inner = *add_node(function, "Concat", {"a", "b"}, {"c"}).add_attribute();
  inner.set_name("v");
  inner.set_ref_attr_name("value");
  return model.SerializeAsString();
}

// Everything that reads a graph must cope with what the import lets pass.
bool survives(const std::string& bytes) {
  try {
    const GraphModel model = onnx::import_model(bytes_of(bytes), nullptr, no_operators());
    model.graph->order();
    print(model);
    onnx::export_model(model);
    return true;
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::Internal) << error.what();
    return false;
  }
}

TEST(OnnxHostile, TheSampleIsGood) {
  EXPECT_TRUE(survives(sample()));
}

TEST(OnnxHostile, Truncated) {
  const std::string whole = sample();
  for (size_t size = 0; size < whole.size(); ++size) survives(whole.substr(0, size));
}

TEST(OnnxHostile, ChangedBytes) {
  const std::string whole = sample();
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = whole;
    for (int flips = 1 + i % 4; flips > 0; --flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    survives(bytes);
  }
}

TEST(OnnxHostile, CutAndSpliced) {
  const std::string whole = sample();
  std::mt19937 random(2);
  for (int i = 0; i < 5000; ++i) {
    const size_t from = random() % whole.size(), size = random() % 40, to = random() % whole.size();
    survives(whole.substr(0, to) + whole.substr(from, size) + whole.substr(to));
    survives(whole.substr(0, from) + (from + size < whole.size() ? whole.substr(from + size) : ""));
  }
}

TEST(OnnxHostile, RandomValues) {
  std::mt19937 random(3);
  const ValueType tensor = ValueType::tensor(DType::F32);
  const ValueType types[] = {tensor, ValueType::sequence(tensor), ValueType::optional(tensor),
                             ValueType::map(DType::I64, tensor)};
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 60, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 64);
    try {
      onnx::load_value(bytes_of(bytes), types[i % 4]);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidModel) << error.what();
    }
  }
}

TEST(OnnxHostile, DamagedText) {
  const std::string bytes = sample();
  const std::string whole = print(onnx::import_model(bytes_of(bytes), nullptr, no_operators()));
  std::mt19937 random(4);
  for (int i = 0; i < 5000; ++i) {
    std::string text = whole.substr(0, i % 3 == 0 ? random() % whole.size() : whole.size());
    for (int flips = i % 4; flips > 0 && !text.empty(); --flips)
      text[random() % text.size()] = whole[random() % whole.size()];
    try {
      parse_text(text, no_operators());
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::Internal) << error.what();
    }
  }
}

}  // namespace
}  // namespace mica
