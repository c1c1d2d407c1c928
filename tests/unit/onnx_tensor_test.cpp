// Tensors of files: typed and raw fields, sparse tensors, sizes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "graph/onnx/values.h"
#include "graph/onnx/wire.h"
#include "tests/unit/onnx_model.h"

namespace mica {
namespace {

using ::testing::HasSubstr;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

Tensor read(const std::string& bytes) {
  const auto owner = std::make_shared<const std::string>(bytes);
  return onnx::load_value(bytes_of(*owner), ValueType::tensor(DType::F32), owner).tensor;
}

Tensor read(const proto::TensorProto& proto) {
  return read(proto.SerializeAsString());
}

std::string error_of(const proto::TensorProto& proto) {
  try {
    read(proto);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidModel);
    return error.what();
  }
  return "";
}

struct Case {
  int dtype;
  std::string_view typed, raw;
};

// Three elements of each type: a TensorProto with a typed field as onnx 1.22 (Python, helper.make_tensor) writes it,
// and the elements as numpy_helper.from_array stores them as raw data.
constexpr Case kCases[] = {
    {1, "08031001220c0000c03f000010c00000807f420174", "0000c03f000010c00000807f"},
    {2, "080310022a040007ff01420174", "0007ff"},
    {3, "080310032a0c80ffffffffffffffff01007f420174", "80007f"},
    {4, "080310042a050001ffff03420174", "00000100ffff"},
    {5, "080310052a158080feffffffffffff01ffffffffffffffffff0105420174", "0080ffff0500"},
    {6, "080310062a1080808080f8ffffffff0100ffffffff07420174", "0000008000000000ffffff7f"},
    {7, "080310073a148080808080808080800100ffffffffffffffff7f420174",
     "00000000000000800000000000000000ffffffffffffff7f"},
    {8, "080310083201613200320378797a420174", ""},
    {9, "080310092a03010001420174", "010001"},
    {10, "0803100a2a08807c808003fff701420174", "003e00c0ff7b"},
    {11, "0803100b42017452189a9999999999b93f9c7500883ce437fe0000000000000000",
     "9a9999999999b93f9c7500883ce437fe0000000000000000"},
    {12, "0803100c4201745a070001ffffffff0f", "0000000001000000ffffffff"},
    {13, "0803100d4201745a0c0001ffffffffffffffffff01", "00000000000000000100000000000000ffffffffffffffff"},
    {14, "0803100e22180000803f0000004000000080000040c00000003f00000000420174",
     "0000803f0000004000000080000040c00000003f00000000"},
    {15,
     "0803100f4201745230000000000000f03f0000000000000040000000000000008000000000000008c0000000000000e03f000000000000000"
     "0",
     "000000000000f03f0000000000000040000000000000008000000000000008c0000000000000e03f0000000000000000"},
    {16, "080310102a08c07f808003e2fe01420174", "c03f00c0627f"},
    {17, "080310112a0438c0017e420174", "38c07e"},
    {18, "080310122a0440c8017f420174", "40c87f"},
    {19, "080310132a043cc0017b420174", "3cc07b"},
    {20, "080310142a0440c4017f420174", "40c47f"},
    {21, "080310152a03f10107420174", "f107"},
    {22, "080310162a02780f420174", "780f"},
    {23, "080310172a03f10105420174", "f105"},
    {24, "080310182a047f80017e420174", "7f807e"},
    {25, "080310192a011c420174", "1c"},
    {26, "0803101a2a0136420174", "36"},
};

TEST(OnnxTensor, TypedFieldsHoldTheSameElementsAsRawData) {
  for (const Case& c : kCases) {
    const Tensor typed = read(from_hex(c.typed));
    EXPECT_EQ(typed.dtype(), static_cast<DType>(c.dtype));
    EXPECT_EQ(typed.shape(), Shape{3});
    if (typed.dtype() == DType::String) {
      EXPECT_EQ(std::vector<std::string>(typed.data<std::string>(), typed.data<std::string>() + 3),
                (std::vector<std::string>{"a", "", "xyz"}));
      continue;
    }
    const std::string raw = from_hex(c.raw);
    ASSERT_EQ(typed.bytes(), raw.size()) << c.dtype;
    EXPECT_EQ(std::memcmp(typed.raw(), raw.data(), raw.size()), 0) << c.dtype;

    proto::TensorProto proto;
    proto.add_dims(3);
    proto.set_data_type(c.dtype);
    proto.set_raw_data(raw);
    const Tensor from_raw = read(proto);
    EXPECT_EQ(std::memcmp(from_raw.raw(), raw.data(), raw.size()), 0) << c.dtype;
  }
}

TEST(OnnxTensor, WhatIsWrittenIsReadAgain) {
  for (const Case& c : kCases) {
    const Tensor tensor = read(from_hex(c.typed));
    const std::string bytes = onnx::write_tensor_proto(tensor, "name");
    const Tensor again = read(bytes);
    EXPECT_EQ(again.str(), tensor.str());
    EXPECT_EQ(onnx::write_tensor_proto(again, "name"), bytes);
  }
}

TEST(OnnxTensor, AlignedRawDataIsAViewIntoTheFile) {
  // A field of padding moves the data through all alignments: it is copied in three of four places.
  int views = 0;
  for (size_t padding = 0; padding < 4; ++padding) {
    proto::TensorProto proto;
    proto.add_dims(4);
    proto.set_data_type(1);
    proto.set_raw_data(std::string(16, 'x'));
    proto.set_name(std::string(padding, 'n'));
    const std::string bytes = proto.SerializeAsString();
    const Tensor tensor = onnx::load_value(bytes_of(bytes), ValueType::tensor(DType::F32)).tensor;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.raw()) % 4, 0u);
    const auto* data = static_cast<const char*>(tensor.raw());
    views += data >= bytes.data() && data < bytes.data() + bytes.size();
  }
  EXPECT_EQ(views, 1);
}

