// LabelEncoder, ai.onnx.ml 1: maps each element by a table of keys and values, or to a default where it is no key. A
// NaN key stands for every NaN, and the last one of equal keys counts. Version 1 maps words to their places in one
// list, or places to words.
#include <algorithm>
#include <numeric>

#include "kernels/ml/sorted_keys.h"
#include "kernels/op.h"
#include "kernels/reduce/order_keys.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

struct LabelEncoder {
  std::optional<std::vector<int64_t>> keys_int64s, values_int64s;
  std::optional<std::vector<float>> keys_floats, values_floats;
  std::optional<std::vector<std::string>> keys_strings, values_strings, classes;
  std::optional<Tensor> keys_tensor, values_tensor, default_tensor;
  int64_t default_int64 = -1;
  float default_float = -0.0f;
  std::string default_string = "_Unused";

  struct Table {
    DType dtype;            ///< of the keys
    SortedStrings strings;  ///< the keys
    SortedNumbers numbers;  ///< or of numbers their order keys
    Tensor values;          ///< in the order of the keys, and behind them the one of what is no key
  };
  std::vector<Table> tables;  ///< by dtype of the keys: one, or both directions in version 1
};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::InvalidModel, message);
}

template <class T>
Tensor vector_of(const std::vector<T>& values) {
  return Tensor::of<T>({static_cast<int64_t>(values.size())}, std::span<const T>(values));
}

Tensor one_of(const char* what, const std::optional<std::vector<int64_t>>& ints,
              const std::optional<std::vector<float>>& floats, const std::optional<std::vector<std::string>>& strings,
              const std::optional<Tensor>& tensor) {
  std::vector<Tensor> given;
  if (ints) given.push_back(vector_of(*ints));
  if (floats) given.push_back(vector_of(*floats));
  if (strings) given.push_back(vector_of(*strings));
  if (tensor) given.push_back(*tensor);
  if (given.size() != 1 || !given[0].defined())
    refuse(std::string("one of the attributes ") + what + "_* must be given");
  return given[0];
}

constexpr DTypeSet kTypes{DType::String, DType::I64, DType::F32, DType::I32, DType::I16, DType::F64};

void check_type(DType dtype) {
  if (!kTypes.contains(dtype)) refuse("cannot look up elements of type " + std::string(name(dtype)));
}

// NaN comes behind all numbers.
void number_keys(DType dtype, const void* x, int64_t n, uint64_t* keys) {
  order_keys(dtype, x, n, 1, false, true, keys);
}

LabelEncoder::Table make_table(const Tensor& keys, const Tensor& values, const Tensor& otherwise) {
  const int64_t count = keys.elements();
  if (count != values.elements()) {
    refuse("there are " + std::to_string(count) + " keys for " + std::to_string(values.elements()) + " values");
  }
  check_type(keys.dtype());
  LabelEncoder::Table table{keys.dtype(), {}, {}, Tensor(values.dtype(), {count + 1})};
  const ElementMoves& moves = moves_of(values.dtype());
  moves.copy(values.raw(), count, table.values.mutable_raw());
  moves.copy(otherwise.raw(), 1, moves.at(table.values.mutable_raw(), count));
  if (keys.dtype() == DType::String) {
    const auto strings = keys.as<std::string>();
    table.strings = SortedStrings({strings.begin(), strings.end()});
  } else {
    std::vector<uint64_t> numbers(static_cast<size_t>(count));
    number_keys(keys.dtype(), keys.raw(), count, numbers.data());
    table.numbers = SortedNumbers(numbers);
  }
  return table;
}

Tensor default_of(const LabelEncoder& op, DType dtype) {
  if (op.default_tensor) {
    if (op.default_tensor->dtype() != dtype || op.default_tensor->elements() != 1) {
      refuse("default_tensor must be one " + std::string(name(dtype)) + ", not " + op.default_tensor->str());
    }
    return *op.default_tensor;
  }
  if (dtype == DType::String) return Tensor::scalar(op.default_string);
  if (dtype == DType::F32) return Tensor::scalar(op.default_float);
  if (dtype == DType::F64) return Tensor::scalar(static_cast<double>(op.default_float));
  if (dtype == DType::I64) return Tensor::scalar(op.default_int64);
  if (dtype == DType::I32) return Tensor::scalar(int32_t{-1});
  return Tensor::scalar(int16_t{-1});
}

