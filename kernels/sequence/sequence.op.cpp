// Operators on sequences of tensors, ai.onnx 11: SequenceEmpty, SequenceConstruct, SequenceInsert, SequenceErase,
// SequenceAt, SequenceLength. Positions count from the end when negative.
#include "kernels/op.h"
#include "kernels/sequence/values.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

// Input `input` as a place in [0, count), or the last one (`otherwise`) when it is not given.
int64_t position(const Operands& io, size_t input, int64_t count, int64_t otherwise) {
  if (!io.has(input)) return otherwise;
  const int64_t given = single_integer(io.in(input), "the position");
  const int64_t place = given < 0 ? given + count : given;
  if (place < 0 || place > otherwise) {
    bad_input("position " + std::to_string(given) + " is out of range for a sequence of " + std::to_string(count));
  }
  return place;
}

struct Empty {
  DType dtype = DType::F32;
};

void infer_empty(const Empty& op, InferContext& ctx) {
  ctx.set(0, ValueType::sequence(ValueType::tensor(op.dtype)));
}

void run_empty(const Empty&, const Operands& io) {
  io.set(0, Datum::sequence({}));
}

void infer_construct(const NoParams&, InferContext& ctx) {
  ValueType element = ctx.type(0);
  for (size_t i = 1; i < ctx.inputs(); ++i) element = join_types(ctx, element, ctx.type(i));
  ctx.set(0, ValueType::sequence(std::move(element)));
}

void run_construct(const NoParams&, const Operands& io) {
  std::vector<Datum> items;
  for (size_t i = 0; i < io.inputs(); ++i) {
    if (io.in(i).dtype() != io.in(0).dtype()) bad_input("cannot join " + io.in(0).str() + " and " + io.in(i).str());
    items.push_back(owned(io.datum(i)));
  }
  io.set(0, Datum::sequence(std::move(items)));
}

void infer_insert(const NoParams&, InferContext& ctx) {
  const ValueType element = element_type(ctx, 0);
  if (element.kind == ValueType::Kind::Unknown) return ctx.set(0, ValueType::sequence(ctx.type(1)));
  ctx.set(0, ValueType::sequence(join_types(ctx, element, ctx.type(1))));
}

void run_insert(const NoParams&, const Operands& io) {
  std::vector<Datum> items = sequence_items(io, 0);
  const int64_t count = static_cast<int64_t>(items.size());
  if (count > 0 && items[0].tensor.dtype() != io.in(1).dtype()) {
    bad_input("cannot put " + io.in(1).str() + " into a sequence of " + items[0].str());
  }
  items.insert(items.begin() + position(io, 2, count, count), owned(io.datum(1)));
  io.set(0, Datum::sequence(std::move(items)));
}

void infer_erase(const NoParams&, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
}

void run_erase(const NoParams&, const Operands& io) {
  std::vector<Datum> items = sequence_items(io, 0);
  if (items.empty()) bad_input("there is nothing to erase: the sequence is empty");
  const int64_t count = static_cast<int64_t>(items.size());
  items.erase(items.begin() + position(io, 1, count, count - 1));
  io.set(0, Datum::sequence(std::move(items)));
}

void infer_at(const NoParams&, InferContext& ctx) {
  ctx.set(0, element_type(ctx, 0));
}

void run_at(const NoParams&, const Operands& io) {
  const auto& items = sequence_items(io, 0);
  const int64_t count = static_cast<int64_t>(items.size());
  if (items.empty()) bad_input("the sequence is empty");
  io.set(0, items[static_cast<size_t>(position(io, 1, count, count - 1))]);
}

void infer_length(const NoParams&, InferContext& ctx) {
  ctx.set(0, DType::I64, Dims{});
}

void run_length(const NoParams&, const Operands& io) {
  *io.out(0).mutable_data<int64_t>() = static_cast<int64_t>(sequence_items(io, 0).size());
}

}  // namespace

MICA_OP(SequenceEmpty, 11) {
  return op<Empty>()
      .output("output")
      .attribute("dtype", &Empty::dtype)
      .infer<infer_empty>()
      .data_dependent()
      .cpu<run_empty>();
}

MICA_OP(SequenceConstruct, 11) {
  return op()
      .variadic_input("inputs", types::any)
      .output("output_sequence")
      .infer<infer_construct>()
      .data_dependent()
      .cpu<run_construct>();
}

MICA_OP(SequenceInsert, 11) {
  return op()
      .input("input_sequence")
      .input("tensor", types::any)
      .optional_input("position", types::index)
      .output("output_sequence")
      .infer<infer_insert>()
      .data_dependent()
      .cpu<run_insert>();
}

MICA_OP(SequenceErase, 11) {
  return op()
      .input("input_sequence")
      .optional_input("position", types::index)
      .output("output_sequence")
      .infer<infer_erase>()
      .data_dependent()
      .cpu<run_erase>();
}

MICA_OP(SequenceAt, 11) {
  return op()
      .input("input_sequence")
      .input("position", types::index)
      .output("tensor")
      .infer<infer_at>()
      .data_dependent()
      .cpu<run_at>();
}

MICA_OP(SequenceLength, 11) {
  return op().input("input_sequence").output("length").infer<infer_length>().cpu<run_length>();
}

}  // namespace mica