TEST(OnnxTensor, BooleansAreZeroOrOne) {
  proto::TensorProto proto;
  proto.add_dims(3);
  proto.set_data_type(9);
  proto.set_raw_data(std::string("\x02\x00\xff", 3));
  const Tensor tensor = read(proto);
  const auto* bytes = static_cast<const uint8_t*>(tensor.raw());
  EXPECT_EQ(std::vector<int>(bytes, bytes + 3), (std::vector<int>{1, 0, 1}));
}

TEST(OnnxTensor, SizesMustAgree) {
  proto::TensorProto proto;
  proto.set_name("w");
  proto.set_data_type(1);
  proto.add_dims(3);
  proto.set_raw_data("12345678");
  EXPECT_THAT(error_of(proto), HasSubstr("tensor \"w\": float[3] has 8 bytes of data where 12 belong"));
  proto.clear_raw_data();
  EXPECT_THAT(error_of(proto), HasSubstr("0 numbers where 3 belong"));
  proto.set_dims(0, int64_t{1} << 40);
  EXPECT_THAT(error_of(proto), HasSubstr("0 numbers"));
  proto.add_dims(int64_t{1} << 40);
  EXPECT_THAT(error_of(proto), HasSubstr("too large"));
  proto.add_dims(0);
  EXPECT_THAT(error_of(proto), HasSubstr("too large"));
  proto.set_dims(0, -1);
  EXPECT_THAT(error_of(proto), HasSubstr("negative dim"));
  proto.mutable_dims()->Resize(100, 1);
  EXPECT_THAT(error_of(proto), HasSubstr("rank"));
  proto.mutable_dims()->Clear();
  proto.set_data_type(99);
  EXPECT_THAT(error_of(proto), HasSubstr("unknown element type 99"));
}

TEST(OnnxTensor, PlacesOfRawDataAreNotTakenFromTheFile) {
  proto::TensorProto proto;
  proto.add_dims(1 << 20);
  proto.set_data_type(2);
  proto.set_raw_offset(uint64_t{1} << 60);
  proto.set_raw_size(1 << 20);
  EXPECT_THAT(error_of(proto), HasSubstr("0 numbers"));
}

