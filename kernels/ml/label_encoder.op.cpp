// LabelEncoder, ai.onnx.ml 1: maps each element by a table of keys and values, or to a default where it is no key. A
// NaN key stands for every NaN, and the last one of equal keys counts. Version 1 maps words to their places in one
// list, or places to words.
#include <algorithm>
#include <numeric>

#include "kernels/op.h"
#include "kernels/shape/elements.h"

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

  /// Keys with the order that sorts them, the values in the order of the keys, and the value of what is no key.
  struct Table {
    Tensor keys, values, otherwise;
    std::vector<int64_t> order;
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

// Orders NaN behind all numbers.
template <class T>
bool comes_before(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) return a < b || (b != b && a == a);
  return a < b;
}

template <class F>
void visit_keys(DType dtype, F&& f) {
  if (!visit_dtype<std::string, int64_t, float, int32_t, int16_t, double>(dtype, f)) {
    refuse("cannot look up elements of type " + std::string(name(dtype)));
  }
}

LabelEncoder::Table make_table(Tensor keys, Tensor values, Tensor otherwise) {
  if (keys.elements() != values.elements()) {
    refuse("there are " + std::to_string(keys.elements()) + " keys for " + std::to_string(values.elements()) +
           " values");
  }
  LabelEncoder::Table table{std::move(keys), std::move(values), std::move(otherwise), {}};
  table.order.resize(static_cast<size_t>(table.keys.elements()));
  std::iota(table.order.begin(), table.order.end(), 0);
  visit_keys(table.keys.dtype(), [&]<class T>() {
    const T* data = table.keys.data<T>();
    std::ranges::stable_sort(table.order, [&](int64_t a, int64_t b) { return comes_before(data[a], data[b]); });
  });
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
  Tensor keys = one_of("keys", op.keys_int64s, op.keys_floats, op.keys_strings, op.keys_tensor);
  Tensor values = one_of("values", op.values_int64s, op.values_floats, op.values_strings, op.values_tensor);
  const DType dtype = values.dtype();
  visit_keys(dtype, []<class T>() {});
  op.tables.push_back(make_table(std::move(keys), std::move(values), default_of(op, dtype)));
}

void prepare_1(LabelEncoder& op, const NodeFacts&) {
  const Tensor words = vector_of(op.classes.value_or(std::vector<std::string>{}));
  std::vector<int64_t> numbers(static_cast<size_t>(words.elements()));
  std::iota(numbers.begin(), numbers.end(), 0);
  op.tables.push_back(make_table(words, vector_of(numbers), Tensor::scalar(op.default_int64)));
  op.tables.push_back(make_table(vector_of(numbers), words, Tensor::scalar(op.default_string)));
}

const LabelEncoder::Table* table_for(const LabelEncoder& op, DType dtype) {
  const auto found = std::ranges::find_if(op.tables, [&](const auto& table) { return table.keys.dtype() == dtype; });
  return found == op.tables.end() ? nullptr : &*found;
}

void infer(const LabelEncoder& op, InferContext& ctx) {
  const auto* table = table_for(op, ctx.dtype(0));
  if (table == nullptr) ctx.fail("no keys are of the input's type " + std::string(name(ctx.dtype(0))));
  ctx.set(0, table->values.dtype(), ctx.type(0).dims);
}

template <class K, class V>
void look_up(const LabelEncoder::Table& table, const Tensor& x, Tensor& y) {
  const K* keys = table.keys.data<K>();
  const K* from = x.data<K>();
  V* to = y.mutable_data<V>();
  for (int64_t i = 0; i < x.elements(); ++i) {
    // The last one of the keys that do not come behind the element.
    auto place = std::upper_bound(table.order.begin(), table.order.end(), from[i],
                                  [&](const K& value, int64_t key) { return comes_before(value, keys[key]); });
    const bool found = place != table.order.begin() && !comes_before(keys[*--place], from[i]);
    to[i] = found ? table.values.data<V>()[*place] : *table.otherwise.data<V>();
  }
}

void run_cpu(const LabelEncoder& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const auto* table = table_for(op, x.dtype());
  if (table == nullptr) bad_input("no keys are of the input's type: " + x.str());
  visit_keys(x.dtype(), [&]<class K>() {
    visit_storage(io.out(0).dtype(), [&]<class V>() { look_up<K, V>(*table, x, io.out(0)); });
  });
}

OpBuilder<LabelEncoder> label_encoder() {
  return op<LabelEncoder>()
      .input("X", types::string | types::index | DTypeSet{DType::F32, DType::F64, DType::I16})
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