void prepare(LabelEncoder& op, const NodeFacts&) {
  const Tensor keys = one_of("keys", op.keys_int64s, op.keys_floats, op.keys_strings, op.keys_tensor);
  const Tensor values = one_of("values", op.values_int64s, op.values_floats, op.values_strings, op.values_tensor);
  const DType dtype = values.dtype();
  check_type(dtype);
  op.tables.push_back(make_table(keys, values, default_of(op, dtype)));
}

void prepare_1(LabelEncoder& op, const NodeFacts&) {
  const Tensor words = vector_of(op.classes.value_or(std::vector<std::string>{}));
  std::vector<int64_t> numbers(static_cast<size_t>(words.elements()));
  std::iota(numbers.begin(), numbers.end(), 0);
  op.tables.push_back(make_table(words, vector_of(numbers), Tensor::scalar(op.default_int64)));
  op.tables.push_back(make_table(vector_of(numbers), words, Tensor::scalar(op.default_string)));
}

const LabelEncoder::Table* table_for(const LabelEncoder& op, DType dtype) {
  const auto found = std::ranges::find_if(op.tables, [&](const auto& table) { return table.dtype == dtype; });
  return found == op.tables.end() ? nullptr : &*found;
}

void infer(const LabelEncoder& op, InferContext& ctx) {
  const auto* table = table_for(op, ctx.dtype(0));
  if (table == nullptr) ctx.fail("no keys are of the input's type " + std::string(name(ctx.dtype(0))));
  ctx.set(0, table->values.dtype(), ctx.type(0).dims);
}

void run_cpu(const LabelEncoder& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const auto* table = table_for(op, x.dtype());
  if (table == nullptr) bad_input("no keys are of the input's type: " + x.str());
  constexpr int64_t kBlock = 256;
  uint64_t numbers[kBlock];
  int64_t places[kBlock];
  const ElementMoves& from = moves_of(x.dtype());
  const ElementMoves& moves = moves_of(table->values.dtype());
  for (int64_t first = 0; first < x.elements(); first += kBlock) {
    const int64_t n = std::min(kBlock, x.elements() - first);
    if (x.dtype() == DType::String) {
      for (int64_t i = 0; i < n; ++i) places[i] = table->strings.find(x.data<std::string>()[first + i]);
    } else {
      number_keys(x.dtype(), from.at(x.raw(), first), n, numbers);
      for (int64_t i = 0; i < n; ++i) places[i] = table->numbers.find(numbers[i]);
    }
    for (int64_t i = 0; i < n; ++i) places[i] = places[i] < 0 ? table->values.elements() - 1 : places[i];
    moves.gather(table->values.raw(), places, n, 1, moves.at(io.out(0).mutable_raw(), first));
  }
}

OpBuilder<LabelEncoder> label_encoder() {
  return op<LabelEncoder>()
      .input("X", kTypes)
      .output("Y")
      .attribute("default_int64", &LabelEncoder::default_int64)
      .attribute("default_string", &LabelEncoder::default_string)
      .infer<infer>()
      .cpu<run_cpu>();
}

OpBuilder<LabelEncoder> label_encoder_2() {
  return label_encoder()
      .attribute("default_float", &LabelEncoder::default_float)
      .attribute("keys_int64s", &LabelEncoder::keys_int64s)
      .attribute("keys_floats", &LabelEncoder::keys_floats)
      .attribute("keys_strings", &LabelEncoder::keys_strings)
      .attribute("values_int64s", &LabelEncoder::values_int64s)
      .attribute("values_floats", &LabelEncoder::values_floats)
      .attribute("values_strings", &LabelEncoder::values_strings)
      .prepare<prepare>();
}

}  // namespace

MICA_OP(LabelEncoder, 4, ai_onnx_ml) {
  return label_encoder_2()
      .attribute("default_tensor", &LabelEncoder::default_tensor)
      .attribute("keys_tensor", &LabelEncoder::keys_tensor)
      .attribute("values_tensor", &LabelEncoder::values_tensor);
}

MICA_OP(LabelEncoder, 2, ai_onnx_ml) {
  return label_encoder_2();
}

MICA_OP(LabelEncoder, 1, ai_onnx_ml) {
  return label_encoder().attribute("classes_strings", &LabelEncoder::classes).prepare<prepare_1>();
}

}  // namespace mica