proto::ModelProto sparse_model(const Shape& dense, const Tensor& indices) {
  auto model = new_model();
  model.mutable_graph()->add_output()->set_name("s");
  auto& sparse = *model.mutable_graph()->add_sparse_initializer();
  onnx::write_tensor(Tensor::of<float>({2}, {5, 7}), "s", *sparse.mutable_values());
  onnx::write_tensor(indices, "", *sparse.mutable_indices());
  for (const int64_t dim : dense) sparse.add_dims(dim);
  return model;
}

TEST(OnnxTensor, SparseTensorsAreMadeDense) {
  for (const Tensor& indices : {Tensor::of<int64_t>({2}, {1, 5}), Tensor::of<int64_t>({2, 2}, {0, 1, 1, 2})}) {
    const GraphModel model = import_proto(sparse_model({2, 3}, indices));
    const Tensor& dense = model.graph->value(model.graph->outputs[0]).constant;
    EXPECT_EQ(dense.shape(), (Shape{2, 3}));
    EXPECT_EQ(std::vector<float>(dense.data<float>(), dense.data<float>() + 6), (std::vector<float>{0, 5, 0, 0, 0, 7}));
  }
  EXPECT_THAT(import_error(sparse_model({2, 3}, Tensor::of<int64_t>({2}, {1, 6}))), HasSubstr("outside"));
  EXPECT_THAT(import_error(sparse_model({2, 3}, Tensor::of<int64_t>({2, 2}, {0, 3, 0, 0}))), HasSubstr("outside"));
  EXPECT_THAT(import_error(sparse_model({1 << 20, 1 << 20}, Tensor::of<int64_t>({2}, {1, 6}))), HasSubstr("memory"));
}

TEST(OnnxValues, SequencesAndOptionals) {
  proto::SequenceProto sequence;
  sequence.set_elem_type(proto::SequenceProto::TENSOR);
  onnx::write_tensor(Tensor::of<float>({2}, {1, 2}), "", *sequence.add_tensor_values());
  onnx::write_tensor(Tensor::of<int64_t>({1}, {3}), "", *sequence.add_tensor_values());
  const ValueType tensor = ValueType::tensor(DType::F32);
  const std::string bytes = sequence.SerializeAsString();
  const Datum read = onnx::load_value(bytes_of(bytes), ValueType::sequence(tensor));
  ASSERT_EQ(read.kind, Datum::Kind::Sequence);
  ASSERT_EQ(read.items.size(), 2u);
  EXPECT_EQ(read.items[0].tensor.data<float>()[1], 2);

  EXPECT_EQ(onnx::load_value({}, ValueType::optional(tensor)).kind, Datum::Kind::Absent);
  proto::OptionalProto optional;
  *optional.mutable_sequence_value() = sequence;
  const std::string wrapped = optional.SerializeAsString();
  EXPECT_EQ(onnx::load_value(bytes_of(wrapped), ValueType::optional(tensor)).items.size(), 2u);

  proto::MapProto map;
  map.add_string_keys("a");
  map.add_string_keys("b");
  *map.mutable_values() = sequence;
  const std::string pairs = map.SerializeAsString();
  const Datum as_map = onnx::load_value(bytes_of(pairs), ValueType::map(DType::String, tensor));
  ASSERT_EQ(as_map.kind, Datum::Kind::Map);
  EXPECT_EQ(as_map.items[0].tensor.data<std::string>()[1], "b");
}

TEST(OnnxWire, DeepNestingIsRefused) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string outer = "\x2a";  // sequence_values of a SequenceProto
    for (size_t n = bytes.size();; n >>= 7) {
      outer += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
      if (n <= 0x7f) break;
    }
    bytes = outer + bytes;
  }
  EXPECT_THROW(onnx::load_value(bytes_of(bytes), ValueType::sequence({})), Error);
}

}  // namespace
}  // namespace mica
