// SequenceMap, ai.onnx 17: runs the body on each element of a sequence, with the element at the same place of every
// other sequence input and with tensor inputs as they are; the results of each body output make a sequence.
#include "kernels/op.h"
#include "kernels/sequence/values.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

void infer(const NoParams&, InferContext& ctx) {
  std::vector<ValueType> inputs;
  for (size_t i = 0; i < ctx.inputs(); ++i) {
    const bool sequence = ctx.type(i).kind == ValueType::Kind::Sequence;
    inputs.push_back(sequence ? element_type(ctx, i) : ctx.type(i));
  }
  const auto outputs = ctx.infer_subgraph(0, inputs);
  for (size_t i = 0; i < outputs.size() && i < ctx.outputs(); ++i) ctx.set(i, ValueType::sequence(outputs[i]));
}

void run_cpu(const NoParams&, const Operands& io) {
  const size_t count = sequence_items(io, 0).size();
  std::vector<std::vector<Datum>> results(io.outputs());
  for (size_t k = 0; k < count; ++k) {
    std::vector<Datum> inputs;
    for (size_t i = 0; i < io.inputs(); ++i) {
      const Datum& value = io.datum(i);
      const bool sequence = value.kind == Datum::Kind::Sequence;
      if (sequence && value.items.size() != count) {
        throw_error(ErrorCode::InvalidArgument,
                    {"sequences have different lengths: ", count, " and ", value.items.size()});
      }
      inputs.push_back(sequence ? value.items[k] : value);
    }
    const auto outputs = io.subgraphs().run(0, inputs);
    if (outputs.size() < results.size()) bad_input("the body has too few outputs");
    for (size_t i = 0; i < results.size(); ++i) results[i].push_back(owned(outputs[i]));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    if (io.wants(i)) io.set(i, Datum::sequence(std::move(results[i])));
  }
}

}  // namespace

MICA_OP(SequenceMap, 17) {
  return op()
      .input("input_sequence")
      .variadic_input("additional_inputs", {}, 0)
      .variadic_output("out_sequence")
      .subgraph("body")
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
