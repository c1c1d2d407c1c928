// DictVectorizer, ai.onnx.ml 1: the values of a map as a vector, each in the place that its key has in a vocabulary,
// with zeros or empty strings for what the map has not. A key outside the vocabulary is refused.
#include "kernels/ml/maps.h"
#include "kernels/ml/vocabulary.h"
#include "kernels/op.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

void prepare(Vocabulary& op, const NodeFacts&) {
  op.number("int64_vocabulary and string_vocabulary");
}

void infer(const Vocabulary& op, InferContext& ctx) {
  const ValueType& type = ctx.type(0);
  const bool known = type.kind == ValueType::Kind::Map && type.element != nullptr;
  ctx.set(0, known ? type.element->dtype : DType::Undefined, Dims{op.size()});
}

template <class Key>
void place_values(const Vocabulary& op, const Tensor& keys, const Tensor& values, Tensor& y) {
  const ElementMoves& moves = moves_of(y.dtype());
  moves.clear(y.elements(), y.mutable_raw());
  for (int64_t i = 0; i < keys.elements(); ++i) {
    const int64_t place = op.find(keys.data<Key>()[i]);
    if (place < 0) bad_input("a key of the map is not in the vocabulary");
    moves.scatter(moves.at(values.raw(), i), &place, 1, 1, y.mutable_raw());
  }
}

void run_cpu(const Vocabulary& op, const Operands& io) {
  const Tensor& keys = map_keys(io.datum(0));
  const Tensor values = map_values(io.datum(0));
  if ((keys.dtype() == DType::String) != op.ints.empty()) bad_input("the vocabulary has no such keys as " + keys.str());
  Tensor& y = io.allocate(0, values.dtype(), {op.size()});
  if (op.ints.empty()) {
    place_values<std::string>(op, keys, values, y);
  } else {
    place_values<int64_t>(op, keys, values, y);
  }
}

}  // namespace

MICA_OP(DictVectorizer, 1, ai_onnx_ml) {
  return op<Vocabulary>()
      .input("X")
      .output("Y")
      .attribute("int64_vocabulary", &Vocabulary::ints)
      .attribute("string_vocabulary", &Vocabulary::strings)
      .prepare<prepare>()
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
