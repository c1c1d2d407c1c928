// DictVectorizer, ai.onnx.ml 1: the values of a map as a vector, each in the place that its key has in a vocabulary,
// with zeros or empty strings for what the map has not. A key outside the vocabulary is refused.
#include <map>

#include "kernels/ml/maps.h"
#include "kernels/op.h"
#include "kernels/shape/elements.h"

namespace mica {
namespace {

struct DictVectorizer {
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::map<int64_t, int64_t> int_places;
  std::map<std::string, int64_t> string_places;

  int64_t size() const { return static_cast<int64_t>(std::max(ints.size(), strings.size())); }
};

void prepare(DictVectorizer& op, const NodeFacts&) {
  if (op.ints.empty() == op.strings.empty()) {
    throw Error(ErrorCode::InvalidModel, "one of int64_vocabulary and string_vocabulary must be given");
  }
  for (size_t i = 0; i < op.ints.size(); ++i) op.int_places[op.ints[i]] = static_cast<int64_t>(i);
  for (size_t i = 0; i < op.strings.size(); ++i) op.string_places[op.strings[i]] = static_cast<int64_t>(i);
}

void infer(const DictVectorizer& op, InferContext& ctx) {
  const ValueType& type = ctx.type(0);
  const bool known = type.kind == ValueType::Kind::Map && type.element != nullptr;
  ctx.set(0, known ? type.element->dtype : DType::Undefined, Dims{op.size()});
}

template <class Places>
void place_values(const Places& places, const Tensor& keys, const Tensor& values, Tensor& y) {
  using Key = typename Places::key_type;
  if (keys.dtype() != dtype_of<Key>) bad_input("the vocabulary is of another type than the keys " + keys.str());
  visit_storage(y.dtype(), [&]<class T>() {
    std::fill_n(y.mutable_data<T>(), y.elements(), T{});
    for (int64_t i = 0; i < keys.elements(); ++i) {
      const auto found = places.find(keys.data<Key>()[i]);
      if (found == places.end()) bad_input("a key of the map is not in the vocabulary");
      y.mutable_data<T>()[found->second] = values.data<T>()[i];
    }
  });
}

void run_cpu(const DictVectorizer& op, const Operands& io) {
  const Tensor& keys = map_keys(io.datum(0));
  const Tensor values = map_values(io.datum(0));
  Tensor& y = io.allocate(0, values.dtype(), {op.size()});
  if (op.ints.empty()) {
    place_values(op.string_places, keys, values, y);
  } else {
    place_values(op.int_places, keys, values, y);
  }
}

}  // namespace

MICA_OP(DictVectorizer, 1, ai_onnx_ml) {
  return op<DictVectorizer>()
      .input("X")
      .output("Y")
      .attribute("int64_vocabulary", &DictVectorizer::ints)
      .attribute("string_vocabulary", &DictVectorizer::strings)
      .prepare<prepare>()
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
